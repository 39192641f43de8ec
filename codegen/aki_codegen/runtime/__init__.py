"""The runtime of a generated client: real code, copied unchanged into every generated package.

It knows the job protocol of AKI.IO and the AIME API Server and nothing of any one endpoint. The layers,
each importing only from those before it:

    errors, explain, secret, events, options           values
    base64_text, media_sources, media, media_input     media as objects, read in pieces
    json_value, chat, chat_text, tools                 the other types that pydantic does not have
    models, parameters, rules, explain_inputs          strict going out, lenient coming in
    facts, changes                                     metadata of two moments, compared
    body, requests, answers, pace, jobstate            the sans-IO core: what to send, what an answer means
    effects, polling, flows, staleness                 the life of a job as generators that ask for I/O
    http_library, http, lanes, http_sync, http_async   the only modules that know httpx
    shield, transport, async_transport                 the drivers that run the generators
    slots, jobs, streams, endpoint, client             two thin shells, sync and async
    public, lazy, default                              what a generated package offers
    batch/                                             many calls, with a journal; imported by nothing above
"""
