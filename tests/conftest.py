"""Makes the shared helpers importable (`from support.metadata import details`), and the client that tests use."""

import sys
from pathlib import Path

_TESTS = str(Path(__file__).parent)
if _TESTS not in sys.path:
    sys.path.append(_TESTS)

from support.package import use_made_package  # noqa: E402

use_made_package()
