"""Accept the public names of today as what is expected: `python tests/public_api/accept.py`.

Read the diff that the failing test prints before, and `git diff` after. It needs the extras celery and ray.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from public_api.listing import accept
from support.package import use_made_package

if __name__ == "__main__":
    use_made_package()
    accept()
