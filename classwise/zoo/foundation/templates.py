"""Templates of pages, in the folder `page` beside the code that fills them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2


SHARED = "classwise.zoo.foundation"


@cache
def templates(package: str) -> jinja2.Environment:
    """Returns the templates of a package.

    They may include what all pages share, from classwise/zoo/foundation/page. In those whose names
    end in .html, values are escaped. A value that is missing is an error.

    Args:
        package: dotted name, such as "classwise.zoo.cards".

    Example:

    >>> page = templates("classwise.zoo.evaluation.report").from_string("{{ name }}")
    >>> page.render(name="48 bits")
    '48 bits'
    """
    import jinja2

    return jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [jinja2.PackageLoader(name, "page") for name in (package, SHARED)]
        ),
        autoescape=jinja2.select_autoescape(("html",)),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
