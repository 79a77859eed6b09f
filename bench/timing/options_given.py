"""What a bench was asked for, as its results tell it: without places of one machine."""

import argparse
from pathlib import Path


def options_given(options: argparse.Namespace, parser: argparse.ArgumentParser) -> str:
    """Returns the options that differ from their defaults, as they are typed; the output is none.

    Of paths, only the last part is told.
    """
    words = []
    for name, value in vars(options).items():
        if value == parser.get_default(name) or name == "output":
            continue
        words.append(f"--{name.replace('_', '-')}")
        values = [] if value is True else value if isinstance(value, list) else [value]
        words += [each.name if isinstance(each, Path) else str(each) for each in values]
    return " ".join(words)
