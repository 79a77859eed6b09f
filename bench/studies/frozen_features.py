"""Compares five ways to hash the features of a frozen ImageNet trunk, under three protocols.

    python bench/studies/frozen_features.py [--features DIR] [--seeds 3]

Few training samples (`cifar10-5k-59k`, DCWH's claim) and classes that nobody trained on
(`cifar10-unseen`, `cifar100-unseen`): only a hash layer is trained, on the pooled features of
EfficientNet-Lite0. Writes bench/studies/results/frozen_features.json; rows that it holds already
are not measured again.
"""

import argparse
import json
from pathlib import Path

import keras
import numpy as np

from bench.studies.heads import BATCH_SIZE, EPOCHS, LABELS, mean_average_precision, train_head
from bench.studies.pooled_features import SIDE, TRUNK, pooled_features
from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.foundation.files import replacing_file

PROTOCOLS = {"cifar10-5k-59k": (16, 32, 48), "cifar10-unseen": (48,), "cifar100-unseen": (48,)}
RESULTS = Path(__file__).parent / "results" / "frozen_features.json"


def study(name: str, code_lengths, seeds: int, folder: Path, known: list[dict]) -> list[dict]:
    """Returns a row for every method and code length: its mAP by seed; known rows as they are."""
    measured_before = {(row["method"], row["code_length"]): row for row in known}
    split, features = pooled_features(get_protocol(name), folder)
    positions = split.positions
    # Validation images select nothing here; they are learned from like the others.
    learned = np.concatenate([positions["training"], positions["validation"]])
    class_ids = np.searchsorted(split.seen_classes, split.images.labels[learned])
    queries, database = (
        (features[positions[role]], split.images.labels[positions[role]])
        for role in ("queries", "database")
    )
    rows = []
    for code_length in code_lengths:
        for method in LABELS:
            row = measured_before.get((method, code_length))
            if row is not None and len(row["by_seed"]) == seeds:
                rows.append(row)
                continue
            measured = []
            for seed in range(seeds):
                head = train_head(method, features[learned], class_ids, code_length, seed)
                measured.append(mean_average_precision(head, queries, database, code_length))
            rows.append(
                {
                    "method": method,
                    "code_length": code_length,
                    "by_seed": measured,
                }
            )
            expected = [f"{found['expected']:.4f}" for found in measured]
            print(f"{name} {code_length:>3} bits {method:<8} mAP {' '.join(expected)}", flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--features", type=Path, default=Path("runs") / "pooled_features")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    settings = {
        "trunk": TRUNK,
        "side": SIDE,
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "seeds": options.seeds,
        "backend": keras.backend.backend(),
    }
    known = json.loads(options.output.read_text()) if options.output.exists() else {}
    same = {key: known.get(key) for key in settings} == settings
    before = known["protocols"] if same else {}
    result = settings | {
        "protocols": {
            name: study(name, lengths, options.seeds, options.features, before.get(name, []))
            for name, lengths in PROTOCOLS.items()
        }
    }
    with replacing_file(options.output) as temporary:
        temporary.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
