"""What a generated docstring says about each parameter. Pure text."""

import re

_ENTRY = re.compile(r"^ {4}(\w+): (.*)$")
_MORE = re.compile(r"^ {8}(\S.*)$")
# A page has an upload for these, so the ways of giving media in Python are left out.
_WAYS_OF_MEDIA = re.compile(r"A (?:picture|sound|film) as .*?another call's output(?:; )?")
# On a page, a box for text shows by itself that it takes text, and that it is empty.
_SAYS_NOTHING = re.compile(r"(?:^|(?<=\. ))Text\. ?|Default \"\"\.")


def parameter_texts(docstring: str) -> dict[str, str]:
    """Return the text of each parameter in the section "Args" of a generated docstring."""
    texts: dict[str, str] = {}
    name = ""
    for line in _section(docstring.splitlines(), "Args:"):
        if entry := _ENTRY.match(line):
            name = entry[1]
            texts[name] = entry[2]
        elif (more := _MORE.match(line)) and name:
            texts[name] += f" {more[1]}"
    return {name: _for_a_page(text) for name, text in texts.items()}


def _section(lines: list[str], heading: str) -> list[str]:
    plain = [line.removeprefix("    ") if line.startswith("    ") else line for line in lines]
    for body in (lines, plain):  # Python 3.13 takes the margin away, those before it do not
        if heading in body:
            rest = body[body.index(heading) + 1 :]
            return rest[: rest.index("")] if "" in rest else rest
    return []


def _for_a_page(text: str) -> str:
    short = _SAYS_NOTHING.sub("", _WAYS_OF_MEDIA.sub("", text)).strip()
    return short[:1].upper() + short[1:]
