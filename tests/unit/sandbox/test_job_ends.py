"""How jobs end without a result that anybody waits for: lapsed, cancelled, forgotten."""

import pytest
from unit.sandbox.asking import poll, state, submit


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
        hub.jobs.forget_all()
        assert poll(hub, job_id).status == 402


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


def test_jobs_that_ended_long_ago_are_not_kept(hub, clock):
    submit(hub)
    clock.advance(100_000)
    submit(hub)
    assert len(hub.jobs) == 1
