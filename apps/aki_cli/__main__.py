"""`python -m aki_cli` is `aki`."""

import sys

from .main import main

sys.exit(main())
