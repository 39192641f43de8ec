"""Which requests go wrong: the rules of a plan."""

import time

import httpx
import pytest
from aki_sandbox.faults.effects import Cut, Lapse, QueueFull, Status
from aki_sandbox.faults.plan import FaultPlan
from aki_sandbox.server import SandboxServer
from e2e.sandbox_faults.caller import ENDPOINT, LONG


class TestWhichRequestsGoWrong:
    """The rules of a plan."""

    def statuses(self, caller, count):
        return [caller.list().status_code for _ in range(count)]

    def test_without_any_rule_nothing_does(self, caller):
        assert self.statuses(caller, 3) == [200, 200, 200]

    @pytest.mark.parametrize(
        ("rule", "statuses"),
        [
            ({}, [503, 200, 200, 200, 200, 200]),
            ({"nth": 2}, [200, 503, 200, 200, 200, 200]),
            ({"nth": 2, "times": 2}, [200, 503, 503, 200, 200, 200]),
            ({"nth": 3, "times": None}, [200, 200, 503, 503, 503, 503]),
            ({"nth": 2, "every": 2, "times": 2}, [200, 503, 200, 503, 200, 200]),
            ({"every": 3, "times": None}, [503, 200, 200, 503, 200, 200]),
        ],
    )
    def test_they_are_counted_from_when_the_rule_is_added(self, caller, server, rule, statuses):
        caller.list()
        fault = server.faults.add(Status(503), **rule)
        assert self.statuses(caller, 6) == statuses
        assert (fault.seen, fault.hits) == (6, statuses.count(503))

    @pytest.mark.parametrize(
        ("kind", "method", "path"),
        [
            ("list", "GET", "/api/endpoints"),
            ("details", "GET", "/api/endpoints/llama3_chat"),
            ("validate_key", "GET", "/api/validate_key"),
            ("submit", "POST", "/api/call/llama3_chat"),
            ("submit", "POST", "/llama3_chat"),
            ("poll", "POST", "/api/progress/llama3_chat"),
            ("poll", "POST", "/llama3_chat/progress"),
            ("models", "GET", "/v1/models"),
            ("chat", "POST", "/v1/chat/completions"),
            ("unknown", "GET", "/a/b/c/d"),
        ],
    )
    def test_a_rule_may_be_for_one_kind_of_requests(self, caller, server, kind, method, path):
        fault = server.faults.add(Status(504), on=kind, times=None)
        caller.http.put("/api/endpoints")
        assert fault.seen == (kind == "unknown")
        assert caller.http.request(method, path).status_code == 504

    def test_a_rule_may_be_for_one_endpoint(self, caller, server):
        server.faults.add(Status(503), on="submit", endpoint="kimi_k2", times=None)
        assert caller.submit(endpoint=ENDPOINT).status_code == 200
        assert caller.submit(endpoint="kimi_k2").status_code == 503

    def test_polls_may_be_counted_for_each_job(self, caller, server):
        server.faults.add(Status(503), on="poll", nth=2, per_job=True)
        jobs = [caller.job(LONG), caller.job(LONG)]
        rounds = [[caller.poll(job).status_code for job in jobs] for _ in range(3)]
        assert rounds == [[200, 200], [503, 503], [200, 200]]

    def test_of_two_rules_that_strike_the_first_wins_and_both_count(self, caller, server):
        rules = [server.faults.add(Status(status)) for status in (502, 504)]
        assert self.statuses(caller, 2) == [502, 200]
        assert [(rule.seen, rule.hits) for rule in rules] == [(2, 1), (2, 0)]

    def test_a_part_may_be_drawn_by_lot_and_the_seed_says_which(self, caller, server):
        drawn = []
        for _ in range(2):
            server.faults.add_random(Status(503), rate=0.3, seed=7)
            drawn.append(self.statuses(caller, 50))
            server.faults.clear()
        assert drawn[0] == drawn[1]
        assert 5 < drawn[0].count(503) < 25

    def test_a_plan_may_be_made_before_the_server(self):
        plan = FaultPlan()
        plan.add(Status(503))
        with SandboxServer(faults=plan) as server:
            assert httpx.get(f"{server.url}/api/endpoints").status_code == 503

    def test_a_request_that_is_spared_streams_as_ever(self, caller, server):
        server.faults.add(Status(503), nth=2)
        asked = {
            "model": "llama3-chat-70b",
            "stream": True,
            "messages": [{"role": "user", "content": "hi [[dur=60]]"}],
        }
        headers = {"authorization": "Bearer any"}
        began = time.monotonic()
        with caller.http.stream("POST", "/v1/chat/completions", json=asked, headers=headers) as got:
            next(got.iter_bytes())
            assert time.monotonic() - began < 30

    @pytest.mark.parametrize(
        ("effect", "rule", "reason"),
        [
            (QueueFull(), {"on": "poll"}, 'QueueFull is for on="submit" only.'),
            (Lapse(), {}, 'Lapse is for on="poll" only.'),
            (Cut(), {"nth": 0}, "count from 1"),
            (Cut(), {"on": "submit", "per_job": True}, "per_job is for"),
        ],
    )
    def test_a_rule_that_makes_no_sense_is_refused(self, effect, rule, reason):
        with pytest.raises(ValueError, match=reason):
            FaultPlan().add(effect, **rule)
