"""Measures what ranking again by int8 vectors gives, and writes bench/results/reranking.json.

    python bench/reranking.py [OUTPUT] [--presets NAME ...] [--split cifar100:test] [--folder DIR]
        [--hasher FILE] [--queries 1000] [--photos N]

mAP@100, where every image is asked for among all the others, and the band between the worst and
the best order of what stays tied. Presets rank the images of --split again by their embeddings. The
photos of --folder, one sub-folder a class, get codes of 64 bits from --hasher, or else from the
signs of PCA and ITQ of the trunk's features, fitted to the photos themselves, and are ranked again
once by the embedding and once by the features.
"""

import argparse
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np
from sklearn.decomposition import PCA

from bench.timing.options_given import options_given
from classwise import zoo
from classwise.zoo.datasets.image_sources import evenly_chosen, open_images
from classwise.zoo.datasets.image_stream import batches_of
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.search.index import Index
from classwise.zoo.search.index_encoder import features_and_embeddings
from classwise.zoo.search.index_folder import IndexColumns, IndexFacts, packed_names
from classwise.zoo.search.int8_embeddings import quantize
from classwise.zoo.training.iterative_quantization import itq_rotation

RESULTS = Path(__file__).parent / "results" / "reranking.json"
TRUNK, CODE_LENGTH, K = "efficientnet_lite0_imagenet", 64, 100
PRESETS = [f"{method}_airbench_cifar100_{bits}" for method in ("dcwh", "vmf") for bits in (16, 64)]
NOTHING = np.empty(0, np.int64)


def index_of(codes: np.ndarray, code_length: int, vectors: np.ndarray) -> Index:
    """Returns an index of arrays alone."""
    text, ends = packed_names([str(number) for number in range(len(codes))])
    columns = IndexColumns(
        text, ends, codes, quantize(vectors), NOTHING.reshape(-1, 2), NOTHING,
        NOTHING.astype(np.uint8), NOTHING,
    )  # fmt: skip
    return Index(
        "", IndexFacts("", "", code_length, len(codes), "", "all", vectors.shape[1]), columns
    )


def average_precision(relevant: np.ndarray, among: int) -> float:
    """Returns AP@K of one ranking, divided by min(K, relevant ones), as docs/METRICS.md has it."""
    relevant = relevant[:K]
    found = np.cumsum(relevant)
    return float((relevant * found / np.arange(1, len(relevant) + 1)).sum() / min(K, among))


def by_search(index: Index, labels: np.ndarray, asked: np.ndarray, rerank: bool) -> dict:
    """Returns mAP@K of searches, in the worst and the best order of ties, and in the one given."""
    values = []
    for item in asked.tolist():
        # Enough that all that ties with the K-th is there.
        hits = index.search_items([item], k=len(labels) if not rerank else 1000, rerank=rerank)[0]
        relevant = np.array([labels[hit.item] == labels[item] for hit in hits])
        keys = np.array([-hit.similarity if rerank else hit.distance for hit in hits])
        among = int((labels == labels[item]).sum()) - 1
        rank = np.unique(keys, return_inverse=True)[1]
        orders = [np.lexsort((relevant, rank)), np.lexsort((~relevant, rank)), slice(None)]
        values.append([average_precision(relevant[order], among) for order in orders])
    worst, best, given = np.mean(values, axis=0).tolist()
    return {"worst": worst, "best": best, "as given": given}


