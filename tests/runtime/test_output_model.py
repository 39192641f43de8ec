"""Outputs never refuse: what was paid for is kept, however odd it looks."""

import copy
import logging
import pickle

import pytest
from aki_runtime.errors import MediaError, MissingOutputError
from aki_runtime.fields.base import OutputModel
from aki_runtime.media.objects import Image
from pydantic import Field
from support.samples import ChatOutput, ChatProgress, PictureOutput

URI = "data:image/JPEG;base64,/9j/4AAQ"


@pytest.fixture(autouse=True)
def nothing_logged_yet(monkeypatch):
    monkeypatch.setattr(OutputModel, "_odd_fields_logged", set())


@pytest.fixture
def chat():
    return ChatOutput.read(
        {
            "success": True,
            "job_id": "the-job",
            "ep_version": 3,
            "text": "hi",
            "num_generated_tokens": 2,
            "total_duration": 1.5,
            "compute_duration": 1,
            "num_cached_tokens": 7,
        },
        endpoint="chat",
        job_id="the-job",
    )


def test_declared_outputs_are_typed(chat):
    assert (chat.text, chat.num_generated_tokens) == ("hi", 2)


def test_what_the_hub_says_beside_the_outputs_is_in_meta(chat):
    meta = chat.meta
    assert (meta.endpoint, meta.job_id, meta.endpoint_version) == ("chat", "the-job", 3)
    assert (meta.total_duration, meta.compute_duration) == (1.5, 1.0)


def test_undeclared_fields_are_in_metas_extras(chat):
    assert chat.meta.extras == {"num_cached_tokens": 7}


def test_a_jobs_id_is_not_shown(chat):
    assert "the-job" not in repr(chat) + repr(chat.meta)


def test_a_missing_output_raises_when_it_is_read(chat):
    with pytest.raises(MissingOutputError, match="chat: the hub sent no 'model_name'") as caught:
        _ = chat.model_name
    assert "text, num_generated_tokens" in str(caught.value)


def test_a_missing_output_is_no_attribute(chat):
    assert not hasattr(chat, "model_name")
    assert getattr(chat, "model_name", "unknown") == "unknown"


def test_an_attribute_that_nobody_declared_is_a_plain_attribute_error(chat):
    with pytest.raises(AttributeError) as caught:
        _ = chat.modelname
    assert not isinstance(caught.value, MissingOutputError)


def test_an_optional_output_that_is_missing_is_none(chat):
    assert chat.error is None


def test_progress_that_is_missing_is_none():
    assert ChatProgress.read({}).text is None


def test_an_output_of_an_odd_type_is_kept_as_it_came():
    odd = {"images": 5, "seed": "seven"}
    output = PictureOutput.read(odd)
    assert (output.images, output.seed) == (5, "seven")


@pytest.mark.parametrize(
    "sent", ["/etc/passwd", ["/etc/passwd", 5], {"a": "/etc/passwd"}, [["/etc/passwd"]]], ids=str
)
def test_text_in_place_of_media_is_never_plain_text(sent):
    # A call would take plain text for the path of a file, and send that file to the hub.
    kept = PictureOutput.read({"images": sent}).images
    while not isinstance(kept, Image):
        assert isinstance(kept, list | dict)
        kept = next(iter(kept.values() if isinstance(kept, dict) else kept))
    with pytest.raises(MediaError):
        kept.bytes  # noqa: B018


def test_a_list_with_one_odd_item_keeps_the_others():
    assert PictureOutput.read({"images": [URI, 5]}).images == [Image(URI), 5]


def test_an_output_of_an_odd_type_is_logged_once(caplog):
    with caplog.at_level(logging.WARNING, "aki_client"):
        PictureOutput.read({"seed": "seven"})
        PictureOutput.read({"seed": "eight"})
    assert caplog.messages == [
        "PictureOutput.seed is not of its declared type (Input should be a valid integer, "
        "unable to parse string as an integer); kept as it came"
    ]


