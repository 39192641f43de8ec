"""An endpoint for Ray Data's `map_batches`; `public` names what it offers. Only `engine` imports Ray.

operations, options        values: what is asked of the journal, how rows are carried out
cells                      from blocks of rows to calls, from outcomes to columns
ledger                     the journal of all nodes: who is at which row, and how it ended; Ray runs it as an actor
engine, journal            what is used of Ray; the journal's actor as its users see it
mailbox                    the way from a worker to the ledger, and the proof that the worker lives
calls                      the life of a row in a worker
worker, caller             a client with its event loop; the class for `map_batches`
"""
