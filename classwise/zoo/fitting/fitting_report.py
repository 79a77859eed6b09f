"""The page of a fitting: some photos and what their codes find, and what is known of the codes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.file_source import FileSource
from classwise.zoo.datasets.image_sources import OpenedImages
from classwise.zoo.evaluation.report import figures
from classwise.zoo.evaluation.report.report_figures import ReportFigure
from classwise.zoo.evaluation.report.report_page import write_page
from classwise.zoo.evaluation.report.report_tables import ReportTable
from classwise.zoo.fitting.fit_folder import Fitting
from classwise.zoo.fitting.fitting_request import FittingRequest
from classwise.zoo.fitting.label_free_quality import LabelFreeQuality, nearest_features
from classwise.zoo.fitting.nearest_vectors import without_itself
from classwise.zoo.fitting.teacher_codes import evenly
from classwise.zoo.foundation.printing import four_digits, printable
from classwise.zoo.retrieval.hamming_distances import hamming_distances
from classwise.zoo.retrieval.neighbors import nearest_neighbors

SHOWN, NEIGHBORS = 10, 8
# Pixels a side of a photo on the page.
SIDE = 96


def fill_fitting_report(
    folder: Path,
    images: OpenedImages,
    asked: FittingRequest,
    fitting: Fitting,
    codes: np.ndarray,
    quality: LabelFreeQuality,
) -> None:
    """Writes the page of a fitting, and its figures, into an empty folder.

    Args:
        folder: see `report_folder`.
        images: that were fitted to.
        asked: what the fitting was asked for.
        fitting: what came of it.
        codes: of the images that could be read.
        quality: of these codes.
    """
    write_page(
        folder,
        "fitting.html",
        sheets(readable(images, fitting), fitting.found.features, codes, asked.code_length),
        kind="fitted without labels",
        title=f"{asked.code_length}-bit codes of {quality.photos:,} images",
        headline=list(headline(quality)),
        measured={
            "images": f"{quality.photos:,}",
            "trunk": printable(str(asked.trunk)),
            "image size": " x ".join(map(str, fitting.hasher.image_shape[:2])),
            "method": asked.method,
            "code length": f"{asked.code_length} bits",
            "pseudo-classes": ", ".join(f"{n:,}" for n in fitting.head.cluster_counts),
            "seed": str(asked.seed),
        },
        known=table_of(quality),
    )


def readable(images: OpenedImages, fitting: Fitting) -> OpenedImages:
    """Returns the images without the broken ones, which need not be looked for again."""
    if not isinstance(images, FileSource):
        return images
    files = dataclasses.replace(images.files, names=tuple(map(str, fitting.found.names)))
    return dataclasses.replace(images, files=files, skip_bad_files=False)


def sheets(
    images: OpenedImages, features: np.ndarray, codes: np.ndarray, code_length: int
) -> Iterator[ReportFigure]:
    """Yields some images beside those that their codes find, and those that the features find."""
    pixels = images.load((SIDE, SIDE, 3)).images
    queries = evenly(len(codes), SHOWN)
    found, _ = nearest_neighbors(codes[queries], codes, NEIGHBORS + 1)
    by_code, _ = without_itself(found, found, queries)
    by_feature = nearest_features(features, queries)[:, :NEIGHBORS]
    kinds = {
        "codes": (by_code, "codes", "Images at the same distance are in the order of the folder."),
        "features": (by_feature, "float features", "What the codes were fitted to find."),
    }
    for name, (near, words, more) in kinds.items():
        distances = hamming_distances(codes[queries], codes, code_length).astype(int)
        distances = np.take_along_axis(distances, near, axis=1)
        yield ReportFigure(
            f"neighbors_by_{name}",
            figures.neighbor_sheet(
                pixels[queries],
                None,
                pixels[near.ravel()].reshape(*near.shape, SIDE, SIDE, 3),
                None,
                distances,
            ),
            f"Images and the {NEIGHBORS} nearest others by their {words}. {more} The number is the "
            "Hamming distance of the codes.",
            f"{len(queries)} images with {NEIGHBORS} neighbors each, by their {words}.",
        )


def headline(quality: LabelFreeQuality) -> Iterator[tuple[str, str, str]]:
    """Yields the few numbers that a reader looks for first: names, values and notes."""
    for depth, value in quality.recall.items():
        yield f"recall in {depth}", f"{value:.1%}", "of the ten nearest by features"
    yield "shared codes", f"{quality.shared_codes:.1%}", "of the images"


def table_of(quality: LabelFreeQuality) -> ReportTable:
    """Returns everything that is known of the codes."""
    recall = [
        (f"Of the ten nearest by features, among the {depth} nearest codes", four_digits(value))
        for depth, value in quality.recall.items()
    ]
    return ReportTable(
        "Codes of these images",
        ("What", "Value"),
        [
            *recall,
            (
                "Distance of a bit's share of ones from one half, mean",
                four_digits(quality.imbalance),
            ),
            ("Correlation of two bits, mean", four_digits(quality.correlation)),
            ("Share of the images that share their code", four_digits(quality.shared_codes)),
            ("Distinct codes", f"{quality.distinct_codes:,}"),
        ],
        f"{quality.queries:,} images asked all the others. Items at the same Hamming distance are "
        "tied: the recall is the mean over all their orders.",
    )
