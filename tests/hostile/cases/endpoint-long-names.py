"""Long names that begin alike, of which no file system holds the whole."""

from hostile.corpus import document, offered

WHY = __doc__
OUTCOME = "package"


def answers():
    return offered({"long" * 50 + end: document() for end in ("", "a", "b", "/../x")})
