"""Many calls of one endpoint: rows in, outcomes out, nothing lost and nothing paid twice.

The parts, each importing only from those before it:

    errors, store, journal        what was started, which job it became, how it ended
    outcome, settings             how rows ended, one by one and altogether; how a batch is carried out
    rows, readers                 from files and iterables to the parameters of a call
    outputs, files                from outcomes to files, and whose the files are
    limits, row_life              how many jobs at a time; the life of one row, of Ray's rows too
    prepare, engine, api          all before the first submit, all rows side by side, and the way in

`row_life` alone talks to a hub, through an async endpoint of the client.
"""
