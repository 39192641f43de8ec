"""A price file for tests of budgets: a millionth for each token, read or written."""

from pathlib import Path

from aki_client import Prices

PRICES = """
format = 1
currency = "EUR"
[[endpoint."*"]]
valid_from = 2026-01-01
input_per_million = 1
output_per_million = 1
"""


def prices_in(folder: Path) -> Prices:
    """Write the file into a folder and load it."""
    path = folder / "prices.toml"
    path.write_text(PRICES)
    return Prices.load(path)
