"""Answers that were changed on the way."""

import time

import pytest
from aki_sandbox.faults import edits
from aki_sandbox.faults.edits import Edit
from aki_sandbox.server import SandboxServer
from aki_sandbox.settings import HubSettings
from e2e.sandbox_faults.caller import Caller


class TestEditedAnswers:
    """Answers that are well-formed and yet not as expected."""

    def edited(self, caller, server, change, job_id=None):
        server.faults.add(Edit(change), on="poll")
        return caller.poll(job_id or caller.running_job()).json()

    def final(self, caller, server, change):
        return self.edited(caller, server, change, caller.ended_job())

    def test_a_state_nobody_knows(self, caller, server):
        assert (
            self.edited(caller, server, edits.put("job_state", "paused"))["job_state"] == "paused"
        )

    def test_a_field_left_out(self, caller, server):
        assert "ep_version" not in self.edited(caller, server, edits.drop("ep_version"))

    def test_fields_nobody_knows_everywhere(self, caller, server):
        answer = self.edited(caller, server, edits.unknown_fields)
        assert edits.UNKNOWN_FIELD in answer
        assert edits.UNKNOWN_FIELD in answer["progress"]
        assert edits.UNKNOWN_FIELD in answer["progress"]["progress_data"]

    def test_fields_nobody_knows_are_no_parameters(self, caller, server):
        server.faults.add(Edit(edits.unknown_fields), on="details")
        answer = caller.http.get("/api/endpoints/llama3_chat").json()["parameter_description"]
        assert edits.UNKNOWN_FIELD in answer
        assert edits.UNKNOWN_FIELD not in answer["input"]
        assert edits.UNKNOWN_FIELD not in answer["output"]
        assert edits.UNKNOWN_FIELD not in answer["progress"]["OUTPUTS"]
        assert edits.UNKNOWN_FIELD in answer["input"]["temperature"]

    def test_a_poll_without_progress(self, caller, server):
        assert "progress" not in self.edited(caller, server, edits.drop("progress"))

    @pytest.mark.parametrize("changes", [(), (edits.final_with_progress,)])
    def test_a_final_answer_without_and_with_progress(self, caller, server, changes):
        server.faults.add(Edit(*changes), on="final")
        answer = caller.poll(caller.ended_job()).json()
        assert "job_result" in answer
        assert ("progress" in answer) == bool(changes)

    @pytest.mark.parametrize("value", [None, "soon"])
    def test_progress_that_is_no_object(self, caller, server, value):
        assert self.edited(caller, server, edits.progress_block(value))["progress"] == value

    @pytest.mark.parametrize("value", [None, "37", 1e300])
    def test_figures_of_progress_that_are_odd(self, caller, server, value):
        answer = self.edited(caller, server, edits.progress_field("progress", value))
        assert answer["progress"]["progress"] == value

    def test_text_that_is_rewritten_at_one_step(self, caller, server):
        server.faults.add(Edit(edits.rewritten_text), on="poll", nth=2)
        job_id = caller.job("la " * 500 + "[[dur=10]]")
        texts = []
        for _ in range(3):
            time.sleep(0.06)
            texts.append(caller.poll(job_id).json()["progress"]["progress_data"]["text"])
        first, rewritten, third = texts
        assert not rewritten.startswith(first)
        assert not third.startswith(rewritten)
        assert third.startswith(first)

    def test_outputs_of_other_types(self, caller, server):
        result = self.final(caller, server, edits.wrong_types("text"))["job_result"]
        assert result["text"] == 5

    def test_all_outputs_of_other_types(self, caller, server):
        result = self.final(caller, server, edits.wrong_types())["job_result"]
        assert (result["text"], result["num_generated_tokens"]) == (5, "not what was declared")
        assert result["success"] is True

    def test_outputs_that_are_missing(self, caller, server):
        result = self.final(caller, server, edits.missing_outputs())["job_result"]
        assert result.keys() == {"success", "job_id", "ep_version"}

    def test_outputs_that_nobody_declared(self, caller, server):
        result = self.final(caller, server, edits.extra_outputs(mood="good"))["job_result"]
        assert result["mood"] == "good"

    def test_several_changes_at_once(self, caller, server):
        server.faults.add(Edit(edits.drop("progress"), edits.put("a", 1)), on="poll")
        answer = caller.poll(caller.running_job()).json()
        assert ("progress" in answer, answer["a"]) == (False, 1)

    @pytest.mark.parametrize("counted", [True, False])
    def test_job_ids_in_both_forms(self, counted):
        settings = HubSettings(counted_job_ids=counted)
        with SandboxServer(settings=settings) as server, Caller(server) as caller:
            assert ("#" in caller.job()) == counted
