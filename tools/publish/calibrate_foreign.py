"""Measures how foreign images look to presets, and writes their thresholds into the tables:

python -m tools.publish.calibrate_foreign [NAME ...] --features DIR [--pool POOL] [--data-dir DIR]

Thresholds come from validation images, or, of hashers for any photos, from photos that no protocol
judges: the background of Caltech-101 and the part of POOL (see `fit_photos`) that was not learned
from. Features are kept in DIR, so the command goes on where it was interrupted.
"""

import argparse
import json
from functools import cache
from itertools import groupby
from pathlib import Path

import numpy as np
from scipy.stats import binom

from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.datasets.protocol import ProtocolImages
from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.datasets.resized_images import resize
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.models.hasher import Hasher
from classwise.zoo.presets import registry
from classwise.zoo.presets.foreign import (
    FALSE_ALARMS,
    UNUSUAL,
    ForeignImages,
    is_clearly_more,
    usual_share,
)
from classwise.zoo.presets.load import load
from classwise.zoo.presets.registry import Preset, get_preset, get_trunk, presets
from tools.publish.check_foreign import SET, is_useful
from tools.publish.entries import write_entry
from tools.publish.fit_photos import HELD_OUT
from tools.publish.photo_features import PhotoFeatures
from tools.publish.photo_figures import JUDGES
from tools.publish.photo_pools import POOL

#: Whose queries look foreign, or not, to a preset that learned something else.
OTHERS = (
    "caltech101-unseen",
    "flowers102-unseen",
    "ukbench",
    "clothing",
    "cifar10-full",
    "cifar100-full",
    "fashion-mnist-full",
    "omniglot-unseen",
)
#: Photos of anything, which a hasher for any photos has to know.
PHOTOS = (*JUDGES, "clothing")
#: Images at most: of a preset's own, and of each of the others.
OWN_IMAGES, OTHER_IMAGES, JUDGED_PHOTOS = 2000, 300, 600
BACKGROUND = "background_google"


@cache
def loaded(protocol: str, data_dir: Path | None) -> ProtocolImages:
    """Returns the images of a protocol, which every trunk needs, read once."""
    return get_protocol(protocol).load(data_dir)


class ForeignFeatures:
    """Features of images that are, and are not, foreign to the hashers on one trunk."""

    def __init__(self, trunk: str, folder: Path, data_dir: Path | None, pool: Path | None):
        self.trunk, self.data_dir, self.pool = get_trunk(trunk), data_dir, pool
        self.features = PhotoFeatures(self.trunk, folder)

    def protocol(self, name: str) -> ProtocolImages:
        return loaded(name, self.data_dir)

    def of(self, name: str, images: LabeledImages, most: int) -> np.ndarray:
        """Returns the features of at most so many images, evenly spread over all."""
        chosen = np.linspace(0, len(images) - 1, min(most, len(images))).astype(int)
        kept = resize(images.select(np.unique(chosen)), self.trunk.image_shape)
        return self.features.of(name, kept.ids, lambda: kept.images)

    def to_calibrate(self, preset: Preset) -> tuple[str, np.ndarray]:
        """Returns what thresholds come from: in words, and features."""
        if not preset.for_any_photos:
            images = self.protocol(preset.protocol).validation
            found = self.of(f"{preset.protocol}-validation", images, OWN_IMAGES)
            return f"validation images of {preset.protocol}", found
        if self.pool is None:
            raise InputError(f"{preset.name} needs the photos of {POOL.source}; give --pool.")
        every = self.protocol(JUDGES[0]).images
        named = [name.lower() for name in every.class_names].index(BACKGROUND)
        background = every.select(np.flatnonzero(every.known_labels == named))
        photos = POOL.open(self.pool, self.trunk.image_shape)
        learned = self.features.of(POOL.name, photos.ids, lambda: photos.images)
        found = self.of("background", background, OWN_IMAGES)
        words = f"photos of {BACKGROUND} of Caltech-101 and of {POOL.name}, none learned from"
        return words, np.concatenate([found, learned[HELD_OUT - 1 :: HELD_OUT]])

    def own(self, preset: Preset) -> dict[str, np.ndarray]:
        """Returns the features of what the preset is for, by protocol."""
        if preset.for_any_photos:
            return {
                name: self.of(name, self.protocol(name).queries, JUDGED_PHOTOS) for name in PHOTOS
            }
        images = self.protocol(preset.protocol).queries
        return {preset.protocol: self.of(f"{preset.protocol}-queries", images, OWN_IMAGES)}

    def others(self, preset: Preset) -> dict[str, np.ndarray]:
        """Returns the features of what it is not for, by protocol."""
        known = PHOTOS if preset.for_any_photos else (preset.protocol,)
        most = JUDGED_PHOTOS if preset.for_any_photos else OTHER_IMAGES
        return {
            name: self.of(name, self.protocol(name).queries, most)
            for name in OTHERS
            if name not in known
        }


