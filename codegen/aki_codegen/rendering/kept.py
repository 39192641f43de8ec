"""What an earlier generation left that need not be made again. Values: that they still hold is decided elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ..problems import Problem
from .entry import Entry

Files = Mapping[PurePosixPath, bytes]
"""The bytes of files, by their path within a package."""


@dataclass(frozen=True)
class KeptEndpoint:
    """An endpoint whose details, names and overrides are those it was rendered from.

    Attributes:
        entry: What the rest of the package says of it.
        problems: What is wrong with its metadata.
        fingerprint: The fingerprint of its details.
        module: The bytes of its module.
        document: The bytes of its details in the snapshot.
    """

    entry: Entry
    problems: tuple[Problem, ...]
    fingerprint: str
    module: bytes
    document: bytes


@dataclass(frozen=True)
class KeptPackage:
    """A whole package: nothing that it is made from has changed.

    Attributes:
        files: The bytes of its files.
        problems: What is wrong with the metadata.
    """

    files: Files
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Kept:
    """What can be taken over.

    Attributes:
        endpoints: Endpoints, by the hub's names.
        shared: Files that are made from all endpoints, by the digest of what they are made from.
        package: Everything, where nothing has changed.
    """

    endpoints: Mapping[str, KeptEndpoint] = field(default_factory=dict[str, KeptEndpoint])
    shared: Mapping[str, Files] = field(default_factory=dict[str, Files])
    package: KeptPackage | None = None


NOTHING = Kept()
