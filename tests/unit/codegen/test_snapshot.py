"""The snapshot: metadata as canonical files, and names once given."""

import pytest
from aki_codegen.parsing.parse import EndpointNames
from aki_codegen.problems import GenerationError
from aki_codegen.snapshot.snapshot import Snapshot, canonical, read, to_files
from support.metadata import details, snapshot_of

MADE_BY = "Made by a test."
NAMES = {
    "flux-dev": EndpointNames("flux_dev", "FluxDev", {"input": {"b": "b", "a-1": "a_1"}}),
    "gone": EndpointNames("gone", "Gone"),
}


def store(snapshot, folder):
    for path, content in to_files(snapshot, MADE_BY).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


@pytest.fixture
def snapshot():
    documents = {"flux-dev": details({"b": {}, "a-1": {}}), "große/\n": details(title="\ud800 é")}
    return Snapshot("https://hub.example", "aime", snapshot_of(documents).documents, NAMES)


class TestRoundTrip:
    """What is written is read back."""

    def test_a_snapshot_reads_back_as_it_was_written(self, snapshot, tmp_path):
        store(snapshot, tmp_path)
        assert read(tmp_path) == snapshot

    def test_the_order_of_parameters_survives(self, snapshot, tmp_path):
        store(snapshot, tmp_path)
        document = read(tmp_path).documents["flux-dev"]
        assert list(document["parameter_description"]["input"]) == ["b", "a-1"]

    def test_where_there_is_none_none_is_read(self, tmp_path):
        assert read(tmp_path) is None

    def test_a_file_is_named_as_the_endpoint_is_in_python(self, snapshot):
        assert {str(path) for path in to_files(snapshot, MADE_BY)} == {
            "spec/history.json",
            "spec/hub.json",
            "spec/names.json",
            "spec/endpoints/flux_dev.json",
            "spec/endpoints/gro_e.json",
        }

    def test_every_file_says_what_made_it(self, snapshot):
        assert all(
            f'"$comment": "{MADE_BY}"'.encode() in content
            for content in to_files(snapshot, MADE_BY).values()
        )

    def test_files_are_ascii(self, snapshot):
        assert all(content.isascii() for content in to_files(snapshot, MADE_BY).values())


class TestCanonical:
    """What is specification is kept, what changes from second to second is not."""

    def test_figures_of_workers_and_queue_are_dropped(self):
        busy = {"workers": [{"name": "w"}], "num_workers": 3, "free_queue_slots": 7}
        assert canonical("a", details(**busy)) == canonical("a", details())

    def test_the_listed_name_counts(self):
        assert canonical("listed", details(name="told"))["name"] == "listed"

    def test_what_is_no_object_is_kept_to_be_told(self):
        assert canonical("a", ["x"]) == ["x"]

    def test_the_order_of_what_stands_at_the_top_does_not_matter(self):
        document = details(description="x", category="chat", version=1)
        turned = dict(reversed(document.items()))
        assert list(canonical("a", turned).items()) == list(canonical("a", document).items())

    def test_the_order_in_which_names_were_given_does_not_matter(self, snapshot):
        def turned(names):
            return {
                wire: EndpointNames(
                    given.name,
                    given.models,
                    {section: dict(reversed(f.items())) for section, f in given.fields.items()},
                )
                for wire, given in reversed(names.items())
            }

        other = Snapshot(
            snapshot.server, snapshot.layout, snapshot.documents, turned(snapshot.names)
        )
        assert to_files(other, MADE_BY) == to_files(snapshot, MADE_BY)


class TestDamage:
    """A snapshot that cannot be read is told, with the way out."""

    @pytest.mark.parametrize("file", ["hub.json", "names.json", "endpoints/flux_dev.json"])
    @pytest.mark.parametrize("text", ["", "<<<<<<< ours", "[]", '{"a": 1}', "\x00"])
    def test_a_damaged_file_is_named(self, snapshot, tmp_path, file, text):
        store(snapshot, tmp_path)
        (tmp_path / "spec" / file).write_text(text)
        with pytest.raises(GenerationError, match=f"(?s){file}.*restore it from git"):
            read(tmp_path)
