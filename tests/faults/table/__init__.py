"""The fault table as data: what goes wrong, and how the caller's waiting has to end.

The one place where a fault and its expectation stand. The tests carry every case out in both modes and in
each way of calling; `report.py` writes what came of it into docs/faults.md.
"""

from faults.table.case import HOWS, SLACK, Case
from faults.table.connections import CONNECTIONS
from faults.table.jobs import JOBS
from faults.table.odd_answers import ODD_ANSWERS
from faults.table.odd_polls import ODD_POLLS
from faults.table.statuses import STATUSES

__all__ = ["CASES", "HOWS", "SLACK", "TABLE", "Case"]

TABLE = {
    "Connections": CONNECTIONS,
    "Error statuses and pages": STATUSES,
    "Jobs and deadlines": JOBS,
    "Odd answers": ODD_ANSWERS,
    "Polls that say nothing of the job": ODD_POLLS,
}
CASES = {case.name: case for cases in TABLE.values() for case in cases}
