"""Measures hashers fitted without labels, beside what else needs none.

    python bench/studies/fitting.py FOLDER [--output FILE] [--seeds 1]

FOLDER holds features of labeled photos as `.npz` files (`bench/studies/fitting_sets.py`). Every
photo asks, all others answer; the labels only judge. Writes bench/results/fitting.json, entry by
entry; those that it holds already are not measured again.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.studies.fitting_sets import REPORTED, TUNING
from classwise.zoo.fitting.fit_features import fit_features
from classwise.zoo.fitting.fitting_plan import FittingPlan
from classwise.zoo.fitting.teacher import unit_length
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.methods import METHODS_OF_MEANS
from classwise.zoo.retrieval import evaluate_codes
from classwise.zoo.training.iterative_quantization import itq_rotation

CODE_LENGTHS = (64, 128, 256)
ABLATION_BITS = 64
RESULTS = Path(__file__).parents[1] / "results" / "fitting.json"
CHUNK = 512
#: What a plan has in place of the default, one thing at a time.
ABLATIONS: dict[str, dict] = {
    "as it is": {},
    "one clustering, N / 27": {"clusterings": (27,)},
    "one clustering, N / 5": {"clusterings": (5,)},
    "memberships by the hardest posterior": {"memberships": "hard"},
    "memberships half the posterior": {"memberships": "averaged"},
    "memberships the posterior": {"memberships": "soft"},
    "teacher without neighbors": {"neighbors": 0},
    "teacher with ten neighbors": {"neighbors": 10},
    "random start": {"start": "random"},
    "no class-wise steps": {"steps": 1},
    "no pull to the teacher's codes": {"code_weight": 0.0},
    "1,000 steps": {"steps": 1000},
    "thresholds at zero": {"thresholds": "zero"},
    "turned by ITQ": {"thresholds": "itq"},
}


def measured_codes(codes: np.ndarray, labels: np.ndarray, code_length: int) -> dict:
    """Returns mAP and Recall@1 of codes, expected over ties."""
    metrics = evaluate_codes(codes, labels, code_length=code_length, top_k=(1,)).metrics
    values = {"map": metrics["map"].expected, "recall@1": metrics["precision@1"].expected}
    return {name: round(value, 4) for name, value in values.items()}


def measured_features(features: np.ndarray, labels: np.ndarray) -> dict:
    """Returns mAP and Recall@1 of features by cosine."""
    units = unit_length(features)
    precisions, firsts = [], []
    places = np.arange(1, len(units))
    for start in range(0, len(units), CHUNK):
        similar = units[start : start + CHUNK] @ units.T
        rows = np.arange(len(similar))
        similar[rows, start + rows] = -np.inf
        order = np.argsort(-similar, axis=1, kind="stable")[:, :-1]
        relevant = labels[order] == labels[start + rows][:, None]
        relevant = relevant[relevant.any(axis=1)]
        hits = relevant.cumsum(axis=1)
        precisions.append((relevant * hits / places).sum(axis=1) / relevant.sum(axis=1))
        firsts.append(relevant[:, 0])
    return {
        "map": round(float(np.concatenate(precisions).mean()), 4),
        "recall@1": round(float(np.concatenate(firsts).mean()), 4),
    }


def random_projection(features: np.ndarray, code_length: int) -> np.ndarray:
    """Codes of random directions of the centered features."""
    units = unit_length(features)
    directions = np.random.default_rng(0).normal(size=(units.shape[1], code_length))
    return pack_codes((units - units.mean(axis=0)) @ directions)


def pca_itq(features: np.ndarray, code_length: int) -> np.ndarray:
    """Codes of the first principal components, turned by ITQ."""
    units = unit_length(features)
    centered = (units - units.mean(axis=0)).astype(np.float64)
    _, axes = np.linalg.eigh(centered.T @ centered)
    components = centered @ axes[:, ::-1][:, :code_length]
    return pack_codes(components @ itq_rotation(components))


def fitted(features: np.ndarray, labels: np.ndarray, code_length: int, **options) -> dict:
    """Fits and measures."""
    start = time.perf_counter()
    found = fit_features(features, code_length=code_length, **options)
    seconds = time.perf_counter() - start
    codes = found.encode(features)
    return measured_codes(codes, labels, code_length) | {"seconds": round(seconds, 1)}


def jobs(folder: Path) -> dict[tuple[str, ...], Callable[[], dict]]:
    """Returns what is to be measured, by its place in the results."""
    loaded: dict[str, tuple] = {}

    def photos(name: str) -> tuple[np.ndarray, np.ndarray]:
        if name not in loaded:
            loaded.clear()  # one at a time
            loaded[name] = (REPORTED | TUNING)[name].load(folder)
        return loaded[name]

    def size(name: str) -> dict:
        features, labels = photos(name)
        return {"photos": len(features), "classes": int(labels.max()) + 1}

    found: dict[tuple[str, ...], Callable[[], dict]] = {}
    for name in (*REPORTED, *TUNING):
        found[name, "size"] = lambda name=name: size(name)
        found[name, "float"] = lambda name=name: measured_features(*photos(name))
    for name in REPORTED:
        for bits in CODE_LENGTHS:
            for kind, codes in (("random projection", random_projection), ("PCA + ITQ", pca_itq)):
                found[name, str(bits), kind] = lambda name=name, bits=bits, codes=codes: (
                    measured_codes(codes(photos(name)[0], bits), photos(name)[1], bits)
                )
            for method in METHODS_OF_MEANS:
                found[name, str(bits), method] = lambda name=name, bits=bits, method=method: fitted(
                    *photos(name), bits, method=method
                )
    for name in TUNING:
        found[name, "PCA + ITQ"] = lambda name=name: measured_codes(
            pca_itq(photos(name)[0], ABLATION_BITS), photos(name)[1], ABLATION_BITS
        )
        for words, change in ABLATIONS.items():
            found[name, words] = lambda name=name, change=change: fitted(
                *photos(name), ABLATION_BITS, plan=FittingPlan(**change)
            )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--only", default="", metavar="SET", help="measure this set only")
    options = parser.parse_args()
    results = json.loads(options.output.read_text()) if options.output.exists() else {}
    results.setdefault("cores", os.cpu_count())
    for place, measure in jobs(options.folder).items():
        *path, last = ("sets", *place)
        if options.only not in place[0]:
            continue
        at = results
        for key in path:
            at = at.setdefault(key, {})
        if last in at:
            continue
        at[last] = measure()
        print(*place, at[last], flush=True)
        with replacing_file(options.output) as temporary:
            temporary.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