def scores_of(hasher: Hasher, preset: Preset, features: np.ndarray) -> np.ndarray:
    """Returns how foreign images look to a preset, given their features."""
    from keras import ops

    found = features
    for layer in (hasher.hidden_layer, hasher.hash_layer, hasher.unit_length):
        found = found if layer is None else layer(found)
    return ForeignImages(preset, hasher).scores(ops.convert_to_numpy(found))


def beyond(scores: np.ndarray, threshold: float, usual: float) -> dict:
    """Returns how many images there are, and the shares beyond both thresholds."""
    return {
        "images": len(scores),
        "foreign": round(float((scores > threshold).mean()), 4),
        "unusual": round(float((scores > usual).mean()), 4),
    }


def told(share: float, foreign: dict) -> float:
    """Returns how often `SET` images, of which such a share is unusual, make a sentence."""
    needed = usual_share(foreign)
    counts = np.arange(SET + 1)
    telling = [is_clearly_more(int(count), SET, needed) for count in counts]
    return round(float(binom.pmf(counts, SET, share)[telling].sum()), 4)


def foreign_facts(
    words: str,
    calibrating: np.ndarray,
    own: dict[str, np.ndarray],
    others: dict[str, np.ndarray],
) -> dict:
    """Returns what an entry tells of foreign images, given the scores of all images.

    The thresholds are None where `is_useful` says that they would not tell.
    """
    threshold, usual = (
        round(float(np.quantile(calibrating, 1 - share)), 4) for share in (FALSE_ALARMS, UNUSUAL)
    )
    facts = {
        "threshold": threshold,
        "usual": usual,
        "calibrated": {"on": words, "images": len(calibrating)},
        "own": {name: beyond(scores, threshold, usual) for name, scores in own.items()},
        "others": {name: beyond(scores, threshold, usual) for name, scores in others.items()},
    }
    for found in (*facts["own"].values(), *facts["others"].values()):
        found["told"] = told(found["unusual"], facts)
    return facts if is_useful(facts) else facts | {"threshold": None, "usual": None}


def calibrate(names: list[str], folder: Path, data_dir: Path | None, pool: Path | None) -> None:
    """Measures presets, trunk by trunk, and writes what was found into their entries."""
    chosen = sorted((get_preset(name) for name in names), key=lambda each: each.trunk)
    for trunk, standing in groupby(chosen, key=lambda each: each.trunk):
        features = ForeignFeatures(trunk, folder, data_dir, pool)
        once: dict = {}
        for preset in standing:
            kind = preset.protocol, preset.for_any_photos
            if kind not in once:
                once[kind] = (*features.to_calibrate(preset), features.own(preset))
                once[kind] += (features.others(preset),)
            words, calibrating, own, others = once[kind]
            hasher = load(preset.name)
            facts = foreign_facts(
                words,
                scores_of(hasher, preset, calibrating),
                {name: scores_of(hasher, preset, found) for name, found in own.items()},
                {name: scores_of(hasher, preset, found) for name, found in others.items()},
            )
            write_facts(preset, facts)
            print(preset.name, facts["threshold"], facts["own"], flush=True)


def write_facts(preset: Preset, facts: dict) -> None:
    """Writes the facts into the table that has the entry, and leaves all else as it is."""
    path = registry.FOLDER / f"{preset.backbone}_{preset.dataset}.json"
    entry = json.loads(path.read_text(encoding="utf-8"))["presets"][preset.name]
    write_entry("presets", preset.name, entry | {"foreign": facts})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="presets (default: all)")
    parser.add_argument("--features", type=Path, metavar="DIR", required=True)
    parser.add_argument("--pool", type=Path, metavar="POOL", help=f"clone of {POOL.source}")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of TFDS data")
    options = parser.parse_args()
    try:
        calibrate(
            options.names or list(presets()), options.features, options.data_dir, options.pool
        )
    except InputError as error:
        parser.exit(2, f"calibrate_foreign: {error}\n")


if __name__ == "__main__":
    main()
