"""The life of jobs: states, queue, timers, cancelling, and results handed out once."""

from itertools import pairwise

import pytest

KEY = {"key": "any"}


def submit(hub, prompt="hi", endpoint="llama3_8b_chat"):
    name = "prompt_input" if endpoint.endswith("chat") else "prompt"
    reply = hub.submit(endpoint, {**KEY, name: prompt})
    assert reply.status == 200
    return reply.body["job_id"]


def poll(hub, job_id, endpoint="llama3_8b_chat", **extra):
    return hub.progress(endpoint, {**KEY, "job_id": job_id, **extra})


def state(hub, job_id):
    return poll(hub, job_id).body.get("job_state")


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
            == {
                "success": True,
                "job_id": job_id,
                "ep_version": 3,
                "job_state": "done",
            }
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


class TestLapse:
    """Jobs whose worker or caller fell silent, and jobs that are forgotten."""

    def test_a_job_lapses_when_its_worker_says_nothing_for_too_long(self, hub, clock):
        job_id = submit(hub, "[[hang]]")
        clock.advance(359)
        assert state(hub, job_id) == "processing"
        clock.advance(1)
        reply = poll(hub, job_id)
        assert reply.status == 400
        assert reply.body == {
            "success": False,
            "error": f"Job {job_id} on llama3_8b_chat lapsed!",
            "ep_version": 3,
            "job_state": "lapsed",
            "progress": {
                "queue_position": 0,
                "estimate": -1,
                "num_workers_online": 1,
                "progress": 0,
                "progress_data": {},
            },
        }

    def test_a_long_job_lives_as_long_as_its_worker_reports(self, hub, clock):
        job_id = submit(hub, "[[dur=3000 steps=10]]")
        clock.advance(2999)
        assert state(hub, job_id) == "processing"

    def test_a_lapsed_job_frees_its_slot(self, make_hub, clock):
        hub = make_hub(worker_slots=1)
        submit(hub, "[[hang]]")
        job_id = submit(hub)
        clock.advance(361)
        assert state(hub, job_id) == "processing"

    def test_a_result_can_be_fetched_until_the_timeout(self, hub, clock):
        job_id = submit(hub)
        clock.advance(10 + 359)
        assert "job_result" in poll(hub, job_id).body

    def test_a_result_that_nobody_fetched_lapses(self, hub, clock):
        job_id = submit(hub)
        clock.advance(10 + 360)
        assert state(hub, job_id) == "lapsed"

    def test_an_ended_job_is_forgotten_after_a_while(self, hub, clock):
        job_id = submit(hub)
        clock.advance(10)
        poll(hub, job_id)
        clock.advance(899)
        assert state(hub, job_id) == "done"
        clock.advance(1)
        assert poll(hub, job_id).status == 402

    def test_a_restart_forgets_every_job(self, hub):
        job_id = submit(hub)
        hub.forget_jobs()
        assert poll(hub, job_id).status == 402


