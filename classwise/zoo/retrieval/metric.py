"""What is known of a metric, and how its function is registered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["codes", "embeddings", "clusters", "rankings"]


@dataclass(frozen=True)
class Metric:
    """A metric: what computes it, and what results, tables, cards and documentation call it.

    Args:
        name: in results; a parameter stands in braces at its end, `{k}` for a cut-off, `{radius}`
            for a Hamming radius or `{group}` for the images a class, and a result then has a value
            for each one asked for.
        title: as papers write it, with the same parameter.
        kind: what it scores, and so what its function takes: `"codes"`, a `CodeRanking` and the
            parameter, returns float64 `[3, Q]` (expected, worst and best order inside ties);
            `"rankings"`, the same, of codes or of embeddings whose ties count alike;
            `"embeddings"`, the ranks `[Q, R]` of each query's R relevant items, rising, and the
            parameter, returns `[Q]`; `"clusters"`, unit vectors `[N, L]`, class ids `[N]` and
            `seed=`, returns a number.
        function: computes it.
        higher_is_better: its direction.
        multi_hot_only: whether it needs degrees of relevance, so labels in common.
        by_class: whether the table of a report that goes class by class shows it.
        compared: whether a table of several models shows it where its parameter was asked for.
    """

    name: str
    title: str
    kind: Kind
    function: Callable
    higher_is_better: bool = True
    multi_hot_only: bool = False
    by_class: bool = True
    compared: bool = False

    @property
    def parameter(self) -> str:
        """`"k"`, `"radius"`, `"group"`, or "" where it has none."""
        return self.name.partition("{")[2].removesuffix("}")

    def named(self, value: int) -> str:
        """Returns its name in results for a value of its parameter."""
        return self.name.format(**{self.parameter: value})

    def match(self, name: str) -> str | None:
        """Returns the title of a name in results, None where that is no name of this metric."""
        stem = self.name.partition("{")[0]
        value = name.removeprefix(stem)
        if name == self.name or (self.parameter and name.startswith(stem) and value.isdecimal()):
            return self.title.format(**{self.parameter: value})
        return None


METRICS: list[Metric] = []


def metric(name: str, title: str, kind: Kind, **facts: bool) -> Callable[[Callable], Callable]:
    """Registers a function as a metric; arguments as in `Metric`.

    Example:

    >>> @metric("hits@{k}", "Hits@{k}", "codes")  # doctest: +SKIP
    ... def hits(ranking, k):
    ...     return ranking.hits(k)
    """

    def register(function: Callable) -> Callable:
        METRICS.append(Metric(name, title, kind, function, **facts))
        return function

    return register