def test_the_log_does_not_show_the_odd_value(caplog):
    PictureOutput.read({"images": "a secret"})
    assert "a secret" not in caplog.text


def test_a_choice_that_nobody_knows_survives():
    assert PictureOutput.read({"mode": "warp"}).mode == "warp"


def test_an_output_is_read_under_the_hubs_name():
    assert PictureOutput.read({"class": "a"}).class_ == "a"


def test_a_field_of_the_hubs_that_is_called_as_pythons_is_undeclared():
    output = PictureOutput.read({"class_": "a"})
    assert (output.class_, output.meta.extras) == (None, {"class_": "a"})


def test_media_are_not_decoded_before_they_are_asked_for():
    output = PictureOutput.read({"images": ["data:image/PNG;base64,!!!"], "seed": 1})
    assert output.images[0].format == "png"


@pytest.mark.parametrize(
    ("sent", "read"), [('{"a": 1}', {"a": 1}), ({"a": 1}, {"a": 1}), ("plain, text", "plain, text")]
)
def test_a_json_output_is_decoded_where_it_is_text(sent, read):
    assert PictureOutput.read({"details": sent}).details == read


CARRY = {
    "pickle": lambda output: pickle.loads(pickle.dumps(output)),  # noqa: S301
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "model_copy": lambda output: output.model_copy(),
}


@pytest.mark.parametrize("carry", CARRY.values(), ids=CARRY)
def test_an_output_survives_the_way(chat, carry):
    again = carry(chat)
    assert again == chat
    assert (again.meta, again.text) == (chat.meta, "hi")
    assert not hasattr(again, "model_name")


@pytest.mark.parametrize("carry", CARRY.values(), ids=CARRY)
def test_an_odd_output_with_media_survives_the_way(carry):
    output = PictureOutput.read({"images": [URI], "seed": "seven", "sound": 5})
    again = carry(output)
    assert (again.images, again.seed, again.sound) == ([Image(URI)], "seven", 5)


@pytest.mark.parametrize("mode", ["python", "json"])
def test_an_output_with_missing_fields_dumps_what_came(chat, mode):
    dumped = chat.model_dump(mode=mode, exclude_none=True)
    assert dumped == {"text": "hi", "num_generated_tokens": 2}


def test_an_output_dumps_media_as_data_uris():
    output = PictureOutput.read({"images": [URI], "seed": 1})
    assert output.model_dump()["images"] == [URI]


def test_an_odd_output_dumps_what_came():
    output = PictureOutput.read({"images": 7, "seed": "seven", "sound": 5, "mode": 3})
    dumped = output.model_dump(mode="json", exclude_none=True, by_alias=True, warnings=False)
    assert dumped == {"images": 7, "seed": "seven", "sound": 5, "mode": 3}


@pytest.mark.parametrize("mode", ["python", "json"])
@pytest.mark.parametrize("sent", ["@@@", "no base64", "\xe9" * 8, URI[:-8] + "\xe9" * 8])
def test_media_that_are_no_base64_dump_as_they_came(sent, mode):
    output = PictureOutput.read({"images": [sent], "seed": 1})
    assert output.model_dump(mode=mode)["images"] == [sent]
    assert "not shown here" in output._repr_mimebundle_()["text/html"]


def test_an_odd_text_dumps_what_came():
    output = ChatOutput.read({"text": 5})
    assert output.model_dump(exclude_none=True) == {"text": 5}


def test_an_output_of_nothing_is_no_crash():
    assert repr(PictureOutput.read({})).startswith("PictureOutput(")


@pytest.mark.parametrize("came", [{"": "said"}, {}])
def test_an_output_whose_name_on_the_hub_is_empty_is_read(came):
    class Odd(OutputModel):
        field: str = Field(alias="")

    output = Odd.read({"success": True, **came})
    assert output.meta.extras == {}
    assert getattr(output, "field", None) == came.get("")
