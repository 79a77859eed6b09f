"""The metadata that model hubs read at the top of a card.

Specification: https://github.com/huggingface/hub-docs/blob/main/modelcard.md
"""

from classwise.zoo.datasets.catalogue import get_data_set
from classwise.zoo.presets.registry import Preset, Trunk
from classwise.zoo.retrieval.metrics import metric_title

TASK = "image-feature-extraction"
TAGS = ["image-retrieval", "hashing", "metric-learning", "tensorflow", "onnx"]
# Of all that was measured, what a hub shows beside the model.
LISTED = ("map", "map@100", "precision_within_radius_2")
LISTED_EMBEDDING = ("recall@1",)


def preset_metadata(preset: Preset) -> dict:
    """Returns a preset's metadata, with its results under its protocol."""
    facts = get_data_set(preset.dataset)
    results = [
        (name, metric_title(name) + ", expected over ties", preset.metrics[name]["expected"])
        for name in LISTED
        if name in preset.metrics
    ]
    results += [
        (name, metric_title(name) + ", cosine similarity", preset.embedding_metrics[name]["value"])
        for name in LISTED_EMBEDDING
        if name in preset.embedding_metrics
    ]
    accuracy = preset.accuracy["hamming"]["accuracy"]
    results.append(("accuracy", "Accuracy of the nearest class centre, codes", accuracy))
    return {
        **common(preset, [preset.method, preset.backbone]),
        "model-index": [
            {
                "name": preset.name,
                "results": [
                    {
                        "task": {"type": TASK, "name": "Image retrieval by Hamming distance"},
                        "dataset": {
                            "type": facts.hub_id or facts.name,
                            "name": f"{facts.title}, protocol {preset.protocol}",
                        },
                        "metrics": [
                            {"type": kind, "name": title, "value": round(value, 4)}
                            for kind, title, value in results
                        ],
                    }
                ],
            }
        ],
    }


def trunk_metadata(trunk: Trunk) -> dict:
    """Returns a trunk's metadata."""
    return common(trunk, [trunk.backbone])


def common(entry: Preset | Trunk, tags: list[str]) -> dict:
    hub_id = get_data_set(entry.dataset).hub_id
    return {
        "license": entry.license.lower(),
        "library_name": "keras",
        "pipeline_tag": TASK,
        "tags": [*TAGS, *tags],
        **({"datasets": [hub_id]} if hub_id else {}),
    }
