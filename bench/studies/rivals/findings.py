"""What the figures say, by rule: means and ranges over seeds, and who leads where."""

from __future__ import annotations

import dataclasses
import statistics

from bench.studies.rivals.contestants import LABELS, OURS


@dataclasses.dataclass(frozen=True)
class Cell:
    """What one method reached on one ground with one code length, over all seeds.

    Args:
        method: a key of `LABELS`.
        runs: entries of the file, one a seed.
    """

    method: str
    runs: tuple[dict, ...]

    @property
    def values(self) -> list[float]:
        return [run["map"] for run in self.runs]

    @property
    def mean(self) -> float:
        return statistics.mean(self.values)

    @property
    def band(self) -> tuple[float, float]:
        """The tie band of mAP, its ends averaged over seeds."""
        worst, best = zip(*(run["band"] for run in self.runs), strict=True)
        return statistics.mean(worst), statistics.mean(best)

    @property
    def equal(self) -> float:
        return statistics.mean(run["equal"] for run in self.runs)


def cells(found: dict, ground: str, code_length: int, per_class: int | None = None) -> list[Cell]:
    """Returns what was measured there, the highest mean first."""
    same = {"ground": ground, "code_length": code_length, "per_class": per_class}.items()
    by_method = {
        method: tuple(
            run for run in found["runs"] if run["method"] == method and same <= run.items()
        )
        for method in LABELS
    }
    measured = [Cell(method, runs) for method, runs in by_method.items() if runs]
    return sorted(measured, key=lambda cell: -cell.mean)


def whole(found: dict, ground: str) -> dict[int, list[Cell]]:
    """Returns the cells of every code length at which all methods of the file were measured."""
    given, methods = found["settings"], {run["method"] for run in found["runs"]}
    by_length = {length: cells(found, ground, length) for length in given["code_lengths"]}
    return {
        length: ranked
        for length, ranked in by_length.items()
        if len(ranked) == len(methods) and all(len(c.runs) == given["seeds"] for c in ranked)
    }


def apart(one: Cell, other: Cell) -> bool:
    """Returns whether the worst seed of one is above the best of the other."""
    return min(one.values) > max(other.values)


def best_of_ours(ranked: list[Cell]) -> Cell:
    return next(cell for cell in ranked if cell.method in OURS)


def leader(ranked: list[Cell]) -> str:
    """Says who leads, who follows, whether seeds tell them apart, and where ours stand."""
    first, second = ranked[:2]
    told = "every seed above" if apart(first, second) else "with overlapping seeds before"
    text = (
        f"{LABELS[first.method]} {first.mean:.3f}, {told} {LABELS[second.method]} {second.mean:.3f}"
    )
    ours = best_of_ours(ranked)
    if first.method in OURS:
        return text
    place = ranked.index(ours) + 1
    if place == 2:
        return text + ", the best of ours"
    return text + f"; the best of ours is {LABELS[ours.method]} {ours.mean:.3f}, place {place}"


def verdicts(found: dict) -> list[str]:
    """Says of every ground who leads at each code length."""
    lines = []
    for ground, facts in found["settings"]["grounds"].items():
        told = [
            f"{length} bits: {leader(ranked)}" for length, ranked in whole(found, ground).items()
        ]
        if told:
            lines.append(f"**{facts['title']}.** {'. '.join(told)}.")
    return lines


def places(found: dict) -> list[tuple[str, float, int, float]]:
    """Returns of every method its mean place, how often it leads, and its mean distance in mAP
    from whoever leads; over all grounds and code lengths, the best place first."""
    ranks: dict[str, list[int]] = {}
    short: dict[str, list[float]] = {}
    for ground in found["settings"]["grounds"]:
        for ranked in whole(found, ground).values():
            for place, cell in enumerate(ranked, start=1):
                ranks.setdefault(cell.method, []).append(place)
                short.setdefault(cell.method, []).append(ranked[0].mean - cell.mean)
    rows = [
        (method, statistics.mean(of), of.count(1), statistics.mean(short[method]))
        for method, of in ranks.items()
    ]
    return sorted(rows, key=lambda row: row[1])


def reasons(found: dict) -> list[str]:
    """Says, where a rival leads with every seed, how its codes differ from the best of ours."""
    lines = []
    for ground, facts in found["settings"]["grounds"].items():
        for length, ranked in whole(found, ground).items():
            if ranked[0].method in OURS or not apart(ranked[0], best_of_ours(ranked)):
                continue
            rival, ours = ranked[0], best_of_ours(ranked)
            (low, high), (our_low, our_high) = rival.band, ours.band
            lines.append(
                f"{facts['title']}, {length} bits: {LABELS[rival.method]} is "
                f"{rival.mean - ours.mean:.3f} above {LABELS[ours.method]}. Equal codes: "
                f"{rival.equal:.0%} of its images, {ours.equal:.0%} of ours; tie band "
                f"{low:.3f} to {high:.3f}, ours {our_low:.3f} to {our_high:.3f}; "
                + (
                    "even the worst order of its ties is above the best of ours."
                    if low > our_high
                    else "the bands overlap."
                )
            )
    return lines