class TestCancel:
    """`cancel: true` in a progress request."""

    def test_a_job_is_canceled_at_the_next_step_of_its_worker(self, hub, clock):
        job_id = submit(hub, "[[steps=10]]")
        clock.advance(4.5)
        assert poll(hub, job_id, cancel=True).body["job_state"] == "processing"
        clock.advance(0.4)
        assert state(hub, job_id) == "processing"
        clock.advance(0.2)
        assert state(hub, job_id) == "canceled"

    def test_a_canceled_job_hands_out_what_there_was_once(self, hub, clock):
        job_id = submit(hub, "[[steps=10]]")
        clock.advance(4.5)
        poll(hub, job_id, cancel=True)
        clock.advance(5)
        assert poll(hub, job_id).body["job_result"]["text"].startswith("Hello")
        assert "job_result" not in poll(hub, job_id).body

    def test_a_canceled_picture_has_no_images(self, hub, clock):
        job_id = submit(hub, "a cat", "z_image_turbo")
        clock.advance(5)
        poll(hub, job_id, "z_image_turbo", cancel=True)
        clock.advance(5)
        assert "images" not in poll(hub, job_id, "z_image_turbo").body["job_result"]

    def test_a_job_in_its_last_step_ends_as_done(self, hub, clock):
        job_id = submit(hub, "[[steps=10]]")
        clock.advance(9.5)
        poll(hub, job_id, cancel=True)
        clock.advance(5)
        assert state(hub, job_id) == "done"

    def test_a_waiting_job_never_starts(self, make_hub, clock):
        hub = make_hub(worker_slots=1)
        submit(hub)
        job_id = submit(hub)
        assert poll(hub, job_id, cancel=True).body["job_state"] == "queued"
        clock.advance(30)
        reply = poll(hub, job_id).body
        assert reply["job_state"] == "canceled"
        assert "job_result" not in reply

    def test_a_canceled_job_frees_its_slot(self, make_hub, clock):
        hub = make_hub(worker_slots=1)
        first = submit(hub, "[[steps=10]]")
        second = submit(hub)
        clock.advance(0.5)
        poll(hub, first, cancel=True)
        clock.advance(1)
        assert state(hub, second) == "processing"

    def test_those_behind_a_canceled_job_move_up(self, make_hub):
        hub = make_hub(worker_slots=1)
        submit(hub)
        first, second = submit(hub), submit(hub)
        poll(hub, first, cancel=True)
        assert poll(hub, second).body["progress"]["queue_position"] == 1

    def test_the_public_server_ignores_it(self, make_hub, clock):
        hub = make_hub(honour_cancel=False)
        job_id = submit(hub)
        poll(hub, job_id, cancel=True)
        clock.advance(10)
        assert state(hub, job_id) == "done"

    def test_it_may_take_effect_late(self, make_hub, clock):
        hub = make_hub(cancel_delay=3.2)
        job_id = submit(hub, "[[steps=10]]")
        for _ in range(2):  # asking again neither hurries it nor puts it off
            clock.advance(1)
            poll(hub, job_id, cancel=True)
        clock.advance(2.5)
        assert state(hub, job_id) == "processing"
        clock.advance(0.6)
        assert state(hub, job_id) == "canceled"

    @pytest.mark.parametrize(("delay", "ends_as"), [(9.5, "done"), (8.5, "canceled")])
    def test_a_late_one_may_come_too_late(self, make_hub, clock, delay, ends_as):
        hub = make_hub(cancel_delay=delay)
        job_id = submit(hub, "[[steps=10]]")
        poll(hub, job_id, cancel=True)
        clock.advance(100)
        assert state(hub, job_id) == ends_as

    def test_a_late_one_reaches_a_job_that_has_started_meanwhile(self, make_hub, clock):
        hub = make_hub(worker_slots=1, cancel_delay=15)
        submit(hub)
        job_id = submit(hub, "[[steps=10]]")
        poll(hub, job_id, cancel=True)
        clock.advance(12)
        assert state(hub, job_id) == "processing"
        clock.advance(10)
        assert poll(hub, job_id).body["job_result"]["num_generated_tokens"] > 1
        assert state(hub, job_id) == "canceled"


class TestLapseOnDemand:
    """Jobs that are made to lapse."""

    def test_a_processed_one_lapses_and_frees_its_slot(self, make_hub):
        hub = make_hub(worker_slots=1)
        first, second = submit(hub), submit(hub)
        hub.lapse(first)
        assert (state(hub, first), state(hub, second)) == ("lapsed", "processing")

    def test_a_waiting_one_lapses(self, make_hub):
        hub = make_hub(worker_slots=1)
        submit(hub)
        first, second = submit(hub), submit(hub)
        hub.lapse(first)
        assert state(hub, first) == "lapsed"
        assert poll(hub, second).body["progress"]["queue_position"] == 1

    def test_an_ended_one_stays_as_it_is(self, hub, clock):
        job_id = submit(hub)
        clock.advance(20)
        hub.lapse(job_id)
        assert state(hub, job_id) == "done"

    def test_an_unknown_one_is_left_alone(self, hub):
        hub.lapse("nope")


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


def test_jobs_that_ended_long_ago_are_not_kept(hub, clock):
    submit(hub)
    clock.advance(100_000)
    submit(hub)
    assert len(hub.jobs) == 1
