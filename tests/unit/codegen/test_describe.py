"""What people read about an endpoint: the lines of its docstring."""

import pytest
from aki_codegen.rendering.describe import (
    endpoint_docs,
    endpoint_summary,
    field_doc,
    parameter_line,
)
from support.metadata import details, endpoint_of, parameter_of


@pytest.mark.parametrize(
    ("attributes", "line"),
    [
        ({}, "Text."),
        ({"required": True}, "Text. Required."),
        ({"default": ""}, 'Text. Default "".'),
        ({"max_length": 1000}, "Text of at most 1,000 characters."),
        (
            {"type": "int", "minimum": 0, "maximum": 9, "default": 3},
            "Whole number, 0–9. Default 3.",
        ),
        ({"type": "float", "min": 0}, "Number, at least 0.0."),
        ({"type": "float", "max": 2}, "Number, at most 2.0."),
        ({"type": "int", "align": 8}, "Whole number, a multiple of 8."),
        (
            {"type": "int", "maximum": 64, "auto_convert": True},
            "Whole number, at most 64; the hub fits other values.",
        ),
        ({"type": "int", "auto_convert": True}, "Whole number."),
        ({"type": "bool"}, "True or False."),
        ({"type": "selection", "supported": ["a", 1]}, 'One of "a", 1. Required.'),
        ({"type": "json"}, "Any JSON value."),
        ({"type": "text_context"}, "Raw prompt text, instead of a conversation."),
        (
            {"type": "chat_context", "support": ["image"]},
            "Messages of a conversation, the last one the user's; messages may hold image.",
        ),
        ({"description": "How bright.", "type": "bool"}, "How bright. True or False."),
    ],
)
def test_a_parameters_line_tells_kind_limits_and_default(attributes, line):
    assert parameter_line(parameter_of(attributes)) == line


def test_a_media_parameters_line_tells_what_may_be_given_and_the_formats():
    line = parameter_line(parameter_of({"type": "image", "format": {"supported": ["PNG"]}}))
    assert line.startswith("An image as bytes, path, file, Pillow image, data URI or another call")
    assert line.endswith("png.")


def test_a_mediums_figures_are_listed_as_people_write_them():
    limits = {
        "format": {"supported": ["wav", "mp3", "ogg"]},
        "channels": {"supported": [1, 2]},
        "audio_bit_rate": {"maximum": 1_536_000},
        "duration": {"minimum": 0.1, "maximum": 600},
    }
    line = parameter_line(parameter_of({"type": "audio", **limits}))
    assert line.endswith(
        "; format wav, mp3 or ogg, audio bit rate at most 1536000 bit/s, channels 1 or 2, "
        "duration 0.1–600 s."
    )


def test_the_default_of_a_json_parameter_is_shown_as_the_value_that_it_stands_for():
    line = parameter_line(parameter_of({"type": "json", "default": "{}"}))
    assert line == "Any JSON value. Default {}."


def test_a_long_list_of_outputs_goes_on_below_its_beginning():
    outputs = {f"a_rather_long_output_{number}": {} for number in range(5)}
    lines = endpoint_docs(endpoint_of(details(output=outputs)))["call"]
    first = lines.index("Returns:") + 1
    assert lines[first].startswith("    `a_rather_long_output_0`")
    assert lines[first + 1].startswith("    `a_rather_long_output_")


def test_long_lists_of_choices_are_cut():
    attributes = {"type": "selection", "supported": list(range(1500)), "default": 0}
    assert parameter_line(parameter_of(attributes)).startswith("One of 0, 1,")
    assert "19 and 1,480 more. Default 0." in parameter_line(parameter_of(attributes))


@pytest.mark.parametrize(
    ("title", "description", "summary"),
    [
        ("Flux", "Paints.", "Flux: Paints."),
        ("Flux", "Paints", "Flux: Paints."),
        ("Flux", "", "Flux."),
        ("Flux", "Why not?", "Flux: Why not?"),
        ("Flux\n2", "Paints\n\tpictures", "Flux 2: Paints pictures."),
    ],
)
def test_the_summary_is_one_sentence_on_one_line(title, description, summary):
    assert endpoint_summary(endpoint_of(details(title=title, description=description))) == summary


def test_the_docstring_names_arguments_outputs_progress_and_errors():
    document = details({"prompt": {"required": True}}, {"images": {}, "error": {}}, {"preview": {}})
    assert endpoint_docs(endpoint_of(document))["call"] == [
        "Painter.",
        "",
        "Args:",
        "    prompt: What is wanted, in words. Text. Required.",
        "",
        "Returns:",
        "    `images`.",
        "    While it runs, progress tells `preview`.",
        "",
        "Raises:",
        "    InvalidParametersError: A parameter was refused; nothing was sent or paid.",
        "    JobError: The job ended without a result.",
        "    AkiError: Anything else that went wrong.",
    ]


def test_an_endpoint_without_fields_says_that_it_returns_nothing():
    lines = endpoint_docs(endpoint_of(details()))["call"]
    assert "Args:" not in lines
    assert "    nothing." in lines


@pytest.mark.parametrize(
    ("section", "attributes", "doc"),
    [
        (
            "input",
            {"type": "int", "minimum": 1},
            "Seed of the randomness; -1 takes any. Whole number, at least 1.",
        ),
        ("output", {"type": "int"}, "The seed that was used. Whole number."),
        ("output", {"type": "int", "description": "Of luck."}, "Of luck. Whole number."),
        ("progress", {"type": "image_list", "format": "JPEG"}, "A list, each item an image, jpeg."),
    ],
)
def test_a_fields_docstring_tells_its_meaning_type_and_limits(section, attributes, doc):
    endpoint = endpoint_of(details(**{section: {"seed": attributes}}))
    fields = {"input": endpoint.inputs, "output": endpoint.outputs, "progress": endpoint.progress}
    assert " ".join(field_doc(fields[section][0], section)).endswith(doc)
