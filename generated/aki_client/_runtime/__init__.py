"""The runtime of a generated client: real code, copied unchanged into every generated package.

It knows the job protocol of AKI.IO and the AIME API Server and nothing of any one endpoint. The layers,
each importing only from those before it:

    errors, explain, secret, events, options           values
    media, media_input, chat, chat_text, tools         the types that pydantic does not have
    models, parameters, rules, explain_inputs          strict going out, lenient coming in
    facts, changes                                     metadata of two moments, compared
    requests, answers, pace, jobstate                  the sans-IO core: what to send, what an answer means
    effects, polling, flows, staleness                 the life of a job as generators that ask for I/O
    transport, async_transport, http                   the only modules that perform it (httpx)
    slots, jobs, streams, endpoint, client             two thin shells, sync and async
    public, lazy, default                              what a generated package offers
    batch/                                             many calls, with a journal; imported by nothing above
"""
