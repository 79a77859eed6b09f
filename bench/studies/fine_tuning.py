"""What fine-tuning gives on a folder of photos, beside a softmax classifier of the same schedule.

    python bench/studies/fine_tuning.py FOLDER

FOLDER has one sub-folder a class, such as the classes 1 to 17 of Flowers-102. A fifth of every
class asks, what is left learns and answers. Measured are the Python of docs/FINE_TUNING.md as it is
typed, the recipe `folder`, and a classifier on the same trunk, with the same steps and the same
batch normalization, whose bottleneck is as wide as the code: the signs of it, and those after ITQ.
Writes bench/results/fine_tuning.json.
"""

import argparse
import functools
import json
import os
import platform
import re
import tempfile
import time
from pathlib import Path

import keras
import numpy as np

from classwise import losses, zoo
from classwise.zoo.datasets import LabeledImages
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.models.feature_hasher import FeatureHasher
from classwise.zoo.models.keras_files import load_file
from classwise.zoo.retrieval.hamming import evaluate_codes
from classwise.zoo.training import read_recipe, train
from classwise.zoo.training.iterative_quantization import itq_rotation
from classwise.zoo.training.learning_images import carve_validation

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench" / "results" / "fine_tuning.json"
PAGE = ROOT / "docs" / "FINE_TUNING.md"
SIDE, ASKING = 96, 0.2
BATCH, EPOCHS, RATES = 32, 10, (3e-3, 3e-4)  # of the page: frozen, everything
TARGETS = {48: 0.85, 16: 0.78}


def split_folder(folder: Path, work: Path) -> tuple[Path, Path]:
    """Links the photos that learn and those that ask into two folders; returns these."""
    random = np.random.default_rng(0)
    for one in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = sorted(one.iterdir())
        asks = random.permutation(len(files))[: round(len(files) * ASKING)]
        for number, file in enumerate(files):
            target = work / ("ask" if number in asks else "learn") / one.name / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(file.resolve())
    return work / "learn", work / "ask"


def score(embeddings: np.ndarray, answering: LabeledImages, asked: np.ndarray, asking) -> float:
    """Returns mAP of the signs of embeddings, every answering photo ranked for every asking one."""
    codes = pack_codes(asked), asking.labels, pack_codes(embeddings), answering.labels
    result = evaluate_codes(*codes, code_length=embeddings.shape[1])
    return round(result.metrics["map"].expected, 4)


def both_scores(found: np.ndarray, asked: np.ndarray, answering, asking, seed=None) -> dict:
    """Returns what the signs of embeddings score, as they are and turned by ITQ.

    `seed` is None for DCWH, as in `fit_itq`, and that of a random start for others.
    """
    rotation = itq_rotation(found, seed=seed)
    return {
        "map": score(found, answering, asked, asking),
        "map_itq": score(found @ rotation, answering, asked @ rotation, asking),
    }


def scores(embed, answering: LabeledImages, asking: LabeledImages, seed=None) -> dict:
    """Returns `both_scores` of a model's embeddings, given what makes them of pixels."""
    photos = (np.asarray(images.images[:]) for images in (answering, asking))
    found, asked = (embed(pixels, verbose=0) for pixels in photos)
    return both_scores(found, asked, answering, asking, seed)


def held_out(images: LabeledImages) -> tuple[LabeledImages, LabeledImages]:
    """Returns the photos to learn from and those to watch, as the page divides them."""
    watched = np.random.default_rng(0).random(len(images)) < 0.1
    return images.select(~watched), images.select(watched)


def tutorial(learn: Path, answering, asking, bits: int) -> dict:
    """Runs the page's Python on a folder; returns what its phases score, and minutes."""
    page = PAGE.read_text(encoding="utf-8")
    text = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)[:4]
    text[0] = text[0].replace('zoo.sample_folder("clothing")', repr(str(learn)))
    text[1] = text[1].replace("code_length=48", f"code_length={bits}")
    keras.utils.set_random_seed(0)
    begin, names, found = time.perf_counter(), {}, []
    for number, block in enumerate(text):
        exec(compile(block, PAGE.name, "exec"), names)
        if number >= 2:
            found.append(scores(names["hasher"].embed, answering, asking))
    minutes = round((time.perf_counter() - begin) / 60, 1)
    return {"frozen": found[0], **found[1], "minutes": minutes}


