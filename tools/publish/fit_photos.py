"""Learns the hashers for any photos from a pool, measures them, and stores them as presets:

python -m tools.publish.fit_photos POOL --features DIR [--data-dir DIR] [--trunk NAME]

POOL is a clone of the repository that `tools/publish/photo_pools.py` names. Features of its photos
and of those that judge are kept in DIR. The same features give the same weights. Run in the
checkout's root.
"""

import argparse
import time
from functools import partial
from pathlib import Path

import keras
import numpy as np

from classwise.zoo.datasets.catalogue import get_data_set
from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.fitting.linear_head import LinearHead
from classwise.zoo.fitting.method_losses import SETTINGS, fitting_losses
from classwise.zoo.fitting.teacher import unit_length
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.printing import print_note
from classwise.zoo.methods import METHODS
from classwise.zoo.presets import registry
from classwise.zoo.presets.classifier import load_classifier
from classwise.zoo.presets.weight_files import as_stored, write_weights
from classwise.zoo.training.environment import machine, versions
from tools.publish.entries import LICENSE, describe_file, write_entry
from tools.publish.photo_features import PhotoFeatures
from tools.publish.photo_figures import (
    JUDGES,
    JudgedPhotos,
    detailed,
    fitted_figures,
    same_kind,
)
from tools.publish.photo_heads import PLANS, learn_photo_head
from tools.publish.photo_pools import POOL
from tools.publish.write_cards import BENCH

DATA_SET, CLASSES = "photos", "imagenet"
TRUNKS = ("efficientnet_lite0_imagenet", "efficientnet_lite2_imagenet")
CODE_LENGTHS = (64, 128, 256)
#: Of the pool, one photo of so many is not learned from: the threshold is set on these.
HELD_OUT = 10
SEED = 0


def publish(pool: Path, features: Path, data_dir: Path | None, trunk_name: str) -> None:
    """Learns, measures and stores the hashers on one trunk."""
    trunk = registry.get_trunk(trunk_name)
    by_trunk = PhotoFeatures(trunk, features)
    photos = POOL.open(pool, trunk.image_shape)
    every = by_trunk.of(POOL.name, photos.ids, lambda: photos.images)
    held_out = np.arange(len(every)) % HELD_OUT == HELD_OUT - 1
    told = POOL.told(photos, int((~held_out).sum()))
    judged = {}
    for name in JUDGES:
        asked = get_protocol(name).load(data_dir).resized(trunk.image_shape).queries
        found = by_trunk.of(name, asked.ids, lambda asked=asked: asked.images)
        judged[name] = JudgedPhotos(name, found, asked.known_labels)
    classifier = load_classifier(trunk_name)
    kernel, bias = (keras.ops.convert_to_numpy(w) for w in classifier.model.layers[-1].weights)
    for code_length in CODE_LENGTHS:
        for method in METHODS:
            if method not in PLANS:
                continue
            start = time.perf_counter()
            loss = fitting_losses(method, code_length)[0]
            head, centers = learn_photo_head(
                every[~held_out],
                every[~held_out] @ kernel + bias,
                loss,
                code_length,
                PLANS[method],
                SEED,
            )
            minutes = round((time.perf_counter() - start) / 60, 1)
            name = f"{method}_{trunk.backbone}_{DATA_SET}_{code_length}"
            file = Path("files") / f"{name}.safetensors"
            weights = {
                "hash_layer/kernel": head.kernel,
                "hash_layer/bias": head.bias,
                "class_centers/centers": centers,
            }
            write_weights(registry.FOLDER / file, weights)
            stored = as_stored(weights)
            head = LinearHead(
                stored["hash_layer/kernel"].astype(np.float32), stored["hash_layer/bias"]
            )
            first = judged[JUDGES[0]]
            outputs = head.outputs(first.features)
            embeddings = unit_length(outputs) if loss.normalize else outputs
            codes = pack_codes(outputs)
            plan = PLANS[method]
            entry = {
                "method": method,
                "backbone": trunk.backbone,
                "dataset": DATA_SET,
                "protocol": JUDGES[0],
                "code_length": code_length,
                "hidden_units": 0,
                "image_shape": trunk.image_shape,
                "class_names": CLASSES,
                "trunk": trunk.name,
                **describe_file(file),
                "seed": SEED,
                "recipe": plan.recipe(SETTINGS[method](code_length)[0], trunk.name, SEED),
                "training": {"steps": plan.steps, "minutes": minutes, **machine()},
                "versions": versions(),
                "license": LICENSE,
                "storage": {"trunk": "float16", "head": "float16"},
                **detailed(codes, embeddings, first.labels, code_length),
                "pools": [told],
                "beside": {
                    protocol: each.beside(head, every[~held_out])
                    | fitted_figures(BENCH, protocol, trunk.backbone, code_length, method)
                    for protocol, each in judged.items()
                },
                "same_kind": same_kind(
                    pack_codes(head.outputs(every[held_out])), code_length, codes, first.labels
                ),
            }
            names = {CLASSES: get_data_set(DATA_SET).class_names}
            write_entry("presets", name, entry, class_names=names)
            reached = {key: found["hasher"] for key, found in entry["beside"].items()}
            print(name, reached, entry["same_kind"], flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pool", type=Path, metavar="POOL", help=f"clone of {POOL.source}")
    parser.add_argument("--features", type=Path, metavar="DIR", required=True)
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of TFDS data")
    parser.add_argument("--trunk", choices=TRUNKS, action="append", help="default: all")
    options = parser.parse_args()
    learn = partial(publish, options.pool, options.features, options.data_dir)
    try:
        for trunk in options.trunk or TRUNKS:
            print_note(trunk)
            learn(trunk)
    except InputError as error:
        parser.exit(2, f"fit_photos: {error}\n")


if __name__ == "__main__":
    main()
