"""What calls are drawn from: valid values, values at and around every bound, wrong types, unknown names.

It reads the hub's own attributes and knows nothing of the generated models.
"""

import io
import math
import wave
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from PIL import Image

TRANSPORT = {"key", "client_session_auth_key", "wait_for_result"}
WRONG_TYPES: list[Any] = [
    "",
    "3",
    "3.5",
    "true",
    "x",
    0,
    1,
    -1,
    2.0,
    2.5,
    True,
    False,
    [],
    ["a"],
    {},
    {"a": 1},
]


def calls(parameters: dict[str, dict[str, Any]]) -> SearchStrategy[dict[str, Any]]:
    """Draw the arguments of one call; several faults at once are usual."""
    known = {
        name: st.one_of(
            _fitting(attributes), _fitting(attributes), st.none(), st.sampled_from(WRONG_TYPES)
        )
        for name, attributes in parameters.items()
        if name not in TRANSPORT
    }
    fitting = {name: _fitting(parameters[name]) for name in known}
    required = {name for name in known if parameters[name].get("required")}
    sensible = st.fixed_dictionaries(
        {name: fitting[name] for name in required},
        optional={name: fitting[name] for name in known if name not in required},
    )
    wild = st.fixed_dictionaries({}, optional=known)
    unknown = st.sampled_from([{}, {}, {}, {"promt": 1}, {"Width": 1, "x": 2}])
    drawn = st.one_of(sensible, sensible, wild)
    return st.builds(lambda call, extra: {**call, **extra}, drawn, unknown)


def _fitting(attributes: dict[str, Any]) -> SearchStrategy[Any]:
    match attributes.get("type", "string"):
        case "integer" | "int":
            return _numbers(attributes, whole=True)
        case "float":
            return _numbers(attributes, whole=False)
        case "bool" | "boolean":
            return st.booleans()
        case "selection":
            return st.one_of(
                st.sampled_from(attributes["supported"]), st.sampled_from(["nope", 3, 0.3])
            )
        case "json":
            return _json()
        case "chat_context":
            return _conversations()
        case "image" | "audio" | "video":
            kind = attributes["type"]
            own = [data for name, data in media_samples().items() if name.startswith(kind)]
            return st.one_of(
                st.sampled_from(own), st.sampled_from(sorted(media_samples().values()))
            )
        case _:
            return _texts(attributes)


def _numbers(attributes: dict[str, Any], *, whole: bool) -> SearchStrategy[Any]:
    bounds = [attributes.get(n) for n in ("minimum", "min", "maximum", "max")]
    step = attributes.get("align") or (1 if whole else 0.01)
    around: list[Any] = [0, 1, -1]
    for bound in [b for b in bounds if b is not None]:
        around += [bound, bound - step, bound + step, bound + 1, bound - 1, bound + step / 2]
        around += [math.nextafter(bound, math.inf), math.nextafter(bound, -math.inf)]
    if whole:
        around = [number for number in around if float(number).is_integer()]
        around += [int(number) for number in around]
        spread: SearchStrategy[Any] = st.integers(-5000, 5000)
        return st.one_of(st.sampled_from(around), spread, spread.map(lambda n: n * int(step)))
    return st.one_of(st.sampled_from(around), st.floats(-100, 100), st.integers(-20, 20))


def _texts(attributes: dict[str, Any]) -> SearchStrategy[str]:
    longest = attributes.get("max_length")
    if longest is None:
        return st.text(max_size=8)
    return st.one_of(
        st.text(max_size=8), st.sampled_from([longest - 1, longest, longest + 1]).map("x".__mul__)
    )


def _json() -> SearchStrategy[Any]:
    return st.recursive(
        st.one_of(st.booleans(), st.integers(-9, 9), st.text(max_size=4)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
        ),
        max_leaves=4,
    )


def _conversations() -> SearchStrategy[Any]:
    roles = st.sampled_from(["user", "system", "assistant", "user", "tool", ""])
    parts = st.one_of(
        st.fixed_dictionaries({"text": st.text(max_size=5)}),
        st.sampled_from([{"text": 3}, {}, {"text": "a", "image": "b"}, {"smell": "x"}, "part"]),
        st.sampled_from(sorted(media_samples())).map(
            lambda name: {name.partition("_")[0]: media_samples()[name]}
        ),
    )
    content = st.one_of(st.text(max_size=5), st.lists(parts, max_size=2), st.sampled_from([3, {}]))
    full = st.fixed_dictionaries(
        {"role": roles, "content": content}, optional={"name": st.just("n")}
    )
    message = st.one_of(full, full, st.sampled_from([{"role": "user"}, {"content": "x"}, "x", 3]))
    return st.one_of(
        st.lists(message, max_size=3), st.sampled_from([{"role": "user", "content": "x"}, 3])
    )


@cache
def media_samples() -> dict[str, bytes]:
    """Return media by name, which begins with the kind, and some that are none."""
    samples = {"image_garbage": b"not a picture at all", "audio_garbage": b"no sound"}
    for name, size in {
        "image_small": (4, 4),
        "image_fine": (64, 48),
        "image_large": (5000, 20),
    }.items():
        for format_name in ("PNG", "JPEG", "GIF", "WEBP", "BMP"):
            buffer = io.BytesIO()
            Image.new("RGB", size, "navy").save(buffer, format=format_name)
            samples[f"{name}_{format_name.lower()}"] = buffer.getvalue()
    samples["audio_wav"] = _wav()
    samples["audio_mp3"] = b"ID3" + bytes(40)
    samples["video_mp4"] = b"\x00\x00\x00\x18ftypisom" + bytes(40)
    return samples


def _wav() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(bytes(2 * 16_000))
    return buffer.getvalue()
