"""What calls are drawn from: valid values, values at and around every bound, wrong types, unknown names.

Most calls are valid but for one or two parameters: where many are wrong, both sides refuse for some reason or other,
and nothing is learned. It reads the hub's own attributes and knows nothing of the generated models.
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
    """Draw the arguments of one call."""
    known = {n: attributes for n, attributes in parameters.items() if n not in TRANSPORT}
    valid = {name: _valid(attributes) for name, attributes in known.items()}
    needed = {name for name, attributes in known.items() if _is_needed(attributes)}
    sound = st.fixed_dictionaries(
        {name: valid[name] for name in needed},
        optional={name: valid[name] for name in known if name not in needed},
    ).map(lambda call: _with_one_context(call, known))
    doubtful = st.one_of(
        [
            st.tuples(
                st.just(name),
                st.one_of(_fitting(attributes), _fitting(attributes), st.sampled_from(WRONG_TYPES)),
            )
            for name, attributes in known.items()
        ]
    )
    changes = st.one_of(*(st.lists(doubtful, min_size=n, max_size=n) for n in (0, 1, 1, 1, 2, 5)))
    absent = st.one_of(st.just(None), st.just(None), st.just(None), st.sampled_from(sorted(known)))
    unknown = st.sampled_from([{}] * 8 + [{"promt": 1}, {"Width": 1, "x": 2}])

    def drawn(
        call: dict[str, Any], changed: list[tuple[str, Any]], left_out: str | None, extra: Any
    ) -> dict[str, Any]:
        made = {**call, **dict(changed), **extra}
        # None is as good as absent, on both sides.
        return {**made, left_out: None} if left_out in made else made

    return st.builds(drawn, sound, changes, absent, unknown)


def _is_needed(attributes: dict[str, Any]) -> bool:
    without_stand_in = attributes.get("default") is None and not attributes.get("auto_convert")
    return bool(attributes.get("required")) or (
        attributes.get("type") == "selection" and without_stand_in
    )


def _with_one_context(call: dict[str, Any], known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    words = {name: known[name].get("type") for name in call}
    if "chat_context" not in words.values():
        return call
    return {name: value for name, value in call.items() if words[name] != "text_context"}


def _valid(attributes: dict[str, Any]) -> SearchStrategy[Any]:
    """Draw what the attributes allow, as far as they tell."""
    match attributes.get("type", "string"):
        case "integer" | "int" | "float":
            return _numbers_within(attributes)
        case "selection":
            return st.sampled_from(attributes["supported"])
        case "chat_context":
            message = st.fixed_dictionaries(
                {"role": st.sampled_from(["user", "system"]), "content": st.text(max_size=5)}
            )
            return st.lists(message, min_size=1, max_size=2)
        case "image" | "audio" | "video":
            return _media_within(attributes)
        case "string" | "str":
            return st.text(max_size=min(8, attributes.get("max_length", 8)))
        case _:
            return _fitting(attributes)


def _numbers_within(attributes: dict[str, Any]) -> SearchStrategy[Any]:
    low, high = _bounds(attributes)
    step = attributes.get("align") or (1 if attributes["type"] != "float" else 1 / 64)
    lowest = math.ceil((low if low is not None else -100) / step)
    highest = math.floor((high if high is not None else 5000) / step)
    return st.integers(lowest, max(highest, lowest)).map(lambda n: n * step)


def _bounds(attributes: dict[str, Any]) -> tuple[Any, Any]:
    low, high = (attributes.get(short, attributes.get(long)) for short, long in _SPELLINGS)
    return low, high


_SPELLINGS = (("min", "minimum"), ("max", "maximum"))


def _media_within(attributes: dict[str, Any]) -> SearchStrategy[Any]:
    kind = attributes["type"]
    size, formats = attributes.get("size") or {}, attributes.get("format") or {}
    if kind != "image":
        return st.sampled_from([d for n, d in media_samples().items() if n.startswith(kind)])
    low, high = _bounds(size)
    corners = [corner for corner in (low, high) if corner] or [[64, 48]]
    named = [name.upper() for name in formats.get("supported", ["png", "jpeg"])]
    return st.sampled_from(
        [
            _picture(int(width), int(height), name.replace("JPG", "JPEG"))
            for width, height in corners
            for name in named
        ]
    )


def _pictures_around(attributes: dict[str, Any]) -> list[bytes]:
    """Make pictures one pixel to either side of every bound, and of every format."""
    size = attributes.get("size") or {}
    step = size.get("align") or [1, 1]
    made: list[bytes] = []
    for corner in [corner for corner in _bounds(size) if corner]:
        for off in (-1, 1, -step[0], step[0]):
            for at in ((off, 0), (0, off)):
                width, height = int(corner[0] + at[0]), int(corner[1] + at[1])
                made += [_picture(width, height, "PNG")] if min(width, height) > 0 else []
    return made


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
                st.sampled_from(own + (_pictures_around(attributes) if kind == "image" else [])),
                st.sampled_from(sorted(media_samples().values())),
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
def _picture(width: int, height: int, format_name: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(buffer, format=format_name)
    return buffer.getvalue()


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
            samples[f"{name}_{format_name.lower()}"] = _picture(*size, format_name)
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
