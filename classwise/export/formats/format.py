"""What an export format declares of itself: all that commands, cards and documents say of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from classwise.zoo.foundation.extras import look_for

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from classwise.export.formats.report import ExportReport
    from classwise.export.graph.model import Model


@dataclass(frozen=True)
class Option:
    """An option of `classwise export` that some formats have.

    Attributes:
        flag: such as "--opset"; further spellings of it follow in `aliases`.
        settings: of `argparse.ArgumentParser.add_argument`; without an option it must be None or
            False.
        precisions: the precisions that have it; empty for all.
        aliases: other spellings.
    """

    flag: str
    settings: Mapping[str, object]
    precisions: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The attribute of the parsed options, and the argument of the writer."""
        return self.flag.lstrip("-").replace("-", "_")

    def value(self, options: argparse.Namespace) -> object:
        """Returns what the command was given, or None."""
        value = getattr(options, self.name)
        return None if value is False else value


@dataclass(frozen=True)
class Engine:
    """Something else that runs a format's files, asked for by its name, a colon and the file."""

    title: str
    open: Callable[[Path], Model]


@dataclass(frozen=True)
class Format:
    """An export format. Adding one is adding a file `..._format.py` here that declares `FORMAT`.

    Attributes:
        name: of `--format`, and in reports.
        title: its name for people.
        ending: of its files, with the dot; a folder's has none.
        runtime: what runs it, for people.
        extra: the extra of classwise that installs the packages to write and to run it, or None.
        use: in one sentence, what it is good for.
        write: writes a hasher, `write(hasher, path, **arguments)`; proves it unless told otherwise.
        open: opens a file of it to be run, or raises `InputError`.
        options: those of the command that are its own.
        arguments: turns the command's options into arguments of `write`; by default those given.
        precisions: their titles by name; the first one is exact.
        marker: of a folder, the file inside that tells it.
        packages: modules of its extra that a writing imports.
        engines: other runtimes of the same files, by name.
        is_whole: tells by a file alone whether it is as it was written, or None if it does not
            say; a format without it never says.
    """

    name: str
    title: str
    ending: str
    runtime: str
    extra: str | None
    use: str
    write: Callable[..., ExportReport]
    open: Callable[[Path], Model]
    options: tuple[Option, ...] = ()
    arguments: Callable[[argparse.Namespace], dict[str, object]] | None = None
    precisions: Mapping[str, str] = field(default_factory=lambda: {"fp32": "float32"})
    marker: str | None = None
    packages: tuple[str, ...] = ()
    engines: Mapping[str, Engine] = field(default_factory=dict)
    is_whole: Callable[[Path], bool | None] | None = None

    @property
    def exact_precision(self) -> str:
        """The precision that needs no measuring."""
        return next(iter(self.precisions))

    def holds(self, path: Path) -> bool:
        """Returns whether a path names a file, or is a folder, of this format."""
        if self.marker:
            return (path / self.marker).is_file()
        return path.suffix == self.ending and not path.is_dir()

    def check_packages(self) -> None:
        """Raises `InputError` where a package is missing, before anything takes its time."""
        for module in self.packages:
            look_for(module, self.extra or "")

    def asked_for(self, options: argparse.Namespace) -> dict[str, object]:
        """Returns the arguments of `write` that the command's options ask for."""
        if self.arguments:
            return self.arguments(options)
        found = {option.name: option.value(options) for option in self.options}
        return {name: value for name, value in found.items() if value is not None}


def parts(text: str) -> list[str]:
    """Returns the parts of a list written with commas.

    Example:

    >>> parts("code, scores")
    ['code', 'scores']
    """
    return [part.strip() for part in text.split(",") if part.strip()]


OUTPUTS_OPTION = Option(
    "--outputs",
    {
        "type": parts,
        "metavar": "O,O",
        "help": "some of embedding,code,scores (default: embedding,code)",
    },
)
