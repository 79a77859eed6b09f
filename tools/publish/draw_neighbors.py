"""Draws README's pictures with the bundled photographs, docs/fitted.png and docs/neighbours.png:

python -m tools.publish.draw_neighbors

The first shows a hasher that is fitted to them without labels, the second the demo's. Run in the
checkout's root. A picture of the present weights is left alone.
"""

import hashlib
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.sample import load_sample, sample_folder
from classwise.zoo.evaluation.neighbor_picture import first_of_each_class, neighbor_picture
from classwise.zoo.fitting.fit_folder import fit_folder
from classwise.zoo.fitting.fitting_plan import FittingPlan
from classwise.zoo.fitting.trunk_encoder import DEFAULT_TRUNK
from classwise.zoo.models.hasher import Hasher
from classwise.zoo.presets.load import load
from classwise.zoo.presets.registry import get_preset, get_trunk
from tools.publish.card_pictures import save_small, shown_weights

PRESET = "dcwh_efficientnet_lite0_clothing_48"  # that of the demo
FITTED, PICTURE = Path("docs") / "fitted.png", Path("docs") / "neighbours.png"
# Not chosen by their success: the first photograph of every other class.
EVERY, NEIGHBORS = 2, 6
SHOWN_SIDE = 128


def draw(hasher: Hasher, path: Path, weights: str) -> None:
    """Writes the neighbors that a hasher finds; the picture names the weights that it shows."""
    codes = hasher.encode(load_sample("clothing", hasher.image_shape).images, verbose=0)
    images = load_sample("clothing", (SHOWN_SIDE, SHOWN_SIDE, 3))
    asking = first_of_each_class(images.labels, 1)
    shown, database = np.flatnonzero(asking)[::EVERY], np.flatnonzero(~asking)
    figure = neighbor_picture(images, codes, shown, database, NEIGHBORS)
    save_small(figure, path, weights, dithered=True)


def fitted_weights() -> str:
    """Returns what is the same as long as a fitting to the same photographs gives the same."""
    told = f"{get_trunk(DEFAULT_TRUNK).sha256} {FittingPlan()}"
    return hashlib.sha256(told.encode()).hexdigest()


if __name__ == "__main__":
    if shown_weights(FITTED) != fitted_weights():
        draw(fit_folder(sample_folder("clothing")), FITTED, fitted_weights())
    if shown_weights(PICTURE) != get_preset(PRESET).sha256:
        draw(load(PRESET), PICTURE, get_preset(PRESET).sha256)
