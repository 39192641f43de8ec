"""Jobs from the submit to the result: progress, the queue, and a result that is handed out once."""

from itertools import pairwise

import pytest
from unit.sandbox.asking import poll, state, submit


class TestProcessing:
    """Jobs that a worker has taken."""

    def test_a_job_is_processed_at_once_when_a_worker_is_free(self, hub):
        assert poll(hub, submit(hub)).body["progress"] == {
            "queue_position": 0,
            "estimate": 10.0,
            "num_workers_online": 1,
            "progress": 0,
            "progress_data": {},
        }

    def test_text_in_progress_is_cumulative(self, hub, clock):
        job_id = submit(hub, "[[steps=10]]")
        texts = []
        for _ in range(9):
            clock.advance(1)
            texts.append(poll(hub, job_id).body["progress"]["progress_data"]["text"])
        assert all(after.startswith(before) for before, after in pairwise(texts))
        assert len(set(texts)) == 9

    def test_progress_of_a_chat_counts_tokens(self, hub, clock):
        job_id = submit(hub)
        clock.advance(5)
        progress = poll(hub, job_id).body["progress"]
        assert progress["progress"] == progress["progress_data"]["num_generated_tokens"] > 1

    def test_progress_of_a_picture_is_a_percentage(self, hub, clock):
        job_id = submit(hub, "a cat", "z_image_turbo")
        clock.advance(5)
        assert poll(hub, job_id, "z_image_turbo").body["progress"]["progress"] == 50

    def test_a_worker_that_reported_leaks_its_auth_key(self, hub, clock):
        job_id = submit(hub)
        clock.advance(5)
        assert {"auth", "auth_key", "job_type"} <= poll(hub, job_id).body["progress"].keys()

    def test_only_declared_progress_outputs_are_reported(self, hub, clock):
        job_id = submit(hub)
        clock.advance(5)
        declared = hub.catalogue["llama3_8b_chat"].progress_outputs
        assert poll(hub, job_id).body["progress"]["progress_data"].keys() == declared.keys()

    def test_a_directive_sets_the_length_of_a_job(self, hub, clock):
        job_id = submit(hub, "[[dur=2]]")
        clock.advance(1.9)
        assert state(hub, job_id) == "processing"
        clock.advance(0.2)
        assert state(hub, job_id) == "done"


class TestDone:
    """Jobs whose result is there."""

    def test_the_result_is_handed_out_once(self, hub, clock):
        job_id = submit(hub)
        clock.advance(10)
        first, second = poll(hub, job_id).body, poll(hub, job_id).body
        assert first.pop("job_result")["text"]
        assert (
            first
            == second
            == {"success": True, "job_id": job_id, "ep_version": 3, "job_state": "done"}
        )

    def test_a_result_tells_how_long_it_took(self, make_hub, clock):
        hub = make_hub(worker_slots=1)
        submit(hub)
        job_id = submit(hub)
        clock.advance(25)
        result = poll(hub, job_id).body["job_result"]
        assert (result["compute_duration"], result["total_duration"]) == (10, 20)
        assert (result["arrival_time"], result["start_time"]) == (0, 10)

    def test_a_failing_worker_succeeds_with_an_error_and_no_outputs(self, hub, clock):
        job_id = submit(hub, "[[error=CUDA_out_of_memory]]")
        clock.advance(10)
        result = poll(hub, job_id).body["job_result"]
        assert (result["success"], result["error"]) == (True, "CUDA out of memory")
        assert "text" not in result

    def test_a_failing_worker_may_keep_its_outputs(self, hub, clock):
        job_id = submit(hub, "[[errkeep=truncated]]")
        clock.advance(10)
        result = poll(hub, job_id).body["job_result"]
        assert result["error"] == "truncated"
        assert result["text"]


class TestQueue:
    """Jobs beyond the slots of the worker."""

    def test_jobs_beyond_the_slots_wait_in_order(self, make_hub):
        hub = make_hub(worker_slots=2)
        jobs = [submit(hub) for _ in range(4)]
        positions = [poll(hub, job).body["progress"]["queue_position"] for job in jobs]
        assert positions == [0, 0, 1, 2]
        assert [state(hub, job) for job in jobs] == ["processing"] * 2 + ["queued"] * 2

    def test_a_waiting_job_starts_the_moment_a_slot_is_free(self, make_hub, clock):
        hub = make_hub(worker_slots=1)
        submit(hub, "[[dur=3]]")
        job_id = submit(hub, "[[dur=4]]")
        clock.advance(7)
        assert state(hub, job_id) == "done"

    def test_no_job_starts_before_it_was_submitted(self, make_hub, clock):
        hub = make_hub(worker_slots=1)
        submit(hub)
        clock.advance(50)
        job_id = submit(hub)
        clock.advance(9)
        assert state(hub, job_id) == "processing"

    def test_each_endpoint_has_a_queue_of_its_own(self, make_hub):
        hub = make_hub(worker_slots=1)
        submit(hub)
        assert poll(hub, submit(hub, endpoint="llama3_chat"), "llama3_chat").body["job_state"] == (
            "processing"
        )

    def test_a_full_queue_refuses_with_a_plain_string_before_it_looks_at_the_key(self, make_hub):
        hub = make_hub(worker_slots=1, max_queue_length=1)
        submit(hub)
        submit(hub)
        reply = hub.submit("llama3_8b_chat", {"key": "bad-key"})
        assert (reply.status, reply.body) == (
            400,
            {"success": False, "error": "Job queue reached max length 1!", "ep_version": 3},
        )

    def test_without_workers_jobs_wait_and_nobody_knows_how_long(self, make_hub):
        hub = make_hub(worker_slots=0)
        progress = poll(hub, submit(hub)).body["progress"]
        assert (progress["queue_position"], progress["estimate"]) == (1, -1)
        assert progress["num_workers_online"] == 0

    def test_a_job_that_waits_too_long_lapses(self, make_hub, clock):
        hub = make_hub(worker_slots=0)
        job_id = submit(hub)
        clock.advance(3600)
        assert state(hub, job_id) == "lapsed"


class TestUnknownJobs:
    """Progress requests that name no job of the endpoint."""

    def test_an_unknown_job_answers_402(self, hub):
        reply = poll(hub, "nope")
        assert (reply.status, reply.body) == (
            402,
            {
                "success": False,
                "error": ["Client has no active request with this job id nope"],
                "ep_version": 3,
            },
        )

    def test_a_job_of_another_endpoint_is_unknown(self, hub):
        assert poll(hub, submit(hub), "llama3_chat").status == 402

    @pytest.mark.parametrize("payload", [{}, {"job_id": ""}, {"job_id": 5}])
    def test_a_missing_job_id_answers_402(self, hub, payload):
        assert hub.progress("llama3_chat", payload).body["error"] == ["No job_id given"]

    def test_progress_asks_for_no_key(self, hub):
        assert hub.progress("llama3_8b_chat", {"job_id": submit(hub)}).status == 200


def test_thousands_of_jobs_wait_in_order_and_all_get_done(make_hub, clock):
    hub = make_hub(worker_slots=100, max_queue_length=5000)
    jobs = [submit(hub) for _ in range(3000)]
    assert poll(hub, jobs[-1]).body["progress"]["queue_position"] == 2900
    clock.advance(300)
    assert {state(hub, job) for job in jobs} == {"done"}
