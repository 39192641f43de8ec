"""What the product costs, measured against what else there is. Run one with `python -m benchmarks.NAME`."""

import os

# Logfire is here for one test, and would come with every import of pydantic, in each process that is measured.
os.environ["PYDANTIC_DISABLE_PLUGINS"] = "logfire-plugin"
