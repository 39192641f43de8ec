"""Ask several questions at once instead of one after the other."""

import asyncio
import time

from aki_client import AsyncAki
from aki_client.protocols import AsyncChat

QUESTIONS = [
    "Name one thing that makes a good friend.",
    "Which planet has the most moons?",
    "What is a haiku?",
]


async def ask(chat: AsyncChat, question: str) -> str:
    """Return the model's answer to one question."""
    answer = await chat(chat_context=[{"role": "user", "content": question}])
    print(f"answered: {question}")
    return answer.text.content


async def main() -> None:
    """Ask all questions and print the answers in their order."""
    start = time.monotonic()
    async with AsyncAki() as aki:  # one client, shared by all tasks
        chat = aki.llama3_chat  # or any other chat endpoint of your hub
        answers = await asyncio.gather(*(ask(chat, question) for question in QUESTIONS))
    print(f"{len(answers)} answers in {time.monotonic() - start:.1f} s")
    for question, answer in zip(QUESTIONS, answers, strict=True):
        print(f"\n> {question}\n{answer}")


asyncio.run(main())
