"""Options and cells: what cannot work is refused early, and columns have one type whatever came."""

import pickle
import subprocess
import sys
from dataclasses import replace

import pytest
from aki_client import Aki, AsyncAki, ConfigurationError
from aki_client.batch import Outcome, RowError
from aki_runtime.ray.caller import rows_of, with_outcomes
from aki_runtime.ray.journal import RowJournal
from aki_runtime.ray.options import CallOptions

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed: make full")

JOURNAL = RowJournal("rows", "aki", 30.0)


def options(**changes):
    """Make options for a chat endpoint."""
    return CallOptions(**{"endpoint": "llama3_8b_chat", "journal": JOURNAL, **changes})


def read(table, **changes):
    """Read the rows of a block."""
    chosen = options(**changes)
    return rows_of(pa.table(table), chosen, chosen.reader())


class TestOptions:
    """What is refused where the dataset is described."""

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"endpoint": "lama3_8b_chat"}, "did you mean llama3_8b_chat?"),
            ({"columns": {"question": "promt_input"}}, "did you mean 'prompt_input'?"),
            ({"constants": {"steps": 3}}, "unknown parameter 'steps'"),
            (
                {"fields": {"image": "picture"}},
                "image is not an output of llama3_8b_chat; it has text",
            ),
            ({"fields": {"text": "aki_error"}}, "two new columns would be called 'aki_error'"),
            ({"fields": {"text": "a", "num_generated_tokens": "a"}}, "two new columns"),
            ({"concurrency": 0}, "it is 1 to 100"),
            ({"timeout": 0}, "give seconds, or None"),
        ],
        ids=lambda value: value if isinstance(value, str) else next(iter(value)),
    )
    def test_that_fit_nothing_are_refused_in_a_sentence(self, changes, sentence):
        with pytest.raises(ConfigurationError, match=sentence.replace("?", r"\?")):
            options(**changes)

    def test_are_pickled_without_a_key(self, monkeypatch):
        monkeypatch.setenv("AKI_API_KEY", "sk-4711")
        assert b"sk-4711" not in pickle.dumps(options())
        assert "sk-4711" not in repr(options())

    def test_take_the_key_from_a_file_of_the_node(self, tmp_path):
        file = tmp_path / "key"
        file.write_text("sk-4711\n")
        client = options(key_file=str(file)).make_client()
        assert client.api_key.reveal() == "sk-4711"

    def test_mean_the_same_folder_and_key_file_wherever_a_worker_runs(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        given = options(media="media", key_file="key")
        assert (given.media, given.key_file) == (str(tmp_path / "media"), str(tmp_path / "key"))

    @pytest.mark.parametrize("text", [None, ""])
    def test_name_a_key_file_that_is_not_good(self, tmp_path, text):
        file = tmp_path / "key"
        if text is not None:
            file.write_text(text)
        with pytest.raises(ConfigurationError, match=r"key file .*key .*on this node"):
            options(key_file=str(file)).make_client()

    @pytest.mark.parametrize("kind", [Aki, AsyncAki])
    def test_take_an_endpoint_with_its_hub_and_never_its_key(self, monkeypatch, kind):
        monkeypatch.delenv("AKI_API_KEY", raising=False)
        aki = kind("sk-4711", api_server="http://hub.test/base", layout="aime", allow_http=True)
        given = options(endpoint=aki.llama3_8b_chat.with_options(timeout=5, max_retries=7))
        assert given.endpoint == "aki_client:llama3_8b_chat"
        assert b"sk-4711" not in pickle.dumps(given)
        monkeypatch.setenv("AKI_API_KEY", "the-key-of-the-node")
        client = replace(given, retry_failed=True).make_client()
        assert client.api_server == "http://hub.test/base"
        assert client.api_key.reveal() == "the-key-of-the-node"
        assert (given.layout, given.timeout, given.client_options["max_retries"]) == ("aime", 5, 7)

    def test_that_are_said_count_more_than_those_of_the_endpoint(self):
        aki = Aki("sk-4711", api_server="https://hub.test")
        given = options(
            endpoint=aki.llama3_8b_chat.with_options(timeout=5),
            api_server="https://other.test",
            timeout=9,
        )
        assert (given.api_server, given.timeout) == ("https://other.test", 9)

    def test_do_not_send_the_key_of_a_node_over_http_for_an_endpoint_that_had_none(
        self, monkeypatch
    ):
        monkeypatch.delenv("AKI_API_KEY", raising=False)
        given = options(endpoint=Aki(api_server="http://hub.test").llama3_8b_chat)
        monkeypatch.setenv("AKI_API_KEY", "the-key-of-the-node")
        with pytest.raises(ConfigurationError, match="http"):
            given.make_client()

    def test_leave_the_hub_to_each_node_for_an_endpoint_of_no_client(self):
        assert options(endpoint=Aki.llama3_8b_chat).api_server is None


class TestRows:
    """Rows of a block."""

    def test_are_called_by_their_id(self):
        (row,) = read(
            {"id": [7], "question": ["Hi"]}, row_id="id", columns={"question": "prompt_input"}
        )
        assert (row.row_id, row.parameters) == ("7", {"prompt_input": "Hi"})

    def test_without_ids_are_called_by_what_they_ask_for(self):
        one, same, other = read({"n": [1, 2, 3], "prompt_input": ["a", "a", "b"]})
        assert one.row_id == same.row_id != other.row_id

    def test_of_other_constants_are_other_rows(self):
        (one,) = read({"prompt_input": ["a"]}, constants={"top_k": 3})
        (other,) = read({"prompt_input": ["a"]}, constants={"top_k": 4})
        assert one.row_id != other.row_id

    @pytest.mark.parametrize(
        ("columns", "changes", "sentence"),
        [
            ({"n": [1]}, {"row_id": "id"}, "has no column 'id'; it has n"),
            ({"n": [1]}, {"columns": {"q": "prompt_input"}}, "has no column 'q'"),
            ({"id": [None]}, {"row_id": "id"}, "a row has no id"),
            ({"aki_error": ["x"]}, {}, "has a column 'aki_error' already"),
            (
                {"q": ["a"], "prompt_input": ["b"]},
                {"columns": {"q": "prompt_input"}},
                "two columns are for prompt_input",
            ),
        ],
        ids=["row id", "column", "null", "taken", "twice"],
    )
    def test_that_can_not_be_read_are_refused_in_a_sentence(self, columns, changes, sentence):
        with pytest.raises(ConfigurationError, match=sentence):
            read(columns, **changes)

    def test_in_another_format_are_refused_with_what_to_do(self):
        chosen = options()
        with pytest.raises(ConfigurationError, match="batch_format='pyarrow'"):
            rows_of({"prompt_input": ["a"]}, chosen, chosen.reader())


class TestColumns:
    """The columns of outcomes."""

    DONE = Outcome(0, "done", {"text": "Hi", "num_generated_tokens": 3}, job_id="job-1")
    FAILED = Outcome(0, "failed", error=RowError("JobFailedError", "no"))

    def added(self, *outcomes, **changes):
        """Return a table with columns of outcomes."""
        table = pa.table({"n": list(range(len(outcomes)))})
        fields = {"text": "answer", "num_generated_tokens": "tokens"}
        return with_outcomes(table, outcomes, options(fields=fields, **changes))

    def test_hold_results_and_errors(self):
        done, failed = self.added(self.DONE, self.FAILED).to_pylist()
        assert done == {
            "n": 0,
            "aki_outcome": "done",
            "aki_outputs": '{"text":"Hi","num_generated_tokens":3}',
            "aki_error_type": None,
            "aki_error": None,
            "aki_job_id": "job-1",
            "answer": "Hi",
            "tokens": 3,
        }
        assert (failed["aki_outcome"], failed["aki_error_type"]) == ("failed", "JobFailedError")
        assert (failed["aki_error"], failed["answer"]) == ("no", None)

    def test_have_the_same_types_whatever_came(self):
        assert self.added(self.DONE).schema == self.added(self.FAILED).schema

    @pytest.mark.parametrize("odd", ["3", True, 1.5, [3], 1 << 63], ids=repr)
    def test_leave_out_what_is_not_of_the_declared_type(self, odd):
        outcome = Outcome(0, "done", {"num_generated_tokens": odd})
        assert self.added(outcome)["tokens"].to_pylist() == [None]
        assert "num_generated_tokens" in self.added(outcome)["aki_outputs"][0].as_py()

    def test_take_text_that_is_none_for_arrow(self):
        (row,) = self.added(Outcome(0, "done", {"text": "a\ud800b"})).to_pylist()
        assert (row["answer"], row["aki_outputs"]) == ("a\\ud800b", '{"text":"a\\ud800b"}')

    def test_have_the_prefix_that_was_chosen(self):
        assert "call_outcome" in self.added(self.DONE, prefix="call_").column_names


def test_without_ray_one_sentence_says_what_to_install():
    code = "import sys; sys.modules['ray'] = None; import aki_client.ray"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    last = run.stderr.strip().splitlines()[-1]
    assert last == "ImportError: datasets need Ray: pip install 'aki-client[ray]'"
