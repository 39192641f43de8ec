"""Many calls of one endpoint: rows in, outcomes out, nothing lost and nothing paid twice.

The parts, each importing only from those before it:

    errors, rows, outcome, summary          values
    store, journal                          what was started, which job it became, how it ended
    limits                                  how many jobs at a time, and how long the hub may be out of reach
    columns, readers, check                 from files and iterables to the parameters of a call
    plain, media_files, tables, writers     from outputs to files
    files                                   whose the files are that a run writes, and what the output proves
    calls, engine, api                      the life of a row, of all rows, and the way in

`calls` and `engine` alone talk to a hub, through an async endpoint of the client.
"""
