"""Strategies: names, texts and attribute values as no hub should send them."""

from hypothesis import strategies as st

TRICKY = [
    *(
        "",
        " ",
        "class",
        "None",
        "self",
        "__init__",
        "model_config",
        "str",
        "Field",
        "endpoint",
        "con",
    ),
    *(
        '"',
        "'",
        '"""',
        "\\",
        '\\"',
        "{{ x }}",
        "\n",
        "\r\n",
        "\x00",
        "\u202e",
        "\u3164",
        "\ufe0f",
        "\ud800",
    ),
    *(
        "../x",
        "a/b",
        "a-b",
        "a_b",
        "a b",
        "A_b",
        "a_b_2",
        "\ufb01t",
        "fit",
        "ImageInput",
        "Json",
        "$ref",
    ),
    *("key", "prompt", "error", "text", "$comment", "HostileInput.a", "é", "\u4e00", "x" * 90),
]
texts = st.one_of(st.sampled_from(TRICKY), st.text(st.characters(codec=None), max_size=12))
names = st.one_of(st.sampled_from([t for t in TRICKY if t != "\ud800"]), st.text(max_size=8))

scalars = st.one_of(
    texts,
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from([10**400, -(10**400), 5e-324, 1e308, -0.0, 2**63]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)

WORDS = [
    *(
        "string",
        "str",
        "integer",
        "int",
        "float",
        "bool",
        "boolean",
        "selection",
        "json",
        "chat_context",
    ),
    *("text_context", "image", "audio", "video", "image_list", "audio_list"),
]
KEYS = [
    *(
        "required",
        "default",
        "auto_convert",
        "minimum",
        "min",
        "maximum",
        "max",
        "align",
        "max_length",
    ),
    *(
        "supported",
        "support",
        "description",
        "format",
        "size",
        "duration",
        "image",
        "$ref",
        "x-python-type",
    ),
]
attributes = st.one_of(
    values,
    st.builds(
        lambda word, more: {"type": word, **more},
        st.one_of(st.sampled_from(WORDS), scalars),
        st.dictionaries(
            st.sampled_from(KEYS), st.one_of(values, st.lists(scalars, max_size=5)), max_size=5
        ),
    ),
)
fields = st.one_of(st.dictionaries(texts, attributes, max_size=5), values)
progress = st.one_of(st.builds(lambda outputs: {"OUTPUTS": outputs}, fields), values)
documents = st.one_of(
    st.builds(
        lambda top, **sections: {**top, "parameter_description": sections},
        st.dictionaries(
            st.sampled_from(["title", "description", "category", "version", "name"]), values
        ),
        input=fields,
        output=fields,
        progress=progress,
    ),
    values,
)
hubs = st.dictionaries(names, documents, min_size=1, max_size=3)
