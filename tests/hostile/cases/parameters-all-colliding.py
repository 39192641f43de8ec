"""A thousand names without one ASCII letter, which would all be called alike."""

from hostile.corpus import HOSTILE, document, offered

WHY = __doc__
OUTCOME = "package"


def answers():
    return offered(
        {HOSTILE: document(input={chr(0x4E00 + n): {"type": "integer"} for n in range(1_000)})}
    )
