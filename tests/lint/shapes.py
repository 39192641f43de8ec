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
    "a stream before what would catch": (
        "from contextlib import suppress\n"
        "with aki.z_image_turbo.stream(prompt='x', width=1000) as stream, suppress(ValueError):\n    print(stream)"
    ),
    "a dict beside another value": "p, n = {'prompt': 'x', 'width': 1000}, 1\naki.z_image_turbo(**p)",
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
    "a chain of names": "one = other = Aki()\nWIDTH = SIZE = 1000\none.z_image_turbo(prompt='x', width=WIDTH)",
    "unpacked names": "client, width = Aki(), 1000\nclient.z_image_turbo(prompt='x', width=width)",
    "a walrus": "if (client := Aki()) and (size := 1000):\n    client.z_image_turbo(prompt='x', width=size)",
    "a client by default": (
        "def paint(client: Aki | None = None) -> None:\n    client = client or Aki()\n"
        "    client.z_image_turbo(prompt='x', width=1000)"
    ),
    "typing.Union": (
        "from typing import Union\n"
        "def paint(client: Union[Aki, None]) -> None:\n    client.z_image_turbo(prompt='x', width=1000)"
    ),
    "typing.cast": (
        "from typing import cast\nclient = cast(Aki, made)\nclient.z_image_turbo(prompt='x', width=1000)"
    ),
    "an exit stack": (
        "def paint(stack):\n    client = stack.enter_context(Aki())\n"
        "    client.z_image_turbo(prompt='x', width=1000)"
    ),
    "contextlib.closing": (
        "from contextlib import closing\nwith closing(Aki()) as client:\n"
        "    client.z_image_turbo(prompt='x', width=1000)"
    ),
    "a function without annotations": (
        "def client():\n    return Aki()\n\nclient().z_image_turbo(prompt='x', width=1000)"
    ),
    "a property without annotations": (
        "class Painter:\n    @property\n    def aki(self):\n        return Aki()\n"
        "    def paint(self):\n        self.aki.z_image_turbo(prompt='x', width=1000)"
    ),
    "a subclass of the client": (
        "class Client(Aki):\n    pass\n\nwith Client() as client:\n"
        "    client.z_image_turbo(prompt='x', width=1000)"
    ),
    "self of a subclass": (
        "class Client(Aki):\n    def paint(self):\n        self.z_image_turbo(prompt='x', width=1000)"
    ),
    "an attribute of an instance": (
        "class Context:\n    aki: Aki\n\ndef paint(context: Context) -> None:\n"
        "    context.aki.z_image_turbo(prompt='x', width=1000)"
    ),
    "a constant of a class": (
        "class Sizes:\n    LARGE = 1000\n\naki.z_image_turbo(prompt='x', width=Sizes.LARGE)"
    ),
    "an item of a dict": "SIZES = {'large': 1000}\naki.z_image_turbo(prompt='x', width=SIZES['large'])",
    "a preset": "PRESETS = {'large': {'prompt': 'x', 'width': 1000}}\naki.z_image_turbo(**PRESETS['large'])",
    "a copy of a dict": "base = {'prompt': 'x', 'width': 1000}\naki.z_image_turbo(**base.copy())",
    "all names of the package": (
        "from aki_client.endpoints import *\nz_image_turbo(prompt='x', width=1000)"
    ),
    "a partial that is called": "paint = partial(aki.z_image_turbo, prompt='x')\npaint(width=1000)",
    "an attribute of an input model": "inputs = models.ZImageTurboInput(prompt='x')\ninputs.width = 1000",
    "an item of declared parameters": "p: models.ZImageTurboParams = {'prompt': 'x'}\np['width'] = 1000",
    "a model that is handed over": (
        "aki.z_image_turbo.call_with(models.ZImageTurboInput(prompt='x', width=1000))"
    ),
    "rows that are checked": (
        "async def check():\n    await batch.acheck(aki.z_image_turbo, [{'prompt': 'x', 'width': 1000}])"
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
    "all names of another module": "width = 1000\nfrom sizes import *\naki.z_image_turbo(prompt='x', width=width)",
    "a client of another module": "from clients import *\naki.z_image_turbo(prompt='x', width=1000)",
    "an endpoint that is replaced": "aki.z_image_turbo = painted\naki.z_image_turbo(prompt='x', width=1000)",
    "an endpoint that a test replaces": (
        "def test(monkeypatch):\n    monkeypatch.setattr(endpoints, 'z_image_turbo', painted)\n"
        "    endpoints.z_image_turbo(prompt='x', width=1000)"
    ),
    "an endpoint that is patched": (
        "@patch('aki_client.endpoints.z_image_turbo')\ndef test(painted):\n"
        "    endpoints.z_image_turbo(prompt='x', width=1000)"
    ),
    "a client or something else": (
        "def paint(client: 'Aki | Painter') -> None:\n    client.z_image_turbo(prompt='x', width=1000)"
    ),
    "a client that is set from outside": (
        "class Painter:\n    def __init__(self):\n        self.aki = Aki()\n    def paint(self):\n"
        "        self.aki.z_image_turbo(prompt='x', width=1000)\n\npainter = Painter()\npainter.aki = other"
    ),
    "self of an inner function": (
        "class Painter:\n    aki = Aki()\n    def paint(self):\n        def inner(self):\n"
        "            self.aki.z_image_turbo(prompt='x', width=1000)"
    ),
    "a class that hides the endpoint": (
        "class Client(Aki):\n    def z_image_turbo(self, **given): ...\n\n"
        "Client().z_image_turbo(prompt='x', width=1000)"
    ),
    "a class whose other base is not known": (
        "class Client(Mixin, Aki): ...\n\nClient().z_image_turbo(prompt='x', width=1000)"
    ),
    "classes that are their own bases": (
        "class A(B): ...\nclass B(A): ...\nclass C(C): ...\nA().z_image_turbo(width=1000)\nC().z_image_turbo()"
    ),
    "a context of another kind": (
        "class Painter(Aki):\n    def __enter__(self): ...\n\nwith Painter() as painter:\n"
        "    painter.z_image_turbo(prompt='x', width=1000)"
    ),
    "a function that returns either": (
        "def client(mode):\n    if mode:\n        return Painter()\n    return Aki()\n\n"
        "client(1).z_image_turbo(prompt='x', width=1000)"
    ),
    "functions that return each other": "def f(): return g()\ndef g(): return f()\nf().z_image_turbo(width=1000)",
    "a constant that a subclass may replace": (
        "class Painter:\n    WIDTH = 1000\n    def paint(self):\n"
        "        aki.z_image_turbo(prompt='x', width=self.WIDTH)"
    ),
    "a constant of a class that is replaced": (
        "class Sizes:\n    LARGE = 1000\n\nSizes.LARGE = 512\naki.z_image_turbo(prompt='x', width=Sizes.LARGE)"
    ),
    "a preset that changes": (
        "PRESETS = {'large': {'prompt': 'x', 'width': 1000}}\nPRESETS['large']['width'] = 512\n"
        "aki.z_image_turbo(**PRESETS['large'])"
    ),
    "a preset under a second name": (
        "PRESETS = {'large': {'prompt': 'x', 'width': 1000}}\nlarge = PRESETS['large']\nlarge['width'] = 512\n"
        "aki.z_image_turbo(**PRESETS['large'])"
    ),
    "an item of itself": "class A:\n    given = given['x']\n    aki.z_image_turbo(prompt='x', **given)",
    "a dict in a chain of names": (
        "p = q = {'prompt': 'x', 'width': 1000}\nq['width'] = 512\naki.z_image_turbo(**p)"
    ),
    "a dict of a walrus": "p = (q := {})\nq['prompt'] = 'x'\naki.z_image_turbo(**p)",
    "a copy that changes": (
        "p = {'prompt': 'x', 'width': 1000}\nq = p.copy()\nq['width'] = 512\naki.z_image_turbo(**q)"
    ),
    "a method that is called like a function": "p = {}\nform.print(p)\naki.z_image_turbo(**p)",
    "a function of the file's own": "def partial(*_, **given): ...\npartial(aki.z_image_turbo, size=1)",
    "settings of an executor": "pool.submit(aki.z_image_turbo, retries=3, prompt='x')",
    "what stands for anything": "aki.z_image_turbo(...)\naki.z_image_turbo(prompt=..., width=...)",
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
    "a refusal that is expected by the same statement": (
        "import pytest\nwith pytest.raises(hub.InvalidParametersError), "
        "aki.z_image_turbo.stream(prompt='x', width=1000):\n    pass"
    ),
    "a dict that has two names": "p = q = {'prompt': 'x', 'width': 1000}\naki.z_image_turbo(**p)",
    "dicts that may have other names": "p, n = both = {'prompt': 'x', 'width': 1000}, 1\naki.z_image_turbo(**p)",
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
