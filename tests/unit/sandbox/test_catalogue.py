"""The catalogue that comes with the package, and folders that are none."""

import json

import pytest
from aki_sandbox.catalogue import CatalogueError, load_catalogue
from aki_sandbox.validation.validate import type_word, validate_inputs

LIVE = {
    "llama3_8b_chat",
    "llama3_chat",
    "apertus_chat",
    "gpt_oss_chat",
    "kimi_k2",
    "minimax_m3",
    "z_image_turbo",
    "qwen_image",
    "qwen_image_edit",
    "xttsv2",
}
TYPE_WORDS = (
    {"string", "str", "integer", "int", "float", "bool", "boolean", "selection", "json"}
    | {"chat_context", "text_context"}
    | {"image", "audio", "video", "image_list"}
)
ATTRIBUTES = (
    {"type", "required", "default", "auto_convert", "supported", "support", "max_length"}
    | {"minimum", "min", "maximum", "max", "align", "keep_aspect_ratio"}
    | {"format", "color_space", "size", "sample_rate", "sample_bit_depth", "audio_bit_rate"}
    | {"channels", "duration"}
    | {"resize_method", "check_conversion", "input_temp_file", "output_temp_file"}
)
TRANSPORT = {"key", "client_session_auth_key", "wait_for_result"}


def all_parameters(catalogue):
    for endpoint in catalogue.values():
        for section in (endpoint.inputs, endpoint.outputs, endpoint.progress_outputs):
            yield from section.values()


def all_keys(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from all_keys(inner)


def write(folder, name, content):
    (folder / name).write_text(content, encoding="utf-8")


class TestBundledCatalogue:
    """What the sandbox offers out of the box."""

    def test_it_holds_the_live_endpoints_and_more(self, catalogue):
        assert catalogue.keys() > LIVE
        assert len(catalogue) >= 12

    def test_every_type_word_occurs(self, catalogue):
        words = {type_word(attributes) for attributes in all_parameters(catalogue)}
        assert words == TYPE_WORDS

    def test_a_missing_type_occurs(self, catalogue):
        assert any("type" not in attributes for attributes in all_parameters(catalogue))

    def test_every_attribute_occurs(self, catalogue):
        used = {key for attributes in all_parameters(catalogue) for key in all_keys(attributes)}
        assert used >= ATTRIBUTES

    def test_a_selection_without_default_occurs(self, catalogue):
        assert any(
            type_word(attributes) == "selection" and "default" not in attributes
            for endpoint in catalogue.values()
            for attributes in endpoint.inputs.values()
        )

    @pytest.mark.parametrize("kind", [str, int, float])
    def test_selections_of_every_kind_of_value_occur(self, catalogue, kind):
        assert any(
            {type(value) for value in attributes.get("supported", [])} == {kind}
            for attributes in all_parameters(catalogue)
            if type_word(attributes) == "selection"
        )

    def test_every_endpoint_lists_the_parameters_of_the_transport(self, catalogue):
        assert all(endpoint.inputs.keys() > TRANSPORT for endpoint in catalogue.values())

    def test_figures_that_change_are_left_to_the_hub(self, catalogue):
        volatile = {"free_queue_slots", "num_active_workers", "num_workers", "workers"}
        assert all(not volatile & endpoint.document.keys() for endpoint in catalogue.values())

    def test_an_endpoint_without_category_and_one_without_version_occur(self, catalogue):
        documents = [endpoint.document for endpoint in catalogue.values()]
        assert any(document["category"] is None for document in documents)
        assert any(document["version"] is None for document in documents)

    def test_every_endpoint_has_a_title_and_a_sentence(self, catalogue):
        for endpoint in catalogue.values():
            assert endpoint.title != endpoint.name
            assert endpoint.document["description"].endswith(".")

    def test_every_default_is_one_the_endpoint_takes(self, catalogue):
        for endpoint in catalogue.values():
            defaults = {
                name: attributes
                for name, attributes in endpoint.inputs.items()
                if "default" in attributes
            }
            assert validate_inputs(defaults, {})[1] == []


class TestOtherFolders:
    """Catalogues of one's own."""

    def test_a_folder_of_details_documents_is_read(self, tmp_path):
        document = {"name": "echo", "parameter_description": {"input": {"text": {}}}}
        write(tmp_path, "any-name.json", json.dumps(document))
        write(tmp_path, "endpoints.json", '{"endpoints": ["echo"]}')
        assert load_catalogue(tmp_path)["echo"].inputs == {"text": {}}

    def test_a_missing_folder_is_named(self, tmp_path):
        with pytest.raises(CatalogueError, match=r"no catalogue folder .*nowhere"):
            load_catalogue(tmp_path / "nowhere")

    def test_an_empty_folder_is_named(self, tmp_path):
        with pytest.raises(CatalogueError, match="holds no endpoint"):
            load_catalogue(tmp_path)

    @pytest.mark.parametrize(
        ("content", "complaint"),
        [
            ("{", "not readable as JSON"),
            ("[]", "holds no JSON object"),
            ("{}", "has no name"),
            ('{"name": "x"}', "has no parameter_description"),
            ('{"name": "x", "parameter_description": {"input": []}}', "section input"),
            ('{"name": "x", "parameter_description": {"input": {"a": 1}}}', "input a"),
        ],
    )
    def test_a_file_that_is_no_details_document_is_named(self, tmp_path, content, complaint):
        write(tmp_path, "broken.json", content)
        with pytest.raises(CatalogueError, match=rf"broken\.json.*{complaint}"):
            load_catalogue(tmp_path)

    def test_an_endpoint_described_twice_is_named(self, tmp_path):
        for name in ("a.json", "b.json"):
            write(tmp_path, name, '{"name": "x", "parameter_description": {}}')
        with pytest.raises(CatalogueError, match="x a second time"):
            load_catalogue(tmp_path)
