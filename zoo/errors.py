"""The one exception that a user's mistake raises, and how it suggests the nearest right name."""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """An argument, a file or a data set is wrong.

    The message is one sentence: what was given, what is allowed, what to do. The command line
    prints it without a traceback and exits with status 2.
    """


def unknown_name(kind: str, name: str, known: Iterable[str]) -> InputError:
    """Returns the error for a name that is not in a registry, suggesting the nearest one.

    Example:

    >>> str(unknown_name("method", "dwch", ["dcwh", "vmf"]))
    "Unknown method 'dwch'; did you mean 'dcwh'? Known: dcwh, vmf."
    """
    known = sorted(known)
    nearest = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    hint = f"did you mean '{nearest[0]}'? " if nearest else ""
    return InputError(f"Unknown {kind} '{name}'; {hint}Known: {', '.join(known) or 'none'}.")
