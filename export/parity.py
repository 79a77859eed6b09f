"""How far the output of an exported file is from Keras."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from classwise.zoo.codes import pack_codes

TOLERANCE = 1e-4
MARGIN = 1e-5
MARGINS_KEPT = 20


class ParityError(Exception):
    """An exported file does not compute what the hasher computes.

    Attributes:
        parity: the figures; None if names, shapes or types already differ.
    """

    def __init__(self, message: str, parity: "Parity | None" = None):
        super().__init__(message)
        self.parity = parity


@dataclass(frozen=True)
class Parity:
    """The comparison of an exported file with Keras.

    Attributes:
        images: number of images compared.
        batch_sizes: the batch sizes that were run.
        outputs: the outputs that the file has.
        max_difference: largest |embedding - Keras's|; None if the file has no embedding.
        mean_difference: mean of the same.
        tolerance: largest difference allowed, times the largest |embedding| if that is above 1.
        bits: number of bits of all codes.
        flipped_bits: bits that differ.
        flips_beyond_margin: those of them where Keras's |embedding| is `margin` or more.
        margin: below it, rounding may decide the sign.
        flip_margins: |embedding| at the flipped bits, largest first, 20 at most; infinite at a
            padding bit.
        changed_codes: images of which at least one bit differs.
        passed: whether the embedding is within tolerance and no bit flips beyond the margin.
    """

    images: int
    batch_sizes: tuple[int, ...]
    outputs: tuple[str, ...]
    max_difference: float | None
    mean_difference: float | None
    tolerance: float
    bits: int
    flipped_bits: int
    flips_beyond_margin: int
    margin: float
    flip_margins: tuple[float, ...]
    changed_codes: int
    passed: bool

    def to_dict(self) -> dict:
        """Returns the figures in JSON types; JSON has no infinity and no NaN, so None stands in."""
        figures = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }
        for name in ("max_difference", "mean_difference"):
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
    reference: np.ndarray,
    embeddings: Sequence[np.ndarray],
    codes: Sequence[np.ndarray],
    *,
    batch_sizes: Sequence[int],
    tolerance: float = TOLERANCE,
    margin: float = MARGIN,
) -> Parity:
    """Computes how far embeddings and codes are from Keras's embeddings.

    Args:
        reference: Keras's embeddings, float32 `[N, L]`.
        embeddings: what the file gave, each `[N, L]`; one a signature that returns it.
        codes: what the file gave, each uint8 `[N, ceil(L / 8)]`. With no codes, the bits compared
            are the signs of the embeddings.
        batch_sizes, tolerance, margin: see `Parity`.
    """
    right = np.unpackbits(pack_codes(reference), axis=-1)
    size = np.full(right.shape, np.inf)
    size[:, : reference.shape[1]] = np.abs(reference)

    found = np.stack(codes or [pack_codes(embedding) for embedding in embeddings])
    flips = (np.unpackbits(found, axis=-1) != right).any(axis=0)
    beyond = flips & ~(size < margin)

    largest = mean = None
    if embeddings:
        differences = np.abs(np.stack(embeddings) - reference)
        largest, mean = float(differences.max()), float(differences.mean())
    allowed = tolerance * max(1.0, float(np.abs(reference).max()))
    return Parity(
        images=len(reference),
        batch_sizes=tuple(batch_sizes),
        outputs=tuple(n for n, v in (("embedding", embeddings), ("code", codes)) if v),
        max_difference=largest,
        mean_difference=mean,
        tolerance=tolerance,
        bits=reference.size,
        flipped_bits=int(flips.sum()),
        flips_beyond_margin=int(beyond.sum()),
        margin=margin,
        flip_margins=tuple(np.sort(size[flips])[::-1][:MARGINS_KEPT].tolist()),
        changed_codes=int(flips.any(axis=-1).sum()),
        # NaN compares false, so that it fails.
        passed=not beyond.any() and (largest is None or largest <= allowed),
    )
