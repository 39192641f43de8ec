"""What is generated from small metadata, byte for byte; each case is a folder with `spec/` and `expected/`."""

import pytest
from support import golden


@pytest.mark.parametrize("case", golden.cases())
def test_what_is_generated_is_what_is_expected(case):
    difference = golden.difference(case)
    if difference:
        pytest.fail(
            f"{difference}\nThe generator makes other files of tests/golden/{case}/spec.\n"
            f"If that is wanted:  python tests/golden/accept.py {case}",
            pytrace=False,
        )


def test_every_case_is_small_enough_to_be_read():
    specs = list(golden.FOLDER.glob("*/spec/*.json"))
    assert len(specs) >= len(golden.cases()) >= 6
    assert all(spec.read_text("utf-8").count("\n") <= 60 for spec in specs)
