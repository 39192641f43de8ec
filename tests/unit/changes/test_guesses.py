"""Renames are guessed, and only where the evidence is good."""

from aki_runtime.changes.compare import compare_hubs
from support.metadata import compare_endpoints, details

STEPS = {"type": "integer", "minimum": 1, "maximum": 50, "default": 8}
PAINTER = details(
    {"prompt": {"required": True}, "steps": STEPS}, {"picture": {"type": "image"}}, title=""
)
CHAT = details({"chat_context": {"type": "chat_context"}}, {"text": {}}, title="")


def fields(before, after):
    changes = compare_endpoints("painter", details(before), details(after))
    return [(change.kind, change.field) for change in changes]


def hubs(before, after):
    return [(change.kind, change.endpoint) for change in compare_hubs(before, after)]


class TestParameters:
    """A parameter under another name."""

    def test_it_is_said_that_it_is_a_guess_and_what_the_new_name_is(self):
        (change,) = compare_endpoints("painter", details({"steps": STEPS}), details({"n": STEPS}))
        assert "probably renamed: steps → n (a guess" in change.message

    def test_attributes_that_many_have_need_a_name_that_is_alike(self):
        assert fields({"prompt": {}}, {"text_prompt": {}}) == [("parameter renamed", "prompt")]
        assert fields({"prompt": {}}, {"seed": {}}) == [
            ("parameter removed", "prompt"),
            ("parameter added", "seed"),
        ]

    def test_other_attributes_are_another_parameter(self):
        assert fields({"steps": STEPS}, {"steps_": {**STEPS, "default": 9}}) == [
            ("parameter removed", "steps"),
            ("parameter added", "steps_"),
        ]

    def test_of_several_the_most_alike_are_paired(self):
        assert fields(
            {"width": STEPS, "height": STEPS}, {"image_height": STEPS, "image_width": STEPS}
        ) == [("parameter renamed", "height"), ("parameter renamed", "width")]

    def test_the_same_description_is_evidence(self):
        said = {"description": "What to paint."}
        assert fields({"prompt": said}, {"input": said}) == [("parameter renamed", "prompt")]


class TestEndpoints:
    """An endpoint under another name."""

    def test_nearly_equal_parameters_that_no_other_has_are_evidence(self):
        more = details(
            {**PAINTER["parameter_description"]["input"], "seed": {"type": "integer"}},
            {"picture": {"type": "image"}},
            title="",
        )
        some = details({f"p{i}": {} for i in range(9)}, title="")
        other = details({f"p{i}": {} for i in range(10)}, title="")
        assert hubs({"painter": PAINTER}, {"artist": PAINTER}) == [("endpoint renamed", "painter")]
        assert hubs({"x": some}, {"some": other}) == [
            ("parameter added", "some"),
            ("endpoint renamed", "x"),
        ]
        assert hubs({"painter": PAINTER}, {"artist": more}) == [
            ("endpoint added", "artist"),
            ("endpoint removed", "painter"),
        ]

    def test_parameters_that_others_have_too_need_a_name_that_is_alike(self):
        before = {"llama": CHAT, "kimi_k2": CHAT}
        assert hubs(before, {"llama": CHAT, "apertus": CHAT}) == [
            ("endpoint added", "apertus"),
            ("endpoint removed", "kimi_k2"),
        ]
        assert hubs(before, {"llama": CHAT, "kimi_k3": CHAT}) == [("endpoint renamed", "kimi_k2")]

    def test_the_same_title_is_evidence(self):
        kimi = {**CHAT, "title": "Kimi"}
        before = {"llama": CHAT, "k2": kimi}
        assert hubs(before, {"llama": CHAT, "moonshot": kimi}) == [("endpoint renamed", "k2")]

    def test_what_else_changed_is_told_under_the_new_name(self):
        after = {**PAINTER, "version": 2}
        assert hubs({"painter": PAINTER}, {"painter2": after}) == [
            ("endpoint renamed", "painter"),
            ("version raised", "painter2"),
        ]

    def test_endpoints_of_which_nothing_is_known_are_not_paired(self):
        assert hubs({"a": details(title="")}, {"b": details(title="")}) == [
            ("endpoint removed", "a"),
            ("endpoint added", "b"),
        ]
