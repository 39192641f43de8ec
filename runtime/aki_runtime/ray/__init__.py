"""An endpoint for Ray Data's `map_batches`; `public` names what it offers. Only `journal` imports Ray.

options     how rows are carried out
caller      the class for `map_batches`: blocks of rows become calls, and outcomes columns
worker      a client and its event loop in an actor: which rows it carries out, each step noted by the ledger
mailbox     the way from a worker to the ledger, and the proof that the worker lives
ledger      who is at which row, and how it ended: the journal of all nodes, which Ray runs as an actor
journal     that actor as its users see it
"""
