"""How often each job is asked after, and whether ever twice at the same time.

Owns the counting of polls, for tests of the rule "one poll at a time for one job": two that overlap
race for a result that is handed out once. Must not know HTTP, nor what a poll is answered.
"""

from collections import Counter
from collections.abc import Callable
from typing import TypeAlias

IsGone: TypeAlias = Callable[[], bool]


class PollLog:
    """The polls of all jobs.

    Attributes:
        by_job: How many polls each job id got, whatever became of them.
        most_at_once: The most polls that one job had at the same time; 1 when all is well.
        overlapping: The job id of every poll that came while another of that job was open.
    """

    def __init__(self) -> None:
        self.by_job: Counter[str] = Counter()
        self.most_at_once = 0
        self.overlapping: list[str] = []
        self._open: dict[str, list[IsGone]] = {}

    def begin(self, job_id: str, is_gone: IsGone) -> None:
        """Note that a poll has come.

        Args:
            job_id: Which job it asks after.
            is_gone: Says whether its caller has given up: from then on it overlaps with nothing,
                although the hub may still be busy with it.
        """
        self.by_job[job_id] += 1
        others = [other for other in self._open.get(job_id, []) if not other()]
        if others:
            self.overlapping.append(job_id)
        self._open[job_id] = [*others, is_gone]
        self.most_at_once = max(self.most_at_once, len(others) + 1)

    def end(self, job_id: str, is_gone: IsGone) -> None:
        """Note that a poll is over."""
        left = [other for other in self._open.pop(job_id, []) if other is not is_gone]
        if left:
            self._open[job_id] = left
