"""How far the outputs of two models are apart."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from classwise.export.graph.signature import ALL_OUTPUTS
from classwise.zoo.foundation.codes import pack_codes

TOLERANCE = 1e-4
MARGIN = 1e-5


class ParityError(Exception):
    """A model does not compute what another does, such as the hasher that it came from.

    Attributes:
        parity: the figures; None if names, shapes or types already differ.
    """

    def __init__(self, message: str, parity: "Parity | None" = None):
        super().__init__(message)
        self.parity = parity


@dataclass(frozen=True)
class Parity:
    """The comparison of a model with the one that counts as right.

    Attributes:
        images: number of images compared.
        batch_sizes: the batch sizes that were run.
        outputs: the outputs compared.
        max_difference: largest |difference of embeddings|; None unless both models give them.
        mean_difference: mean of the same.
        max_score_difference: largest |difference of class scores|; None unless both give them.
        tolerance: largest difference allowed; for embeddings, times the largest |embedding| if
            that is above 1.
        allowed_difference: that product; None unless both models give embeddings.
        bits: number of bits of all codes.
        flipped_bits: bits that differ.
        flips_beyond_margin: those of them where the right |embedding| is `margin` or more.
        margin: below it, rounding may decide the sign.
        flip_margins: |embedding| at the flipped bits, largest first; infinite at a
            padding bit, and where no model gives embeddings.
        changed_codes: images of which at least one bit differs.
        passed: whether all differences are within tolerance and no bit flips beyond the margin.
    """

    images: int
    batch_sizes: tuple[int, ...]
    outputs: tuple[str, ...]
    max_difference: float | None
    mean_difference: float | None
    max_score_difference: float | None
    tolerance: float
    allowed_difference: float | None
    bits: int
    flipped_bits: int
    flips_beyond_margin: int
    margin: float
    flip_margins: tuple[float, ...]
    changed_codes: int
    passed: bool

    def to_dict(self) -> dict:
        """Returns the figures in JSON types; JSON has no infinity and no NaN, so None stands in."""
        figures: dict[str, Any] = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }
        for name in ("max_difference", "mean_difference", "max_score_difference"):
            figures[name] = finite(figures[name])
        return figures | {"flip_margins": [finite(margin) for margin in self.flip_margins]}

    def __str__(self) -> str:
        sizes = " and ".join(map(str, self.batch_sizes))
        text = f"{self.images} images in batches of {sizes}: "
        if self.max_difference is not None:
            text += (
                f"embedding differs by at most {self.max_difference:.2g} "
                f"(mean {self.mean_difference:.2g}), "
            )
        if self.max_score_difference is not None:
            text += f"scores by at most {self.max_score_difference:.2g}, "
        if not self.bits:
            return text.removesuffix(", ")
        text += f"{self.flipped_bits} of {self.bits} bits differ"
        if self.flipped_bits:
            text += (
                f" ({self.flips_beyond_margin} where |embedding| >= {self.margin:g}, at most "
                f"{self.flip_margins[0]:.2g})"
            )
        return f"{text}, {self.changed_codes} codes changed"


def finite(number: float | None) -> float | None:
    return number if number is not None and np.isfinite(number) else None


def measure_parity(
    right: Mapping[str, np.ndarray],
    found: Mapping[str, Sequence[np.ndarray]],
    *,
    batch_sizes: Sequence[int],
    tolerance: float = TOLERANCE,
    margin: float = MARGIN,
) -> Parity:
    """Computes how far the outputs of a model are from the right ones.

    Args:
        right: by name, `embedding` float32 `[N, L]`, `code` uint8 `[N, ceil(L / 8)]`, `scores`
            float32 `[N, C]`, or some of them. Without `code`, the signs of `embedding` count.
        found: the same of the other model; one array a signature that gives it.
        batch_sizes, tolerance, margin: see `Parity`.
    """
    flips, size = flipped_bits(right, found)
    beyond = flips & ~(size < margin)
    differences = {
        name: np.abs(np.stack(found[name]) - right[name])
        for name in ("embedding", "scores")
        if name in right and name in found
    }
    allowed = {"scores": tolerance}
    if "embedding" in right:
        allowed["embedding"] = tolerance * max(1.0, float(np.abs(right["embedding"]).max()))
    largest = {name: float(values.max()) for name, values in differences.items()}
    embedding = differences.get("embedding")
    return Parity(
        images=len(next(iter(right.values()))),
        batch_sizes=tuple(batch_sizes),
        outputs=tuple(name for name in ALL_OUTPUTS if name in found),
        max_difference=largest.get("embedding"),
        mean_difference=None if embedding is None else float(embedding.mean()),
        max_score_difference=largest.get("scores"),
        tolerance=tolerance,
        allowed_difference=allowed.get("embedding") if "embedding" in largest else None,
        bits=right["embedding"].size if flips.size and "embedding" in right else flips.size,
        flipped_bits=int(flips.sum()),
        flips_beyond_margin=int(beyond.sum()),
        margin=margin,
        flip_margins=tuple(np.sort(size[flips])[::-1].tolist()),
        changed_codes=int(flips.any(axis=-1).sum()),
        # NaN compares false, so that it fails.
        passed=not beyond.any() and all(value <= allowed[n] for n, value in largest.items()),
    )


def flipped_bits(
    right: Mapping[str, np.ndarray], found: Mapping[str, Sequence[np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    """Returns which bits differ, bool `[N, 8 ceil(L / 8)]`, and |embedding| there, or infinity."""
    codes = found.get("code") or [pack_codes(values) for values in found.get("embedding", ())]
    if "code" in right:
        right_codes = right["code"]
    elif "embedding" in right:
        right_codes = pack_codes(right["embedding"])
    else:
        codes = []
    if not codes:
        return np.zeros((0, 0), bool), np.zeros((0, 0))
    right_bits = np.unpackbits(right_codes, axis=-1)
    flips = (np.unpackbits(np.stack(codes), axis=-1) != right_bits).any(axis=0)
    size = np.full(flips.shape, np.inf)
    if "embedding" in right:
        size[:, : right["embedding"].shape[1]] = np.abs(right["embedding"])
    return flips, size
