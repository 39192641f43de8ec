"""Prints on how many inputs client and hub agree: `make figures` runs it."""

import sys
import tempfile
from pathlib import Path

from .compare import captured_documents, catalogue_documents, compare, generated, made_up_documents

EXAMPLES = 2_000


def main() -> int:
    """Compare all endpoints, print the figure, and fail on any disagreement."""
    inputs = accepted = 0
    disagreements: list[str] = []
    sources = {
        "catalogue_client": catalogue_documents(),
        "made_up_client": made_up_documents(),
        "recorded_client": captured_documents(),
    }
    for package, documents in sources.items():
        if not documents:  # recorded ones are not always there
            continue
        with (
            tempfile.TemporaryDirectory() as folder,
            generated(documents, Path(folder), package) as infos,
        ):
            for name, document in documents.items():
                tally = compare(infos[name], document, EXAMPLES)
                inputs += tally.inputs
                accepted += tally.accepted
                disagreements += [f"{name}: {text}" for text in tally.disagreements]
                if not tally.tells_something(EXAMPLES):
                    disagreements.append(f"{name}: too few calls were drawn, or all of one kind")
    endpoints = sum(map(len, sources.values()))
    print("\n".join(disagreements), end="\n" if disagreements else "")
    print(
        f"agreement of validation: {inputs:,} inputs over {endpoints} endpoints, "
        f"{accepted:,} accepted and {inputs - accepted - len(disagreements):,} refused by both, "
        f"{len(disagreements)} disagreements"
    )
    return 1 if disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
