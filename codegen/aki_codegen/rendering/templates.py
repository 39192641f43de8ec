"""The jinja environment: templates print code that naming and literals made, and refuse anything else."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..literals import Code


class NotCodeError(TypeError):
    """A template tried to print a value that is not marked as code."""


def _only_code(value: object) -> Code:
    if isinstance(value, Code):
        return value
    raise NotCodeError(
        f"a template printed a {type(value).__name__} that neither naming nor literals made"
    )


@cache
def environment() -> Environment:
    """Return the environment; autoescape and `finalize` together let nothing but code through."""
    return Environment(
        loader=FileSystemLoader(templates_folder()),
        autoescape=True,
        finalize=_only_code,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def templates_folder() -> Path:
    """Return where the templates are: in an installed package, or at the top of the source tree."""
    generator = Path(__file__).parents[1]
    installed = generator / "templates"
    return installed if installed.is_dir() else generator.parents[1] / "templates"


def fill(template: str, **values: object) -> str:
    """Render a template; every value it prints must be `Code`."""
    return environment().get_template(template).render(**values)
