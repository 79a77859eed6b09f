"""What a model of lower precision loses: bits, codes and mAP against the float32 one."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from classwise.export.graph.model import Model
from classwise.export.proof.parity import ParityError
from classwise.export.proof.probe_images import probe_images
from classwise.export.proof.verification import cut, run_batch
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.foundation.errors import InputError

if TYPE_CHECKING:
    from classwise.zoo.datasets.labeled_images import ImageSource, LabeledImages

BATCH_SIZE = 256
MAX_MAP_LOSS = 0.005


class EvaluationImages(Protocol):
    """Queries and a database, such as `get_protocol(name).load()` returns.

    Where both are the same object, every image asks all the others.
    """

    queries: LabeledImages
    database: LabeledImages


@dataclass(frozen=True)
class PrecisionReport:
    """The comparison of a model of lower precision with the float32 one it was made from.

    Attributes:
        precision: "fp16" or "int8".
        images: number of images compared.
        bits, flipped_bits: of all codes, and those that differ.
        changed_codes: images of which at least one bit differs.
        flip_margin: |float32 embedding| at the flipped bits: median, 99th percentile and largest;
            None if no bit flips.
        max_difference: largest |difference of embeddings|.
        map_fp32, map: mean average precision of both, expected over ties; None if not measured.
        bytes_fp32, bytes: sizes of both files; None of a model that came from none.
        images_per_second_fp32, images_per_second: of both on this machine, in batches of 256.
    """

    precision: str
    images: int
    bits: int
    flipped_bits: int
    changed_codes: int
    flip_margin: dict[str, float] | None
    max_difference: float
    map_fp32: float | None
    map: float | None
    bytes_fp32: int | None
    bytes: int | None
    images_per_second_fp32: float
    images_per_second: float

    @property
    def map_loss(self) -> float | None:
        """mAP of float32 minus mAP of this one; None if not measured."""
        if self.map is None or self.map_fp32 is None:
            return None
        return self.map_fp32 - self.map

    def to_dict(self) -> dict:
        """Returns the figures in JSON types."""
        return asdict(self) | {
            "share_of_bits": self.flipped_bits / self.bits,
            "share_of_codes": self.changed_codes / self.images,
            "map_loss": self.map_loss,
        }

    def __str__(self) -> str:
        text = (
            f"{self.precision} against fp32 on {self.images} images: "
            f"{self.flipped_bits / self.bits:.3%} of bits and "
            f"{self.changed_codes / self.images:.2%} of codes differ"
        )
        if self.flip_margin:
            text += f" (where |embedding| is {self.flip_margin['largest']:.2g} at most)"
        if self.map is not None:
            text += f", mAP {self.map:.4f} instead of {self.map_fp32:.4f}"
        if self.bytes and self.bytes_fp32:
            text += f", {self.bytes / self.bytes_fp32:.0%} of the size"
        return f"{text}, {self.images_per_second / self.images_per_second_fp32:.2f} times the speed"


class PrecisionError(ParityError):
    """A model of lower precision loses more mAP than allowed.

    Attributes:
        precision: the figures.
    """

    def __init__(self, message: str, precision: PrecisionReport):
        super().__init__(message)
        self.precision = precision


def compare_precision(
    precision: str,
    reference: Model,
    variant: Model,
    images: np.ndarray | ImageSource | None = None,
    evaluation: EvaluationImages | None = None,
) -> PrecisionReport:
    """Computes what a model of lower precision loses against the float32 one.

    Both run in turn on the same batches, so that their speeds can be compared.

    Args:
        precision: name of the variant's.
        reference, variant: opened models with the outputs `embedding` and `code`.
        images: uint8 `[N, H, W, C]`; needed without an evaluation.
        evaluation: queries and database, which are then the images, to measure mAP with.

    Raises:
        InputError: neither images nor an evaluation.
        ParityError: a model's code is not the packed sign of its embedding.
    """
    if evaluation is not None:
        sets = [part.images for part in _sets(evaluation)]
    elif images is not None:
        sets = [images]
    else:
        raise InputError("Precision is compared on images or an evaluation; give one of them.")
    runs = [_run_both(reference, variant, part) for part in sets]
    expected, found = (np.concatenate([run.embeddings[side] for run in runs]) for side in (0, 1))
    flips = (expected > 0) != (found > 0)
    seconds = np.sum([run.seconds for run in runs], axis=0)
    maps: list[float | None] = [None, None]
    if evaluation is not None:
        maps = [_mean_average_precision(runs, evaluation, side) for side in (0, 1)]
    return PrecisionReport(
        precision=precision,
        images=len(expected),
        bits=expected.size,
        flipped_bits=int(flips.sum()),
        changed_codes=int(flips.any(axis=1).sum()),
        flip_margin=_spread(np.abs(expected[flips])),
        max_difference=float(np.abs(expected - found).max()),
        map_fp32=maps[0],
        map=maps[1],
        bytes_fp32=reference.bytes,
        bytes=variant.bytes,
        images_per_second_fp32=len(expected) / seconds[0],
        images_per_second=len(expected) / seconds[1],
    )


def check_precision_loss(
    precision: str,
    reference: Model,
    variant: Model,
    images: np.ndarray | None,
    evaluation: EvaluationImages | None,
    max_map_loss: float,
) -> PrecisionReport:
    """Returns what a model of lower precision loses, if that is no more mAP than allowed.

    Args:
        precision, reference, variant, evaluation: as in `compare_precision`.
        images: the same; without them, and without an evaluation, made ones.
        max_map_loss: largest loss of mAP allowed.

    Raises:
        PrecisionError: more is lost.
    """
    if images is None:
        images = probe_images(reference.image_shape)
    report = compare_precision(precision, reference, variant, images, evaluation)
    if report.map_loss is not None and report.map_loss > max_map_loss:
        raise PrecisionError(
            f"{precision} loses {report.map_loss:.4f} of mAP, more than the {max_map_loss:g} "
            f"allowed: {report}.",
            report,
        )
    return report


@dataclass
class _Runs:
    """Embeddings and seconds of both models on one set of images."""

    embeddings: list[np.ndarray]
    seconds: list[float]


def _run_both(reference: Model, variant: Model, images: np.ndarray | ImageSource) -> _Runs:
    signatures = reference.signatures[0], variant.signatures[0]
    embeddings: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    seconds = [0.0, 0.0]
    for signature in signatures:
        run_batch(signature, images[:BATCH_SIZE])  # the first run of a session is slow
    for batch in cut(images, [BATCH_SIZE]):
        for side, signature in enumerate(signatures):
            start = time.perf_counter()
            result = run_batch(signature, batch)
            seconds[side] += time.perf_counter() - start
            if (result["code"] != pack_codes(result["embedding"])).any():
                raise ParityError("The model's code is not the packed sign of its embedding.")
            embeddings[side].append(result["embedding"])
    return _Runs([np.concatenate(parts) for parts in embeddings], seconds)


def _sets(evaluation: EvaluationImages) -> list[LabeledImages]:
    """Returns queries and database, or one set where every image asks all the others."""
    if evaluation.database is evaluation.queries:
        return [evaluation.queries]
    return [evaluation.queries, evaluation.database]


def _mean_average_precision(runs: list[_Runs], evaluation: EvaluationImages, side: int) -> float:
    from classwise.zoo.retrieval import evaluate_codes

    labeled = [
        argument
        for run, part in zip(runs, _sets(evaluation), strict=True)
        for argument in (pack_codes(run.embeddings[side]), part.known_labels)
    ]
    result = evaluate_codes(*labeled, code_length=runs[0].embeddings[0].shape[1])
    return result.metrics["map"].expected


def _spread(margins: np.ndarray) -> dict[str, float] | None:
    if not margins.size:
        return None
    return {
        "median": float(np.median(margins)),
        "99th percentile": float(np.percentile(margins, 99)),
        "largest": float(margins.max()),
    }
