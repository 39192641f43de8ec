"""A list that is none: html."""

from hostile.corpus import offered

WHY = __doc__
OUTCOME = "refused"
SAYS = "HTML page"


def answers():
    return {**offered({}), "": b"<html><title>Login\x1b[31m</title><script>x</script></html>"}
