"""The table of export formats in docs/EXPORT.md, from their declarations."""

from classwise.export.formats.format import Format
from classwise.export.formats.registry import FORMATS
from classwise.zoo.cards.markdown import table


def format_table() -> str:
    """Returns a row a format, as Markdown."""
    return table(
        ["format", "`--format`", "ends in", "runs in", "for", "needs", "options of its own"],
        (
            (
                format.title,
                f"`{format.name}`",
                f"`{format.ending}`",
                ", ".join([format.runtime, *other_runtimes(format)]),
                format.use,
                f"`classwise[{format.extra}]`" if format.extra else "nothing else",
                ", ".join(f"`{option.flag}`" for option in format.options) or "none",
            )
            for format in FORMATS.values()
        ),
    )


def other_runtimes(format: Format) -> list[str]:
    """Returns the engines that are none of the format's own runtime's."""
    titles = [engine.title for engine in format.engines.values()]
    return [title for title in titles if not title.startswith(format.runtime)]
