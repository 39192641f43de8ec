"""Accept what the generator makes now as what is expected: `python tests/golden/accept.py CASE...`, or `--all`.

Read the diff that the failing test prints before, and `git diff` after.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support import golden

if __name__ == "__main__":
    wanted = golden.cases() if sys.argv[1:] == ["--all"] else sys.argv[1:]
    if not wanted or not set(wanted) <= set(golden.cases()):
        sys.exit(f"usage: python tests/golden/accept.py CASE... (or --all)\ncases: {', '.join(golden.cases())}")
    for case in wanted:
        golden.accept(case)
        print(f"accepted {case}")
