"""Learns hash layers from half of the classes, and judges them on the other half.

    KERAS_BACKEND=torch python bench/studies/unseen_classes.py [--features DIR] [--seeds 3]

Float embeddings and codes of DCWH, of vMF and of the layer below a softmax classifier, on the
pooled features of EfficientNet-Lite0; beside them the features as they are. All have one optimizer,
one width, as many steps and four settings to choose from: values of a parameter of their own. A
setting is chosen on the last quarter of the learned classes, in their order, by layers that learned
from the other three; classes that judge are looked at once. Writes
bench/studies/results/unseen_classes.json; what it holds already is not measured again.
"""

import argparse
import json
import math
import time
from pathlib import Path

import keras
import numpy as np

from bench.studies.pooled_features import TRUNK, pooled_features
from classwise.losses import CenterUpdate
from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.methods import build_loss, get_method
from classwise.zoo.models.feature_hasher import FeatureHasher
from classwise.zoo.retrieval.embeddings import evaluate_embeddings
from classwise.zoo.retrieval.leave_one_out import RankedCodes, evaluate_leave_one_out
from classwise.zoo.training.iterative_quantization import ITERATIONS, turn

#: The side of images in pixels (characters are drawn on 105 x 105), and steps.
GROUNDS = {
    "flowers102-half-unseen": (224, 250),
    "caltech101-half-unseen": (224, 250),
    "omniglot-unseen": (112, 400),
}
FLOATS, BITS = 512, 64
BATCH_SIZE, LEARNING_RATE, WEIGHT_DECAY = 128, 1e-3, 0.02
FIXED = {"dcwh": {"cubic_weight": 0.1, "vertex_weight": 0.01}}
MOST_CLUSTERS = 100  # k-means of more classes takes longer than all trainings
METHODS = ("dcwh", "vmf", "softmax")
RESULTS = Path(__file__).parent / "results" / "unseen_classes.json"
JUDGED = {FLOATS: "map@r", BITS: "map"}


def settings(method: str, width: int) -> list[dict]:
    """Returns what a method is chosen from: its loss's own parameter, or softmax's rate.

    DCWH's centers are vertices, whose squared distance grows with the width.
    """
    if method == "dcwh":
        return [{"inverse_variance": scale / width} for scale in (16, 32, 64, 128)]
    if method == "vmf":
        return [{"concentration": value} for value in (8.0, 16.0, 32.0, 64.0)]
    return [{"learning_rate": rate} for rate in (3e-4, 1e-3, 3e-3, 1e-2)]


def fit(model: keras.Model, loss, features, labels, chosen: dict, steps: int, callbacks=()) -> None:
    """Trains until the rate has fallen to 0, and to the end of that epoch."""
    rate = chosen.get("learning_rate", LEARNING_RATE)
    rate = keras.optimizers.schedules.CosineDecay(rate, steps)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY), loss)
    epochs = math.ceil(steps / math.ceil(len(features) / BATCH_SIZE))
    model.fit(features, labels, BATCH_SIZE, epochs, callbacks=list(callbacks), verbose=0)


def head(method: str, chosen: dict, steps: int, features, labels, width: int, seed: int):
    """Returns a function from features to embeddings of a layer that learned from class ids."""
    keras.utils.set_random_seed(seed)
    classes = int(labels.max()) + 1
    if method == "softmax":
        inputs = keras.Input((features.shape[1],))
        layer = keras.layers.Dense(width)(inputs)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        classifier = keras.Model(inputs, keras.layers.Dense(classes)(layer))
        fit(classifier, loss, features, labels, chosen, steps)
        below = keras.Model(inputs, layer)
        return lambda found: np.asarray(below.predict(found, batch_size=4096, verbose=0))
    inputs = keras.Input((1, 1, features.shape[1]))
    hasher = FeatureHasher(
        keras.Model(inputs, keras.layers.Flatten()(inputs)),
        width,
        classes,
        normalize=get_method(method).unit_length,
        seed=seed,
    )
    loss = build_loss(method, chosen | FIXED.get(method, {}))
    fit(hasher, loss, features[:, None, None], labels, chosen, steps, callbacks=[CenterUpdate()])

    def embed(found):
        return np.asarray(hasher.predict(found[:, None, None], batch_size=4096, verbose=0))

    if method == "vmf" and width == BITS:
        turn(hasher, embed(features), ITERATIONS, seed)
    return embed


