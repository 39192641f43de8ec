"""What the guide shows runs as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.site import TOP

pytestmark = pytest.mark.slow


def programs(page: str) -> list[str]:
    text = (TOP / "docs" / page).read_text("utf-8")
    return re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def test_the_example_test_passes(tmp_path: Path) -> None:
    (program,) = programs("testing.md")
    (tmp_path / "test_mine.py").write_text(program)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        env={n: value for n, value in os.environ.items() if not n.startswith("AKI_")},
        timeout=60,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout


def test_a_client_of_a_server_of_ones_own_is_made_without_a_request(tmp_path: Path) -> None:
    (program,) = programs("self-hosted.md")
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\nprint(aki)"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        env={n: value for n, value in os.environ.items() if not n.startswith("AKI_")},
        timeout=60,
        check=False,
    )
    assert done.stdout == "<Aki http://127.0.0.1:7777 without a key>\n", done.stderr
