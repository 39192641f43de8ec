"""The hub on New Year's Day, and the endpoints that come to it in the course of the year."""

from support.metadata import Fields, details
from year.hub import Document, State


def new_year() -> State:
    """Return the hub as the year begins: six endpoints."""
    return State(
        {
            "flux-dev": _flux(),
            "sdxl": _sdxl(),
            "llama3_chat": _chat("Llama 3", max_gen_tokens=_whole(1, 4096, 500)),
            "qwen_chat": _chat("Qwen", thinking={"type": "boolean", "default": False}),
            "xttsv2": _xtts(),
            "upscale": _upscale(),
        }
    )


def composer() -> Document:
    """Return an endpoint that makes music."""
    return details(
        {"prompt": {"type": "string", "required": True}, "tempo": _whole(40, 200, 120)},
        {"audio": {"type": "audio", "format": "wav"}, "error": {"type": "string"}},
        title="Composer",
        category="music",
        version=1,
    )


def namesake() -> Document:
    """Return an endpoint that only capitals tell from another one."""
    return details(
        {"prompt": {"type": "string", "required": True}, "strength": _figure(0, 2, 1)},
        {"text": {"type": "string"}, "error": {"type": "string"}},
        title="Flux captions",
        category="captions",
        version=1,
    )


def translator() -> Document:
    """Return an endpoint whose only choice has no default, so that it is required in fact."""
    return details(
        {
            "text": {"type": "string", "required": True},
            "to": {"type": "selection", "supported": ["de", "en", "fr"]},
        },
        {"text": {"type": "string"}, "error": {"type": "string"}},
        title="Translator",
        category="text",
    )


def _flux() -> Document:
    return details(
        {
            "prompt": {"type": "string", "required": True},
            "width": {**_whole(64, 512, 256), "align": 32, "auto_convert": True},
            "steps": _whole(1, 50, 40),
            "seed": {"type": "integer", "minimum": -1, "default": -1},
            "previews": _choice("none", "decoded"),
        },
        _pictures(),
        {"progress_images": {"type": "image_list", "format": "JPEG", "color_space": "RGB"}},
        title="Flux",
        description="Paints a picture.",
        category="image",
        version=0,
    )


def _sdxl() -> Document:
    return details(
        {
            "prompt": {"type": "string", "required": True},
            "negative_prompt": {"type": "string", "max_length": 500},
            "guidance": _figure(1, 10, 3.5),
            "scheduler": _choice("euler", "ddim", "heun"),
        },
        _pictures(),
        title="SDXL",
        category="image",
        version=3,
    )


def _chat(title: str, **more: Fields) -> Document:
    return details(
        {
            "chat_context": {"type": "chat_context"},
            "prompt_input": {"type": "string", "default": ""},
            "temperature": _figure(0, 1, 0.8),
            **more,
        },
        _text(),
        {"text": {"type": "string"}, "num_generated_tokens": {"type": "integer"}},
        title=title,
        category="chat",
        version=2,
    )


def _xtts() -> Document:
    return details(
        {
            "text": {"type": "string", "required": True, "max_length": 2000},
            "language": _choice("en", "de", "fr"),
            "voice": _choice("emma", "angie", "daniel"),
        },
        {"audio": {"type": "audio", "format": "wav"}, "error": {"type": "string"}},
        title="XTTS",
        category="tts",
        version=2,
    )


def _upscale() -> Document:
    return details(
        {
            "image": {
                "type": "image",
                "required": True,
                "format": {"supported": ["JPEG", "PNG", "WEBP"]},
                "size": {"minimum": [8, 8], "maximum": [1024, 1024]},
            },
            "scale": {"type": "selection", "supported": [2, 4], "default": 2},
        },
        {"image": {"type": "image", "format": "JPEG", "color_space": "RGB"}},
        title="Upscale",
        category="image",
        version=1,
    )


def _whole(low: int, high: int, default: int) -> Fields:
    return {"type": "integer", "minimum": low, "maximum": high, "default": default}


def _figure(low: float, high: float, default: float) -> Fields:
    return {"type": "float", "minimum": low, "maximum": high, "default": default}


def _choice(first: str, *others: str) -> Fields:
    return {"type": "selection", "supported": [first, *others], "default": first}


def _pictures() -> Fields:
    return {
        "images": {"type": "image_list", "format": "JPEG", "color_space": "RGB"},
        "seed": {"type": "integer"},
        "error": {"type": "string"},
    }


def _text() -> Fields:
    return {
        "text": {"type": "string"},
        "num_generated_tokens": {"type": "integer"},
        "model_name": {"type": "string"},
        "error": {"type": "string"},
    }
