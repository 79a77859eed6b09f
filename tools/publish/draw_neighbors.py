"""Draws README's picture, docs/neighbours.png, with the demo's hasher and the bundled photographs:

python -m tools.publish.draw_neighbors

Run in the checkout's root. A picture of the present weights is left alone.
"""

from pathlib import Path

import numpy as np

from classwise.zoo.datasets.sample import load_sample
from classwise.zoo.evaluation.neighbor_picture import first_of_each_class, neighbor_picture
from classwise.zoo.presets.load import load
from classwise.zoo.presets.registry import get_preset
from tools.publish.card_pictures import save_small, shown_weights

PRESET = "dcwh_efficientnet_lite0_clothing_48"  # that of the demo
PICTURE = Path("docs") / "neighbours.png"
# Not chosen by their success: the first photograph of every other class.
EVERY, NEIGHBORS = 2, 6


def draw(path: Path) -> None:
    """Writes the picture; it names the weights that it shows."""
    hasher = load(PRESET)
    images = load_sample("clothing", hasher.image_shape)
    codes = hasher.encode(images.images, verbose=0)
    asking = first_of_each_class(images.labels, 1)
    shown, database = np.flatnonzero(asking)[::EVERY], np.flatnonzero(~asking)
    figure = neighbor_picture(images, codes, shown, database, NEIGHBORS)
    save_small(figure, path, get_preset(PRESET).sha256, dithered=True)


if __name__ == "__main__":
    if shown_weights(Path.cwd() / PICTURE) != get_preset(PRESET).sha256:
        draw(Path.cwd() / PICTURE)
