"""Many calls of one endpoint: rows in, outcomes out, nothing lost and nothing paid twice.

The parts, each importing only from those before it:

    errors, store, journal        what was started, which job it became, how it ended
    limits, outcome, settings     how many jobs at a time; how rows ended, one by one and altogether; every setting
    rows                          from an input to the parameters of calls
    parquet, files                from outcomes to tables and files, and whose these are
    row_life                      the life of one row, of Ray's rows too
    engine, api                   all rows side by side; the way in, and all before the first submit

`row_life` alone talks to a hub, through an async endpoint of the client.
"""
