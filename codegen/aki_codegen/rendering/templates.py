"""The jinja environments: templates print source text or Markdown that was made as such, and refuse anything else."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..literals import Code
from ..markup import Markdown


class NotCodeError(TypeError):
    """A template tried to print a value that is not marked as what it prints."""


@cache
def environment(printed: type[Code] | type[Markdown] = Code) -> Environment:
    """Return the environment of templates; autoescape and `finalize` let nothing through but what they print."""

    def only_printed(value: object) -> object:
        if isinstance(value, printed):
            return value
        raise NotCodeError(
            f"a template that prints {printed.__name__} was given a {type(value).__name__}"
        )

    return Environment(
        loader=FileSystemLoader(templates_folder()),
        autoescape=True,
        finalize=only_printed,
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
    """Render a template; every value it prints must be `Code`, in a page of Markdown `Markdown`."""
    printed = Markdown if template.endswith(".md.jinja") else Code
    return environment(printed).get_template(template).render(**values)
