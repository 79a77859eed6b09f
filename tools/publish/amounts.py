"""Times and sizes in the units that fit them, and the results that they come from."""

import json
from pathlib import Path


def read(file: Path) -> dict:
    """Returns a file that a bench wrote, or nothing where it has not run."""
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def duration(seconds: float) -> str:
    """Returns a time in the unit that fits it.

    Example:

    >>> duration(0.0021), duration(75), duration(40 * 86400)
    ('2.1 ms', '75 s', '40 days')
    """
    units = ((86400 * 365, "years"), (86400, "days"), (3600, "h"), (60, "min"), (1, "s"))
    for size, unit in units:
        if seconds >= 2 * size or size == 1 <= seconds:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1000:.3g} ms"


def amount(size: float) -> str:
    """Returns a number of bytes in the unit that fits it.

    Example:

    >>> amount(80_000), amount(8e10)
    ('80 kB', '80 GB')
    """
    for power, unit in ((12, "TB"), (9, "GB"), (6, "MB"), (3, "kB")):
        if size >= 10**power:
            return f"{size / 10**power:.3g} {unit}"
    return f"{size:.0f} B"