def fixed_centers(learn: Path, answering, asking, bits: int) -> dict:
    """Trains the frozen phase on cached features, with class centers as they were drawn."""
    keras.utils.set_random_seed(0)
    trunk = zoo.load_backbone("efficientnet_lite0_imagenet", (SIDE, SIDE, 3))
    shape = (1, 1, trunk.output_shape[-1])
    backbone = keras.Sequential([keras.Input(shape), keras.layers.Flatten()])
    hasher = FeatureHasher(backbone, bits, answering.num_classes)

    def features(photos):
        return trunk.predict(np.asarray(photos.images[:]), verbose=0).reshape(-1, *shape)

    learned, _ = held_out(zoo.load_folder(learn, (SIDE, SIDE, 3)))
    steps = -(-len(learned) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(RATES[0], EPOCHS * steps)
    hasher.compile(keras.optimizers.AdamW(rate), losses.DCWHLoss())
    hasher.fit(features(learned), learned.labels, BATCH, EPOCHS, verbose=0)
    found, asked = (hasher.predict(features(photos), verbose=0) for photos in (answering, asking))
    return both_scores(found, asked, answering, asking)


def recipe(work: Path, learn: Path, answering, asking, bits: int) -> dict:
    """Trains the recipe `folder`, as `classwise train --images` does."""
    chosen = read_recipe("folder", code_length=bits, image_size=SIDE)
    images = zoo.load_folder(learn, tuple(chosen.image_shape))
    begin = time.perf_counter()
    path = train(chosen, *carve_validation(images, 0), work / f"run{bits}", verbose=2)
    minutes = round((time.perf_counter() - begin) / 60, 1)
    hasher = load_file(path)
    found = scores(hasher.embed, answering, asking)
    return {**found, "minutes": minutes}


def softmax(learn: Path, answering, asking, bits: int) -> dict:
    """Trains a classifier with a bottleneck, its trunk and its steps those of the page."""
    keras.utils.set_random_seed(0)
    images = zoo.load_folder(learn, (SIDE, SIDE, 3))
    training = held_out(images)[0].batches(BATCH, shuffle=True, seed=0)
    trunk = zoo.load_backbone("efficientnet_lite0_imagenet", images.image_shape)
    pixels = keras.Input(images.image_shape)
    bottleneck = keras.layers.Dense(bits)(trunk(pixels))
    classifier = keras.Model(pixels, keras.layers.Dense(images.num_classes)(bottleneck))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    for trainable, rate in zip((False, True), RATES, strict=True):
        trunk.trainable = trainable
        falling = keras.optimizers.schedules.CosineDecay(rate, EPOCHS * len(training))
        classifier.compile(keras.optimizers.AdamW(falling), loss)
        classifier.fit(training, epochs=EPOCHS, verbose=2)
    embed = keras.Model(pixels, bottleneck)
    return scores(embed.predict, answering, asking, seed=0)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--name", default="classes 1 to 17 of Flowers-102", help="what they are")
    parser.add_argument("--go-on", action="store_true", help="keep what the file has measured")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        learn, ask = split_folder(options.folder, work)
        answering, asking = (zoo.load_folder(path, (SIDE, SIDE, 3)) for path in (learn, ask))
        facts = {
            "photos": options.name,
            "classes": answering.num_classes,
            "answering": len(answering),
            "asking": len(asking),
            "image_size": SIDE,
            "machine": {"cores": os.cpu_count(), "processor": platform.machine()},
            "backend": keras.backend.backend(),
            "targets": {str(bits): target for bits, target in TARGETS.items()},
        }
        result = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        if not options.go_on or {key: result.get(key) for key in facts} != facts:
            result = {**facts, "bits": {}}
        ways = {
            "tutorial": tutorial,
            "recipe": functools.partial(recipe, work),
            "fixed_centers": fixed_centers,
            "softmax": softmax,
        }
        for bits in TARGETS:
            measured = result["bits"].setdefault(str(bits), {})
            for name in [name for name in ways if name not in measured]:
                measured[name] = ways[name](learn, answering, asking, bits)
                with replacing_file(RESULTS) as file:
                    file.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
