"""What is measured of a hasher for any photos: on photos of kinds that it did not learn."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.evaluation.evaluate import EncodedSets, evaluate_sets
from classwise.zoo.fitting.linear_head import LinearHead
from classwise.zoo.fitting.teacher import unit_length
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.retrieval.leave_one_out import (
    RankedCodes,
    RankedVectors,
    evaluate_leave_one_out,
)
from classwise.zoo.retrieval.pair_distances import pair_distances
from classwise.zoo.training.iterative_quantization import itq_rotation
from tools.publish.check_photo_entry import FALSE_MATCHES

#: Protocols that judge, the first one in the most detail; choices were made on none of their
#: photos. Of Flowers-102 only the classes count that they were not made on.
JUDGES = ("caltech101-unseen", "flowers102-unseen", "ukbench")
CHOSEN_ON = "flowers102-unseen"
SHOWN = ("map", "recall@1")


def judging_rows(protocol: str, labels: np.ndarray) -> np.ndarray:
    """Returns which photos of a protocol judge: all, or every second class."""
    ids = np.unique(labels, return_inverse=True)[1]
    return ids % 2 == 1 if protocol == CHOSEN_ON else np.ones(len(labels), bool)


def shown(items: RankedCodes | RankedVectors, labels: np.ndarray, group: int | None) -> dict:
    """Returns mAP and Recall@1, expected over ties, and of groups the score of UKBench."""
    result = evaluate_leave_one_out(items, labels, recall_at=(1,), group=group, nmi=False)
    kept = [name for name in result.metrics if name in SHOWN or (group and str(group) in name)]
    return {name: round(result.metrics[name].expected, 4) for name in kept}


def pca_itq(learned: np.ndarray, code_length: int) -> Callable[[np.ndarray], np.ndarray]:
    """Returns what makes PCA + ITQ codes, fitted to features."""
    units = unit_length(learned)
    mean = units.mean(axis=0)
    centered = (units - mean).astype(np.float64)
    axes = np.linalg.eigh(centered.T @ centered)[1][:, ::-1][:, :code_length]
    kernel = axes @ itq_rotation(centered @ axes)
    return lambda features: pack_codes((unit_length(features) - mean) @ kernel)


def same_kind(
    codes: np.ndarray,
    code_length: int,
    judged: np.ndarray,
    labels: np.ndarray,
) -> dict:
    """Finds the distance within which photos are taken to show the same kind of thing.

    Args:
        codes: of photos that were not learned from, each of another kind.
        code_length: L.
        judged, labels: codes and kinds of other photos, which tell how well it does.

    Returns:
        `distance`, with the share of the pairs of different kinds within it that is nearest to
        .01, how many photos and pairs there were, and `judged`: the same share of other photos,
        and the share of pairs of one kind that are found.
    """
    kinds = np.arange(len(codes))
    _, different = pair_distances(
        codes, kinds, codes, kinds, code_length=code_length, leave_one_out=True
    )
    shares = different.cumsum() / different.sum()
    distance = int(np.abs(shares - FALSE_MATCHES).argmin())
    same, others = pair_distances(
        judged, labels, judged, labels, code_length=code_length, leave_one_out=True
    )
    within = slice(0, distance + 1)
    return {
        "distance": distance,
        "false_match_rate": round(float(shares[distance]), 5),
        "photos": len(codes),
        "pairs": int(different.sum()) // 2,
        "judged": {
            "protocol": JUDGES[0],
            "false_match_rate": round(float(others[within].sum() / others.sum()), 5),
            "found": round(float(same[within].sum() / same.sum()), 5),
        },
    }


def detailed(
    codes: np.ndarray, embeddings: np.ndarray, labels: np.ndarray, code_length: int
) -> dict:
    """Returns the figures of an entry that are those of its protocol."""
    sets = EncodedSets(
        codes, labels, codes, labels, code_length, embeddings, embeddings, leave_one_out=True
    )
    measured = evaluate_sets(sets, embeddings=True).to_dict()
    return {
        "metrics": measured["metrics"],
        "excluded_queries": measured["excluded_queries"],
        "per_class": {},
        "confusions": [],
        "code_statistics": measured["code_statistics"],
        "accuracy": {},
        "embedding_metrics": measured["embedding"]["metrics"],
    }


def fitted_figures(bench: Path, protocol: str, backbone: str, bits: int, method: str) -> dict:
    """Returns what a fitting to the very photos reached, where bench/results/fitting.json has it.

    Its features are those of EfficientNet-Lite0.
    """
    name = {"caltech101-unseen": "caltech101", "flowers102-unseen": "flowers102-odd"}.get(protocol)
    if name is None or backbone != "efficientnet_lite0":
        return {}
    found = json.loads((bench / "fitting.json").read_text(encoding="utf-8"))["sets"]
    reached = found[name][str(bits)][method]
    return {"fitted": {key: reached[key] for key in SHOWN}}


class JudgedPhotos:
    """Features and kinds of the photos that judge, and the figures of what all heads share."""

    def __init__(self, protocol: str, features: np.ndarray, labels: np.ndarray):
        rows = judging_rows(protocol, labels)
        self.protocol, self.features, self.labels = protocol, features[rows], labels[rows]
        self.group = get_protocol(protocol).group
        self._shared: dict = {}

    def once(self, key: object, items: Callable[[], RankedCodes | RankedVectors]) -> dict:
        """Returns figures, measured the first time only."""
        if key not in self._shared:
            self._shared[key] = shown(items(), self.labels, self.group)
        return self._shared[key]

    def beside(self, head: LinearHead, learned: np.ndarray) -> dict:
        """Returns the figures of a head's codes and of what stands beside them.

        Args:
            head: as it is stored.
            learned: features of the pool, which PCA + ITQ is fitted to too.
        """
        bits = len(head.bias)
        outputs = head.outputs(self.features)
        kept = RankedCodes(pack_codes(outputs), bits)
        return {
            "photos": len(self.labels),
            "kinds": len(np.unique(self.labels)),
            "hasher": shown(kept, self.labels, self.group),
            "pool ITQ": self.once(
                ("pool", bits),
                lambda: RankedCodes(pca_itq(learned, bits)(self.features), bits),
            ),
            "own ITQ": self.once(
                ("own", bits),
                lambda: RankedCodes(pca_itq(self.features, bits)(self.features), bits),
            ),
            "trunk": self.once("trunk", lambda: RankedVectors(self.features)),
        }
