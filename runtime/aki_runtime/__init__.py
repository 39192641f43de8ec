"""The library under every generated client package.

It knows the job protocol of AKI.IO and the AIME API Server and nothing of any one endpoint. Each folder
imports only from itself and from those before it, save for names that type checkers alone read:

    errors, events, options, hub, secret, …   values that everything else speaks of
    media/        images, audio and video as objects, read in pieces
    metadata/     what a hub says of its endpoints, read once for all
    chat/         messages, text and tools: the other types that pydantic does not have
    fields/       typed inputs and outputs: strict going out, lenient coming in
    protocol/     the sans-IO core: what to send, what an answer means, the life of a job
    http/         the two drivers of the core, the only modules that know httpx
    jobs/         handles and streams, sync and async
    changes/      metadata of two moments, compared
    store/        the SQLite file under journals and ledgers
    client/       clients and endpoints: two thin shells, sync and async
    batch/        many calls, with a journal
    celery/, ray/ endpoints inside of other people's engines
    testing/      jobs recorded once and replayed, for tests

`packages` says which generated packages a process has, and whether they fit this library.

`public` names what a generated package offers of all this.
"""