def measured(embeddings: np.ndarray, labels: np.ndarray, width: int, nmi: bool = False) -> dict:
    """Returns metrics where every image asks all the others: of floats, or of their signs."""
    if width == BITS:
        codes = RankedCodes(pack_codes(embeddings), BITS)
        found = evaluate_leave_one_out(codes, labels, recall_at=(1,), nmi=False).metrics
        band = [round(found["map"].worst, 5), round(found["map"].best, 5)]
        values = {name: found[name].expected for name in ("map", "recall@1")}
        distinct = len(np.unique(codes.codes, axis=0))
        return {**rounded(values), "map_band": band, "distinct_codes": distinct}
    found = evaluate_embeddings(embeddings, labels, nmi=nmi).metrics
    return rounded({name: value["value"] for name, value in found.items()})


def rounded(values: dict) -> dict:
    return {name: round(float(value), 5) for name, value in values.items()}


def numbered(labels: np.ndarray) -> np.ndarray:
    """Returns class ids without gaps, in the same order."""
    return np.unique(labels, return_inverse=True)[1]


def held_out(class_ids: np.ndarray) -> np.ndarray:
    """Returns which images are of the last quarter of the classes, bool `[N]`."""
    return class_ids >= round(0.75 * (class_ids.max() + 1))


def choose(method: str, width: int, steps, features, labels) -> tuple[dict, list[dict]]:
    """Returns the setting that is best for held-out learned classes, and all that were tried."""
    apart = held_out(labels)
    tried = []
    for setting in settings(method, width):
        embed = head(method, setting, steps, features[~apart], labels[~apart], width, seed=0)
        found = measured(embed(features[apart]), labels[apart], width)
        tried.append({**setting, JUDGED[width]: found[JUDGED[width]]})
    best = max(range(len(tried)), key=lambda i: tried[i][JUDGED[width]])
    return settings(method, width)[best], tried


def study(name: str, seeds: int, folder: Path, known: dict, keep) -> None:
    """Adds to `known` what a ground lacks, and calls `keep` after every method."""
    side, steps = GROUNDS[name]
    split, features = pooled_features(get_protocol(name), folder, side)
    labels, positions = split.images.labels, split.positions
    # Validation images select nothing here; they are learned from like the others.
    learned = np.concatenate([positions["training"], positions["validation"]])
    asked = positions["queries"]
    known.setdefault("images", {"learning": len(learned), "queries": len(asked)})
    seen, class_ids = features[learned], numbered(labels[learned])
    judged, answers = features[asked], labels[asked]
    nmi = len(np.unique(answers)) <= MOST_CLUSTERS
    known.setdefault("classes", [len(np.unique(found)) for found in (class_ids, answers)])
    if "features" not in known:
        known["features"] = measured(judged, answers, judged.shape[1], nmi)
        apart = held_out(class_ids)
        known["features_held_out"] = measured(seen[apart], class_ids[apart], judged.shape[1])
        keep()
    for width in (FLOATS, BITS):
        rows = known.setdefault(str(width), {})
        for method in METHODS:
            if method in rows:
                continue
            start = time.perf_counter()
            chosen, tried = choose(method, width, steps, seen, class_ids)
            by_seed = []
            for seed in range(seeds):
                embed = head(method, chosen, steps, seen, class_ids, width, seed)
                by_seed.append(measured(embed(judged), answers, width, nmi and seed == 0))
            rows[method] = {"chosen": chosen, "tried": tried, "by_seed": by_seed}
            keep()
            seconds = round(time.perf_counter() - start)
            values = [found[JUDGED[width]] for found in by_seed]
            print(f"{name} {width} {method} {chosen} {values} {seconds} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--features", type=Path, default=Path("runs") / "pooled_features")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--grounds", nargs="+", choices=GROUNDS, default=list(GROUNDS))
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    given = {
        "trunk": TRUNK,
        "sides_and_steps": json.loads(json.dumps(GROUNDS)),
        "batch_size": BATCH_SIZE,
        "learning_rate": LEARNING_RATE,
        "weight_decay": WEIGHT_DECAY,
        "seeds": options.seeds,
        "backend": keras.backend.backend(),
    }

    def stored() -> dict:
        if not options.output.exists():
            return {"settings": given, "grounds": {}}
        found = json.loads(options.output.read_text())
        if found["settings"] != given:
            parser.error(f"{options.output} holds other settings; remove it, or give --output.")
        return found

    for name in options.grounds:
        known = stored()["grounds"].get(name, {})

        def keep(name=name, known=known):
            result = stored()  # another process may have added grounds of its own
            result["grounds"][name] = known
            with replacing_file(options.output) as temporary:
                temporary.write_text(json.dumps(result, indent=1) + "\n")

        study(name, options.seeds, options.features, known, keep)


if __name__ == "__main__":
    main()
