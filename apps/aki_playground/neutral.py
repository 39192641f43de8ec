"""Somebody else's text as Markdown that is only text: no HTML, no pictures, no links that hide their address.

Nothing rests on reading Markdown exactly as Gradio does. Outside fenced code no tag and no link is left, whatever
surrounds it; and where a tag is left within a fence, that fence stands so that it cannot be read as anything else.
"""

import re

_MARKUP = re.compile(r"<(?=[a-zA-Z/!?])|\](?=[(\[:])")
_FENCE = re.compile(
    r"^(?P<margin>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)\n"
    r"(?P<code>.*?)(?:^[ \t]*(?P=fence)[`~]*[ \t]*$|\Z)",
    re.DOTALL | re.MULTILINE,
)
_SPAN = re.compile(r"(?<!`)(`+)(?!`)(?P<code>[^`\n]+)\1(?!`)")


def neutral(text: str) -> str:
    """Return Markdown that shows a text, its code as it was written."""
    text = re.sub("\r\n?", "\n", text)
    fences = list(_FENCE.finditer(text))
    risky = any(_MARKUP.search(found["code"]) for found in fences)
    shown: list[str] = []
    end = 0
    for found in fences:
        shown += [_prose(text[end : found.start()], risky), _fence(found) if risky else found[0]]
        end = found.end()
    # Gradio draws diagrams, whose labels hold HTML and whose nodes are links.
    return "".join([*shown, _prose(text[end:], risky)]).replace("```mermaid", "``` text")


def _prose(text: str, risky: bool) -> str:
    if risky:  # another fence could swallow the first line of one of ours
        text = re.sub("`{3,}|~{3,}", lambda m: _entities(m[0]), text)
    text = _SPAN.sub(
        lambda m: f"<code>{_entities(m['code'])}</code>" if _MARKUP.search(m["code"]) else m[0],
        text,
    )
    return re.sub(
        rf"(?P<ours></?code>)|{_MARKUP.pattern}",
        lambda m: m["ours"] or ("&lt;" if m[0] == "<" else "] "),
        text,
    )


def _fence(found: re.Match[str]) -> str:
    """Return a fence that no line before it takes in, and no line within it ends."""
    language = re.match(r"[\w+#.-]*", found["info"])
    code = re.sub(rf"^[ \t]{{0,{len(found['margin'])}}}", "", found["code"], flags=re.MULTILINE)
    fence = max(["``", *re.findall("`+", code)], key=len) + "`"
    return f"\n\n{fence}{language[0] if language else ''}\n{code.rstrip()}\n{fence}\n\n"


def _entities(text: str) -> str:
    return re.sub(r"[^\w\s]|_", lambda m: f"&#{ord(m[0])};", text)
