"""A Ray cluster of two nodes on this machine, as small as it can be, one of which can be killed.

`python -m ray_data.cluster` runs one until its input ends, and prints its address.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, Self

# Before Ray is imported: it calls home otherwise.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"

import ray
from ray.cluster_utils import Cluster

_NODE = {"num_cpus": 2, "object_store_memory": 100_000_000}


class TwoNodes:
    """The cluster, for the length of a block; this process is a driver on its first node."""

    def __init__(self) -> None:
        self._cluster = Cluster(
            initialize_head=True, head_node_args={**_NODE, "include_dashboard": False}
        )
        self._second: Any = self._cluster.add_node(**_NODE)
        self._cluster.wait_for_nodes()
        ray.init(address=self._cluster.address, log_to_driver=False)
        ray.data.DataContext.get_current().enable_progress_bars = False

    @property
    def address(self) -> str:
        """Where drivers find it."""
        return str(self._cluster.address)

    def kill_second_node(self) -> int:
        """Kill the second node and all its workers as one, as if its power went; return how many processes died."""
        raylet = self._second.all_processes["raylet"][0].process.pid
        processes = [raylet, *_children(raylet)]
        for pid in processes:
            os.kill(pid, signal.SIGKILL)
        self._cluster.remove_node(self._second, allow_graceful=False)
        return len(processes)

    def logs(self) -> str:
        """Return everything that Ray has written down about this cluster."""
        folder = Path(self._cluster.head_node.get_logs_dir_path())
        return "".join(
            path.read_text("utf-8", "replace") for path in folder.rglob("*") if path.is_file()
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        ray.shutdown()
        self._cluster.shutdown()


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text("ascii").split():
            found += [int(child), *_children(int(child))]
    return found


if __name__ == "__main__":
    with TwoNodes() as nodes:
        print(json.dumps({"address": nodes.address}), flush=True)
        sys.stdin.read()
