"""A program that calls a hub in every way at once until its time is over: `load.py SECONDS FOLDER`.

It writes one line for each call when that has ended: the call's name, how it ended, and whether the answer was its own.
Owns the mixture; whoever starts it measures it from outside.
"""

import asyncio
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aki_client import Aki, AkiError, AsyncAki, JobCanceledError, batch

THREADS = 20
TASKS = 200
ROWS = 40
SECONDS_OF_A_JOB = {"thread": 3, "task": 8, "row": 2}
WAYS = 6


class Log:
    """What became of each call, in a file that is written line by line."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", buffering=1)
        self._lock = threading.Lock()

    def note(self, name: str, outcome: str, is_own: bool = True) -> None:
        with self._lock:
            self._file.write(json.dumps([name, outcome, is_own]) + "\n")


def prompt_of(name: str, kind: str) -> str:
    return f"[[dur={SECONDS_OF_A_JOB[kind]} steps=4]] call {name};"


def call_in_a_thread(aki: Aki, log: Log, until: float, thread: int) -> None:
    """Call in one way after the other, on a client that is shared."""
    number = 0
    while time.monotonic() < until:
        number += 1
        name = f"thread-{thread}-{number}"
        try:
            log.note(name, *call(aki, name, number % WAYS))
        except AkiError as error:
            log.note(name, type(error).__name__)


def call(aki: Aki, name: str, way: int) -> tuple[str, bool]:
    """Call in one of the ways; return how that ended, and whether the answer is the call's own."""
    chat, said = aki.llama3_8b_chat, prompt_of(name, "thread")
    match way:
        case 0:
            answer = chat(prompt_input=said)
        case 1:
            with chat.stream(prompt_input=said) as stream:
                for _ in stream:
                    pass
                answer = stream.result()
        case 2:
            answer = chat.job(chat.submit(prompt_input=said).id).result()
        case 3:
            job = chat.submit(prompt_input=said)
            job.cancel()
            try:
                answer = job.result()  # it may have ended before
            except JobCanceledError:
                return "cancelled", True
        case 4:
            images = aki.z_image_turbo(prompt=said, width=128, height=128).images
            return "result", images is not None and len(images) == 1
        case _:
            with chat.stream(prompt_input=said) as stream:
                next(iter(stream))  # whoever leaves a stream cancels its job
            return "left", True
    return "result", f"call {name};" in answer.text


async def call_in_tasks(log: Log, until: float) -> None:
    """Run tasks that share a client."""
    async with AsyncAki() as aki:
        await asyncio.gather(*(call_in_a_task(aki, log, until, n) for n in range(TASKS)))


async def call_in_a_task(aki: AsyncAki, log: Log, until: float, task: int) -> None:
    number = 0
    while time.monotonic() < until:
        number += 1
        name = f"task-{task}-{number}"
        said = prompt_of(name, "task")
        try:
            match number % 3:
                case 0:
                    answer = await aki.llama3_8b_chat(prompt_input=said)
                case 1:
                    job = await aki.llama3_8b_chat.submit(prompt_input=said)
                    answer = await job.result()
                case _:
                    async with asyncio.timeout(SECONDS_OF_A_JOB["task"] / 2):
                        answer = await aki.llama3_8b_chat(prompt_input=said)
            log.note(name, "result", is_own=f"call {name};" in answer.text)
        except TimeoutError:
            log.note(name, "given up", is_own=number % 3 == 2)
        except AkiError as error:
            log.note(name, type(error).__name__)


def run_batches(log: Log, folder: Path, until: float) -> None:
    """Run one batch after the other, each into a file of its own."""
    number = 0
    while time.monotonic() < until:
        number += 1
        output = folder / f"batch-{number}.jsonl"
        names = [f"row-{number}-{row}" for row in range(ROWS)]
        rows = [{"prompt_input": prompt_of(name, "row")} for name in names]
        with Aki() as aki:
            batch.run(aki.llama3_8b_chat, rows, output, concurrency=8)
        for name, line in zip(names, output.read_text("utf-8").splitlines(), strict=True):
            outcome = json.loads(line)
            is_done = outcome["status"] == "done"
            own = not is_done or f"call {name};" in outcome["outputs"]["text"]
            said = "result" if is_done else outcome["error"]["type"]
            log.note(name, said, is_own=own)
        for path in folder.glob(f"{output.name}*"):
            path.unlink()


def main(seconds: float, folder: Path) -> None:
    log, until = Log(folder / "outcomes.jsonl"), time.monotonic() + seconds
    with Aki() as aki, ThreadPoolExecutor(THREADS + 1) as pool:
        ends = [pool.submit(call_in_a_thread, aki, log, until, n) for n in range(THREADS)]
        ends.append(pool.submit(run_batches, log, folder, until))
        asyncio.run(call_in_tasks(log, until))
        for end in ends:
            end.result()


if __name__ == "__main__":
    main(float(sys.argv[1]), Path(sys.argv[2]))
