"""What a CI runner obeys in the lines of its log, whoever wrote them, and how they are shown instead."""

import re

# GitHub and Azure look for ## anywhere in a line, as in ##[error], ##vso[…] and ##teamcity[…].
OBEYED = re.compile(
    r"#(?=#)"
    r"|:(?=:[A-Za-z-]+(?:\s|::|$))|(?:(?<=\s)|^):(?=:)"
    r"|(?:section_(?:start|end)|travis_(?:fold|time))(?=:)"
)
"""The beginning of a command; it is none where something stands between this and the next sign."""


def disobeyed(text: str) -> str:
    """Return a text in which no CI runner finds a command."""
    return OBEYED.sub(r"\g<0> ", text)
