"""The outcome of `classwise encode`."""

from typing import NamedTuple


class Outcome(NamedTuple):
    """What an engine did.

    Args:
        written: how many codes there are.
        earlier: images that an earlier run had done.
        skipped: names of broken images that were left out.
        others: files that are no images.
        engine: the runtime and where it ran.
        code_length: bits of a code.
        speed: images a second of those that were left to do.
        foreign: what `note_foreign` returns.
    """

    written: int
    earlier: int
    skipped: tuple[str, ...]
    others: int
    engine: str
    code_length: int
    speed: float
    foreign: dict | None = None
