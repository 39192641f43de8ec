"""An endpoint as a Celery task; `public` names what it offers. Only `engine` imports Celery, only `claims` redis.

errors      how a task fails, and how a delivery ends otherwise
engine      what is used of Celery; what must be noted is noted though Redis is away for a while
claims      who works at a task and how far it has come: records, leases, SQLite, Redis
results     outputs and progress as JSON
delivery    one delivery of a task, from the message to the outcome
task        `endpoint_task`
"""
