"""The one exception that a user's mistake raises, and how it suggests the nearest right name."""

import difflib
from collections.abc import Iterable

MOST_LISTED = 10


class InputError(ValueError):
    """An argument, a file or a data set is wrong.

    The message is one sentence: what was given, what is allowed, what to do. The command line
    prints it without a traceback and exits with status 2.
    """


def unknown_name(kind: str, name: str, known: Iterable[str]) -> InputError:
    """Returns the error for a name that is not in a registry, suggesting the nearest one.

    Of many known names, the nearest are listed.

    Example:

    >>> str(unknown_name("method", "dwch", ["dcwh", "vmf"]))
    "Unknown method 'dwch'; did you mean 'dcwh'? Known: dcwh, vmf."
    """
    by_lower = {each.lower(): each for each in sorted(known)}
    near = difflib.get_close_matches(str(name).lower(), by_lower, n=MOST_LISTED, cutoff=0.0)
    suggested = difflib.get_close_matches(str(name).lower(), near, n=1, cutoff=0.5)
    hint = f"; did you mean '{by_lower[suggested[0]]}'?" if suggested else "."
    listed, which = list(by_lower.values()), "Known"
    if len(listed) > MOST_LISTED:
        listed = [by_lower[each] for each in near] + [f"and {len(listed) - MOST_LISTED} others"]
        which = "The nearest"
    return InputError(f"Unknown {kind} '{name}'{hint} {which}: {', '.join(listed) or 'none'}.")