def by_floats(vectors: np.ndarray, labels: np.ndarray, asked: np.ndarray) -> float:
    """Returns mAP@K of the cosine ranking of float vectors."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    values = []
    for item in asked.tolist():
        order = np.argsort(-(unit @ unit[item]), kind="stable")
        order = order[order != item]
        among = int((labels == labels[item]).sum()) - 1
        values.append(average_precision(labels[order] == labels[item], among))
    return float(np.mean(values))


def measured(codes, code_length, vectors, reference, labels, asked) -> dict:
    """Returns how near ranking again comes to the float ranking of the reference."""
    index = index_of(codes, code_length, vectors)
    again, floats = by_search(index, labels, asked, True), by_floats(reference, labels, asked)
    return {
        "images": len(codes),
        "distinct codes": len(index.groups.counts),
        "mAP@100 by code alone": by_search(index, labels, asked[:200], False),
        "mAP@100 ranked again": again,
        "mAP@100 of the float cosine ranking": floats,
        "ratio": again["as given"] / floats,
        "band": again["best"] - again["worst"],
        "extra bytes an image": vectors.shape[1],
    }


def of_preset(name: str, split: str, count: int | None, queries: int) -> dict:
    hasher = zoo.load(name)
    images = open_images(split).load(hasher.image_shape)
    images = evenly_chosen(images, count) if count else images
    embeddings = hasher.embed(images.images[:], verbose=0)
    asked = np.random.default_rng(0).permutation(len(images))[:queries]
    codes = pack_codes(embeddings)
    return measured(codes, hasher.code_length, embeddings, embeddings, images.labels, asked)


def of_folder(folder: Path, hasher_file: Path | None, count: int | None, queries: int) -> dict:
    if hasher_file:
        hasher = zoo.load(hasher_file)
        model, shape = features_and_embeddings(hasher), hasher.image_shape
    else:
        trunk = zoo.load_backbone(TRUNK)
        shape, images = trunk.input_shape[1:], keras.Input(trunk.input_shape[1:])
        maps = trunk(images, training=False)
        pooled = keras.layers.GlobalAveragePooling2D()(maps) if maps.ndim == 4 else maps
        model = keras.Model(images, [pooled, pooled])
    photos = open_images(folder, labeled=True).load(shape)
    photos = evenly_chosen(photos, count) if count else photos
    parts = [model.predict_on_batch(batch) for batch in batches_of(photos.images, 32)]
    features, embeddings = (np.concatenate([np.asarray(p[i]) for p in parts]) for i in (0, 1))
    if not hasher_file:
        embeddings = PCA(CODE_LENGTH, random_state=0).fit_transform(features)
        embeddings = embeddings @ itq_rotation(embeddings, seed=0)
    embeddings = embeddings.astype(np.float32)
    codes, length = pack_codes(embeddings), embeddings.shape[1]
    asked = np.random.default_rng(0).permutation(len(photos))[:queries]
    arguments = (photos.labels, asked)
    return {
        "ranked again by the embedding": measured(codes, length, embeddings, features, *arguments),
        "ranked again by features": measured(codes, length, features, features, *arguments),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("output", nargs="?", type=Path, default=RESULTS)
    parser.add_argument("--presets", nargs="*", default=PRESETS, metavar="NAME")
    parser.add_argument("--split", default="cifar100:test")
    parser.add_argument("--folder", type=Path, default=zoo.sample_folder("clothing"))
    parser.add_argument("--hasher", type=Path, metavar="FILE", help="fitted to the photos")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--photos", type=int, metavar="N", help="images of each set at most")
    options = parser.parse_args()
    asked = options_given(options, parser)
    of_presets = {
        name: of_preset(name, options.split, options.photos, options.queries)
        for name in options.presets
    }
    photos = of_folder(options.folder, options.hasher, options.photos, options.queries)
    targets = {
        "photos ranked again by features / float features": (
            photos["ranked again by features"]["ratio"], ">=", 0.99,
        )
    }  # fmt: skip
    if of_presets:
        targets |= {
            "presets ranked again / float embeddings, the least": (
                min(each["ratio"] for each in of_presets.values()), ">=", 0.995,
            ),
            "presets ranked again, the widest band": (
                max(each["band"] for each in of_presets.values()), "<=", 0.005,
            ),
        }  # fmt: skip
    document = {
        "command": f"python bench/reranking.py {asked}".strip(),
        "photos of": options.folder.name,
        "split": options.split,
        "machine": {"cores": os.cpu_count(), "processor": platform.machine()},
        "versions": {p: version(p) for p in ("faiss-cpu", "numpy")},
        "targets": {
            name: {
                "value": value,
                "target": f"{sign} {target:g}",
                "reached": value >= target if sign == ">=" else value <= target,
            }
            for name, (value, sign, target) in targets.items()
        },
        "figures": {**of_presets, **photos},
    }
    with replacing_file(options.output) as temporary:
        temporary.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
