"""What the product costs, measured against what else there is. Run one with `python -m benchmarks.NAME`."""
