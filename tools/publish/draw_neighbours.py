"""Draws README's picture, docs/neighbours.png, with the demo's hasher and the bundled photographs:

python -m tools.publish.draw_neighbours

Run in the checkout's root.
"""

from pathlib import Path

import numpy as np

from classwise.export.commands.demo_command import PRESET, draw_neighbours, first_of_each_class
from classwise.zoo.datasets.sample import load_sample
from classwise.zoo.presets.load import load
from classwise.zoo.presets.registry import get_preset
from tools.publish.card_pictures import save_small

PICTURE = Path("docs") / "neighbours.png"
# Not chosen by their success: the first photograph of every other class.
EVERY, NEIGHBOURS = 2, 6


def draw(path: Path) -> None:
    """Writes the picture; it names the weights that it shows."""
    hasher = load(PRESET)
    images = load_sample("clothing", hasher.image_shape)
    codes = hasher.encode(images.images, verbose=0)
    asking = first_of_each_class(images.labels, 1)
    shown, database = np.flatnonzero(asking)[::EVERY], np.flatnonzero(~asking)
    figure = draw_neighbours(images, codes, shown, database, NEIGHBOURS)
    save_small(figure, path, get_preset(PRESET).sha256)


if __name__ == "__main__":
    draw(Path.cwd() / PICTURE)
