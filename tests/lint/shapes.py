"""One mistake, a width that is off its step, in every shape in which code gives it to an endpoint."""

HEAD = """\
import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial

import aki_client as hub
from aki_client import Aki, AsyncAki, batch, endpoints, models
from aki_client.endpoints import aio, z_image_turbo

aki = Aki()
"""

SHAPES = {
    "a keyword": "aki.z_image_turbo(prompt='x', width=1000)",
    "a constant": "SIZE = 1000\naki.z_image_turbo(prompt='x', width=SIZE, height=512)",
    "a constant of a constant": "SIDE = 1000\nSIZE = SIDE\ndef f():\n    aki.z_image_turbo(prompt='x', width=SIZE)",
    "a sum": "aki.z_image_turbo(prompt='x', width=1024 - 24)",
    "self.aki": (
        "class Painter:\n    def __init__(self, client: Aki) -> None:\n        self.aki = client\n"
        "    def paint(self, text: str) -> None:\n        self.aki.z_image_turbo(prompt=text, width=1000)"
    ),
    "a class attribute": (
        "class Painter:\n    aki = Aki()\n    def paint(self):\n        self.aki.z_image_turbo(prompt='x', width=1000)"
    ),
    "a base class": (
        "class Base:\n    client: AsyncAki\n\nclass Painter(Base):\n    async def paint(self):\n"
        "        return await self.client.z_image_turbo(prompt='x', width=1000)"
    ),
    "a dict that is unpacked": "params = {'prompt': 'x', 'width': 1000}\naki.z_image_turbo(**params)",
    "a dict within a dict": (
        "base = dict(width=1000)\naki.z_image_turbo(**{'prompt': 'x', **base})"
    ),
    "a union of dicts": "base = {'prompt': 'x'}\naki.z_image_turbo(**(base | {'width': 1000}))",
    "with_options of the endpoint": "aki.z_image_turbo.with_options(timeout=9)(prompt='x', width=1000)",
    "with_options of the client": "fast = aki.with_options(timeout=9)\nfast.z_image_turbo(prompt='x', width=1000)",
    "stream": "with aki.z_image_turbo.stream(prompt='x', width=1000) as stream:\n    print(stream)",
    "submit": "job = aki.z_image_turbo.submit(prompt='x', width=1000)",
    "async": (
        "async def main() -> None:\n    async with AsyncAki() as client:\n"
        "        await client.z_image_turbo(prompt='x', width=1000)"
    ),
    "gather": (
        "async def main(texts: list[str]) -> None:\n"
        "    await asyncio.gather(*(aio.z_image_turbo(prompt=t, width=1000) for t in texts))"
    ),
    "a row of a batch": "batch.run(aki.z_image_turbo, [{'prompt': 'x', 'width': 1000}], 'out.jsonl')",
    "rows in a name": "rows = [{'prompt': 'x'}, {'prompt': 'y', 'width': 1000}]\nbatch.check(aki.z_image_turbo, rows)",
    "a decorated function": (
        "@lru_cache\ndef paint(text: str) -> object:\n    return z_image_turbo(prompt=text, width=1000)"
    ),
    "a decorator": "@print(endpoints.z_image_turbo(prompt='x', width=1000))\ndef f() -> None: ...",
    "a comprehension": "images = [endpoints.z_image_turbo(prompt=p, width=1000) for p in 'ab']",
    "a lambda": "paint = lambda text: aki.z_image_turbo(prompt=text, width=1000)",
    "an annotated parameter": (
        "def paint(client: 'Aki | None', text: str) -> None:\n    client.z_image_turbo(prompt=text, width=1000)"
    ),
    "a function that makes the client": (
        "def client() -> Aki:\n    return Aki()\n\nclient().z_image_turbo(prompt='x', width=1000)"
    ),
    "an alias of the package": "with hub.Aki() as client:\n    client.z_image_turbo(prompt='x', width=1000)",
    "an alias of the endpoint": "paint = aki.z_image_turbo\npaint(prompt='x', width=1000)",
    "partial": "paint = partial(aki.z_image_turbo, width=1000)",
    "a thread": "ThreadPoolExecutor().submit(aki.z_image_turbo, prompt='x', width=1000)",
    "an input model": "inputs = models.ZImageTurboInput(prompt='x', width=1000)",
    "an input model of a dict": "models.ZImageTurboInput.model_validate({'prompt': 'x', 'width': 1000})",
    "declared parameters": "params: models.ZImageTurboParams = {'prompt': 'x', 'width': 1000}",
    "returned parameters": (
        "def params() -> 'models.ZImageTurboParams':\n    return {'prompt': 'x', 'width': 1000}"
    ),
    "a client that may be None": (
        "client = None\ndef paint(text):\n    global client\n    client = Aki()\n"
        "    client.z_image_turbo(prompt=text, width=1000)"
    ),
    "a client with other options under its name": (
        "client = Aki()\nclient = client.with_options(timeout=9)\nclient.z_image_turbo(prompt='x', width=1000)"
    ),
    "declared parameters that are unpacked": (
        "p: models.ZImageTurboParams = {'prompt': 'x', 'width': 1000}\naki.z_image_turbo(**p)"
    ),
    "after letters of two bytes": "text = 'ä'; aki.z_image_turbo(prompt='äöü€😀', width=1000)",
}
"""Code behind `HEAD` in which one width is 1000, or comes to it."""

