"""Deliver a task in this process; and leave behind what a delivery leaves whose worker died."""

KEY = "sk-a-secret-key-4711"


def run(task, task_id="t", **parameters):
    """Deliver a task here and now, and return what the backend holds of it then."""
    parameters = parameters or {"prompt_input": "hello"}
    task.apply(kwargs=parameters, task_id=task_id)
    return task.AsyncResult(task_id)


def left_behind(claims, record, task_id="t"):
    """Note what a delivery noted before its worker died."""
    turn = claims.take(task_id, "dead", 60, new=True).turn
    claims.hold(task_id, "dead", turn, 60, record)
    claims.release(task_id, "dead")
