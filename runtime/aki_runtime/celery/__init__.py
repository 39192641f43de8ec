"""An endpoint as a Celery task; `public` names what it offers. Only `engine` imports Celery, only `redis_claims` redis.

failures, claims                    values: how a task fails, what is noted of it
sqlite_claims, redis_claims         where that is noted, atomically
lease                               keeps a claim while its delivery lives
results, reports                    outputs and progress as JSON
engine, clients                     what is used of Celery; one client per process
submitting, following, delivery     one delivery of a task, from the message to the outcome
tasks                               `endpoint_task`
"""
