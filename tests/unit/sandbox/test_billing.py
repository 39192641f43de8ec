"""The bill of a hub: which jobs it names, for how much, and whose they are."""

import pytest
from aki_sandbox.settings import Tariff
from unit.sandbox.asking import poll, submit


def bill(hub, key="any"):
    return hub.bill(key).body


def line(hub, endpoint="llama3_8b_chat"):
    return bill(hub)["endpoints"].get(endpoint)


def test_a_chat_is_billed_for_the_tokens_that_its_result_names(hub, clock):
    job_id = submit(hub, "how are you")
    clock.advance(11)
    result = poll(hub, job_id).body["job_result"]
    billed = line(hub)
    assert billed["jobs"] == 1
    assert billed["input_tokens"] == result["prompt_length"] > 0
    assert billed["cached_tokens"] == result["num_cached_tokens"] > 0
    assert billed["output_tokens"] == result["num_generated_tokens"] > 0
    assert billed["compute_seconds"] == "10"


def test_amounts_are_exact_and_the_whole_is_rounded_to_the_cent_once(make_hub, clock):
    tariff = Tariff(million_read="0", million_cached="0", million_written="0", picture="0.004")
    hub = make_hub(tariffs={"*": tariff})
    for _ in range(3):
        submit(hub, "a cat", "z_image_turbo")
    submit(hub, "a cat", "flux-dev")
    clock.advance(11)
    owed = bill(hub)
    amounts = {name: each["amount"] for name, each in owed["endpoints"].items()}
    assert amounts == {"flux-dev": "0.004", "z_image_turbo": "0.012"}
    assert (owed["amount"], owed["to_the_cent"], owed["currency"]) == ("0.016", "0.02", "EUR")


def test_an_endpoint_may_have_a_tariff_of_its_own(make_hub, clock):
    hub = make_hub(tariffs={"*": Tariff(), "xttsv2": Tariff(second_of_sound="2")})
    hub.submit("xttsv2", {"key": "any", "text": "three words here"})
    clock.advance(11)
    billed = line(hub, "xttsv2")
    assert (billed["sound_seconds"], billed["amount"]) == ("0.36", "0.72")


def test_a_job_is_billed_when_it_has_ended(hub, clock):
    submit(hub)
    assert bill(hub)["endpoints"] == {}
    clock.advance(11)
    assert line(hub)["jobs"] == 1


def test_a_result_that_nobody_fetches_is_billed_once(hub, clock):
    submit(hub)
    for _ in range(3):
        clock.advance(400)
        assert line(hub)["jobs"] == 1


def test_a_job_that_is_cancelled_is_billed_for_what_was_written_until_then(hub, clock):
    job_id = submit(hub, "[[steps=10]]")
    clock.advance(4.5)
    poll(hub, job_id, cancel=True)
    clock.advance(0.5)
    result = poll(hub, job_id).body["job_result"]
    billed = line(hub)
    assert billed["output_tokens"] == result["num_generated_tokens"]
    assert billed["compute_seconds"] == "5"


def test_a_picture_that_is_cancelled_is_not_billed_as_one(hub, clock):
    job_id = submit(hub, "a cat", "z_image_turbo")
    clock.advance(4)
    poll(hub, job_id, "z_image_turbo", cancel=True)
    clock.advance(6)
    assert line(hub, "z_image_turbo")["pictures"] == 0


def test_a_job_that_no_worker_has_begun_is_not_billed(make_hub, clock):
    hub = make_hub(worker_slots=0)
    poll(hub, submit(hub), cancel=True)
    clock.advance(1)
    assert bill(hub)["amount"] == "0"


@pytest.mark.parametrize(("ends", "jobs"), [({"done"}, 0), ({"failed"}, 1)])
def test_the_settings_say_which_ends_are_billed(make_hub, clock, ends, jobs):
    hub = make_hub(billed_ends=frozenset(ends))
    submit(hub, "[[errkeep=truncated]]")
    clock.advance(11)
    assert (line(hub) or {"jobs": 0})["jobs"] == jobs


def test_each_key_has_a_bill_of_its_own(hub, clock):
    submit(hub)
    clock.advance(11)
    assert bill(hub, "another-key")["amount"] == "0"
    assert hub.bill("bad-key").status == hub.bill(None).status == 401


def test_jobs_that_the_hub_has_forgotten_stay_on_the_bill(hub, clock):
    job_id = submit(hub)
    clock.advance(11)
    poll(hub, job_id)
    clock.advance(2000)
    submit(hub)
    assert len(hub.jobs) == 1
    assert line(hub)["jobs"] == 1


@pytest.mark.parametrize("limit", [1, 2, 5, 11, 12])
def test_thoughts_count_among_the_tokens_that_may_be_written(hub, clock, limit):
    job_id = submit(hub, "hi", "gpt_oss_chat", max_gen_tokens=limit)
    clock.advance(11)
    written = poll(hub, job_id, "gpt_oss_chat").body["job_result"]["num_generated_tokens"]
    assert written == line(hub, "gpt_oss_chat")["output_tokens"] == limit
