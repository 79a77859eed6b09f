"""The pictures of cards: neighbors of some queries, and how far apart codes lie.

A picture holds the checksum of the weights that it shows, so that an old one is noticed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.cards.pictures import PICTURES
from classwise.zoo.foundation.files import replacing_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from classwise.zoo.datasets.protocols import ProtocolImages
    from classwise.zoo.evaluation.evaluate import EncodedSets
    from classwise.zoo.presets.registry import Preset

# The images of some data sets are for research: a handful stands for all.
QUERIES, NEIGHBORS = 4, 6
# A palette takes a third of the bytes of full color, and such small photographs lose little by it.
COLORS = 128
KEY = "weights"


def draw_pictures(preset: Preset, sets: EncodedSets, images: ProtocolImages, folder: Path) -> None:
    """Writes a preset's pictures into a folder.

    Args:
        preset: whose they are.
        sets, images: its codes of its protocol's images.
        folder: made if missing.
    """
    figures = (neighbors(sets, images), distances(sets))
    for name, figure in zip(PICTURES, figures, strict=True):
        save_small(figure, folder / name, preset.sha256)


def neighbors(sets: EncodedSets, images: ProtocolImages) -> Figure:
    """Draws some queries of different classes beside their nearest database images."""
    from classwise.zoo.evaluation.pages import neighbors_of_some
    from classwise.zoo.evaluation.report.figures import neighbor_sheet

    queries, labels, found, found_labels, distances = neighbors_of_some(sets, images)
    rows = np.unique(np.linspace(0, len(queries) - 1, QUERIES).round().astype(int))
    return neighbor_sheet(
        queries[rows],
        labels[rows],
        found[rows, :NEIGHBORS],
        found_labels[rows, :NEIGHBORS],
        distances[rows, :NEIGHBORS],
        class_names=images.queries.class_names,
    )


def distances(sets: EncodedSets) -> Figure:
    """Draws the Hamming distances within classes and between them."""
    from classwise.zoo.evaluation.report.figures import distance_histogram
    from classwise.zoo.retrieval.pair_distances import pair_distances

    return distance_histogram(
        *pair_distances(
            sets.query_codes,
            sets.query_labels,
            sets.database_codes,
            sets.database_labels,
            code_length=sets.code_length,
        )
    )


def save_small(figure: Figure, path: Path, weights: str, dithered: bool = False) -> None:
    """Writes a figure as a PNG of few colors that names the weights it shows.

    Dithered, and with all colors that a palette has, it takes half as many bytes more.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    from classwise.zoo.evaluation.report.figures import save_figure

    named = PngInfo()
    named.add_text(KEY, weights)
    with replacing_file(path) as temporary:
        save_figure(figure, temporary)
        with Image.open(temporary) as image:
            full = image.convert("RGB")
            small = full.quantize(COLORS, dither=Image.Dither.NONE)
            if dithered:
                small = full.quantize(palette=full.quantize(), dither=Image.Dither.FLOYDSTEINBERG)
        small.save(temporary, optimize=True, pnginfo=named)


def shown_weights(path: Path) -> str | None:
    """Returns the SHA-256 of the weights that a picture shows, None if there is no picture."""
    from PIL import Image

    if not path.is_file():
        return None
    with Image.open(path) as image:
        return image.info.get(KEY)


def outdated(presets: list[Preset], cards: Path) -> Iterator[Preset]:
    """Yields the presets of which a picture is missing or shows other weights."""
    for preset in presets:
        shown = {shown_weights(cards / preset.name / name) for name in PICTURES}
        if shown != {preset.sha256}:
            yield preset