QUIET = {
    "an unknown value": "def f(width: int) -> None:\n    aki.z_image_turbo(prompt='x', width=width)",
    "a constant that changes": "width = 1000\nwidth = 1024\naki.z_image_turbo(prompt='x', width=width)",
    "a constant that a function changes": (
        "width = 1000\ndef g():\n    global width\n    width = 512\naki.z_image_turbo(prompt='x', width=width)"
    ),
    "an output under the client's name": (
        "client = Aki()\nclient = client.z_image_turbo(prompt='x')\nclient.z_image_turbo(prompt='x', width=1000)"
    ),
    "a loop": "for width in (512, 1000):\n    aki.z_image_turbo(prompt='x', width=width)",
    "a dict that changes": "p = {'prompt': 'x', 'width': 1000}\np['width'] = 512\naki.z_image_turbo(**p)",
    "a dict that is handed on": "p = {'prompt': 'x', 'width': 1000}\ncorrected(p)\naki.z_image_turbo(**p)",
    "a dict under a second name": "p = {'prompt': 'x', 'width': 1000}\nq = p\nq['width'] = 8\naki.z_image_turbo(**p)",
    "a dict that is extended": "p = {'width': 1000}\np.update(width=512)\naki.z_image_turbo(prompt='x', **p)",
    "a value that another dict may replace": (
        "def f(more):\n    aki.z_image_turbo(**{'prompt': 'x', 'width': 1000, **more})"
    ),
    "a message that is appended to": (
        "said = [{'role': 'tool', 'content': 'x'}]\nsaid[0]['role'] = 'user'\naki.qwen_vl_chat(chat_context=said)"
    ),
    "something else that is called alike": "class X: ...\naki = X()\naki.z_image_turbo(prompt='x', width=1000)",
    "a name of an inner function": (
        "def f():\n    def z_image_turbo(**_): ...\n    z_image_turbo(prompt='x', width=1000)"
    ),
    "a parameter that hides the client": "def f(aki):\n    aki.z_image_turbo(prompt='x', width=1000)",
    "a name of a class body": (
        "class X:\n    width = 1000\n    def f(self):\n        aki.z_image_turbo(prompt='x', width=width)"
    ),
    "None, which is absent": "aki.z_image_turbo(prompt='x', width=None)",
    "a missing parameter that may be given": "def f(more):\n    aki.z_image_turbo(width=1024, **more)",
    "a partial call": "partial(aki.z_image_turbo, width=1024)",
    "a path that is not there": "aki.image_upscale(image='no/such/file.png')",
    "an expected refusal": (
        "import pytest\nwith pytest.raises(hub.InvalidParametersError):\n    aki.z_image_turbo(prompt='x', width=1000)"
    ),
    "a caught refusal": (
        "try:\n    aki.z_image_turbo(prompt='x', width=1000)\nexcept hub.InvalidParametersError as e:\n    print(e)"
    ),
    "a comment": "aki.z_image_turbo(prompt='x', width=1000)  # aki: ignore",
    "a comment with the code": "aki.z_image_turbo(prompt='x', width=1000)  # aki: ignore[AKI102]",
    "a comment for all linters": "aki.z_image_turbo(prompt='x', width=1000)  # noqa: E501, AKI102",
    "a comment for the file": "# aki: ignore-file\naki.z_image_turbo(prompt='x', width=1000)",
    "a column of a batch that is kept": (
        "batch.check(aki.z_image_turbo, [{'prompt': 'x', 'number': 1}], keep=['number'])"
    ),
    "constants of a batch": "batch.check(aki.z_image_turbo, [{'width': 512}], constants={'prompt': 'x'})",
    "a conversation of unknown parts": (
        "def f(text, picture, more):\n    aki.qwen_vl_chat(chat_context=[{'role': 'user', 'content': "
        "[{'text': text}, {'image': picture}]}, *more])\n"
        "    aki.qwen_vl_chat(chat_context=[{'role': more, 'content': text}])"
    ),
}
"""Code behind `HEAD` that is right, or of which nobody can be sure that it is wrong."""
