"""The templates of a port's files: `*.j2` beside this file."""

from pathlib import Path

import jinja2


def get(name: str) -> jinja2.Template:
    """Returns a template of text: nothing in it is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
    )
    return environment.get_template(name)
