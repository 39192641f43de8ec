"""A category of a million characters."""

from hostile.corpus import document, offered

WHY = "A category of a million characters, shared by two endpoints."
OUTCOME = "package"


def answers():
    fields = {"prompt": {"type": "string", "required": True}}
    shape = document(input=fields, output={"text": {"type": "string"}})
    huge = {**shape, "category": "x" * 1_000_000}
    return offered({"hostile": huge, "another": huge})
