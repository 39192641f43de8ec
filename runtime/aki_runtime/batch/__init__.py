"""Many calls of one endpoint: rows in, outcomes out, nothing lost and nothing paid twice.

The parts, each importing only from those before it:

    errors, store, journal        what was started, which job it became, how it ended
    outcome, settings             how rows ended, one by one and altogether; how a batch is carried out
    rows                          from an input to the parameters of calls
    parquet, files                from outcomes to tables and files, and whose these are
    limits, row_life              how many jobs at a time; the life of one row, of Ray's rows too
    engine, api                   all rows side by side; the way in, and all before the first submit

`row_life` alone talks to a hub, through an async endpoint of the client.
"""
