"""The numbers that commands and recipes accept, each kind with its bounds."""

from __future__ import annotations

import argparse
import dataclasses
import reprlib


@dataclasses.dataclass(frozen=True)
class Numbers:
    """Real numbers between two finite bounds, which belong to them.

    Args:
        least, most: the bounds.

    Example:

    >>> 0.5 in Numbers(0, 1), float("nan") in Numbers(0, 1), Numbers(0, 1).parse("0.5")
    (True, False, 0.5)
    """

    least: float
    most: float
    types = (int, float)
    noun = "a number"

    def __contains__(self, value: object) -> bool:
        number = isinstance(value, self.types) and not isinstance(value, bool)
        return number and self.least <= value <= self.most

    def __str__(self) -> str:
        return f"{self.noun} from {self.least:,} to {self.most:,}"

    def parse(self, text: str) -> float:
        """Returns the number of a command's argument, as `type=` of `add_argument`.

        Raises:
            argparse.ArgumentTypeError: it is none of these; argparse prints the sentence.
        """
        try:
            value = self.types[-1](text)
        except ValueError:
            value = None
        if value not in self:
            raise argparse.ArgumentTypeError(f"{reprlib.repr(text)} is not allowed; give {self}")
        return value


@dataclasses.dataclass(frozen=True)
class WholeNumbers(Numbers):
    """Integers between two bounds, which belong to them.

    Example:

    >>> 48 in WholeNumbers(1, 4096), 48.0 in WholeNumbers(1, 4096), str(WholeNumbers(1, 4096))
    (True, False, 'an integer from 1 to 4,096')
    """

    types = (int,)
    noun = "an integer"


CODE_LENGTHS = WholeNumbers(1, 4096)
RADII = WholeNumbers(0, CODE_LENGTHS.most)
BATCH_SIZES = WholeNumbers(1, 65_536)
#: Of a cluster.
WORKERS = WholeNumbers(1, 100_000)
SEEDS = WholeNumbers(0, 2**32 - 1)
EPOCHS = WholeNumbers(1, 100_000)
ITERATIONS = WholeNumbers(0, 100_000)
HIDDEN_UNITS = WholeNumbers(0, 65_536)
VIEWS = WholeNumbers(2, 1000)
#: Pixels along one side of what a network is given.
IMAGE_SIDES = WholeNumbers(1, 4096)
SHIFTS = WholeNumbers(0, IMAGE_SIDES.most)
#: Pixels of an image as it lies on the disk.
PIXELS = WholeNumbers(1, 2**40)
#: Of a list of results.
CUT_OFFS = WholeNumbers(1, 2**40)
#: Of embeddings, squared or not.
DISTANCES = Numbers(0, 10**9)
#: Of mean average precision.
FRACTIONS = Numbers(0, 1)
