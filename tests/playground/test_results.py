"""What a result shows, and the files it becomes."""

import pytest
from aki_client import Image
from aki_client.models import FluxDevOutput, GptOssChatOutput
from aki_playground.package import HubPackage, output_kinds
from aki_runtime.fields.base import came

pytest.importorskip("gradio", reason="the playground needs Gradio (extra `playground`)")

from aki_playground.results import (
    LONGEST_FACT,
    result_parts,
    save_text,
)

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def seen(model, folder, **fields):
    output = model.read(fields)
    return result_parts(came(output), output_kinds(model), folder, "flux_dev")


def test_pictures_become_files_whose_names_are_ours(tmp_path):
    outcome = seen(FluxDevOutput, tmp_path, images=[Image(PNG), Image(PNG)], prompt="../../evil")
    assert [path.name for path in outcome.images] == ["flux_dev-1.png", "flux_dev-2.png"]
    assert outcome.images[0].read_bytes() == PNG
    assert outcome.facts == {"prompt": "../../evil"}


def test_the_format_that_a_hub_names_is_no_part_of_a_name(tmp_path):
    outcome = seen(FluxDevOutput, tmp_path, images=["data:image/../../x.svg;base64,PHN2Zz4="])
    assert [path.parent for path in outcome.images] == [tmp_path]
    assert outcome.images[0].name == "flux_dev-1.bin"


def test_a_medium_that_can_not_be_decoded_hides_no_other(tmp_path):
    outcome = seen(FluxDevOutput, tmp_path, images=["data:image/png;base64,@@@", Image(PNG)])
    assert len(outcome.images) == 1
    assert any("base64" in words for words in outcome.facts.values())


def test_thinking_is_kept_apart_from_the_answer(tmp_path):
    outcome = seen(GptOssChatOutput, tmp_path, text="<think>hm</think>Yes")
    assert (outcome.text, outcome.thinking) == ("Yes", "hm")


def test_outputs_that_the_hub_left_out_are_left_out(tmp_path):
    assert seen(FluxDevOutput, tmp_path).facts == {}


def test_a_value_too_long_to_read_is_cut(tmp_path):
    outcome = seen(FluxDevOutput, tmp_path, prompt="x" * 10_000)
    assert len(outcome.facts["prompt"]) == LONGEST_FACT


def test_a_text_that_no_file_can_hold_is_saved_all_the_same(tmp_path):
    assert save_text("a\udcffb", tmp_path, "chat").read_text(encoding="utf-8") == "a?b"


def test_the_kinds_of_outputs_are_read_from_their_types():
    cards = HubPackage("aki_client").cards
    assert cards["flux_dev"].outputs["images"] == "images"
    assert cards["image_upscale"].outputs["image"] == "image"
    assert cards["xttsv2"].outputs["audio"] == "audio"
    assert cards["seamless_translate"].outputs["text"] == "text"
    assert cards["seamless_translate"].outputs["confidence"] == "value"
