"""The runtime of a generated client: real code, copied unchanged into every generated package.

It knows the job protocol of AKI.IO and the AIME API Server and nothing of any one endpoint. The layers,
each importing only from those before it:

    errors, explain, secret, events          values
    media, media_input, chat, json_value     the types that pydantic does not have
    models, parameters                       validation out, leniency in
    requests, answers, pace, jobstate        the sans-IO core: what to send, what an answer means
    flows                                    the life of a job as generators that ask for I/O
    transport                                the only module that performs it (httpx)
    jobs, streams, endpoint, client          two thin shells, sync and async
"""
