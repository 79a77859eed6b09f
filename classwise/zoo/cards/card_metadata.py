"""The metadata that model hubs read at the top of a card.

Specification: https://github.com/huggingface/hub-docs/blob/main/modelcard.md
"""

from collections.abc import Iterator

from classwise.zoo.datasets.catalogue import get_data_set
from classwise.zoo.presets.registry import Preset, Trunk
from classwise.zoo.retrieval.metrics import metric_title

TASK = "image-feature-extraction"
TAGS = ["image-retrieval", "hashing", "metric-learning", "tensorflow", "onnx"]
# Of all that was measured, what a hub shows beside the model.
LISTED = ("map", "map@100", "precision_within_radius_2")
LISTED_EMBEDDING = ("recall@1",)


def preset_metadata(preset: Preset) -> str:
    """Returns a preset's metadata as the block of YAML above its card, with its results."""
    from huggingface_hub import EvalResult

    data_set = get_data_set(preset.dataset)
    results = [
        EvalResult(
            task_type=TASK,
            task_name="Image retrieval by Hamming distance",
            dataset_type=data_set.hub_id or data_set.name,
            dataset_name=f"{data_set.title}, protocol {preset.protocol}",
            metric_type=kind,
            metric_name=title,
            metric_value=round(value, 4),
        )
        for kind, title, value in listed(preset)
    ]
    return front_matter(
        preset, [preset.method, preset.backbone], model_name=preset.name, eval_results=results
    )


def listed(preset: Preset) -> Iterator[tuple[str, str, float]]:
    """Yields the metrics that a hub shows: their names, titles and values."""
    for name in LISTED:
        if name in preset.metrics:
            title = f"{metric_title(name)}, expected over ties"
            yield name, title, preset.metrics[name]["expected"]
    for name in LISTED_EMBEDDING:
        if name in preset.embedding_metrics:
            title = f"{metric_title(name)}, cosine similarity"
            yield name, title, preset.embedding_metrics[name]["value"]
    if "hamming" in preset.accuracy:
        accuracy = preset.accuracy["hamming"]["accuracy"]
        yield "accuracy", "Accuracy of the nearest class center, codes", accuracy


def trunk_metadata(trunk: Trunk) -> str:
    """Returns a trunk's metadata as the block of YAML above its card."""
    return front_matter(trunk, [trunk.backbone])


def front_matter(entry: Preset | Trunk, tags: list[str], **results) -> str:
    """Returns the block of YAML with what all cards have, and a model's results."""
    from huggingface_hub import ModelCardData

    hub_id = get_data_set(entry.dataset).hub_id
    data = ModelCardData(
        license=entry.license.lower(),
        library_name="keras",
        pipeline_tag=TASK,
        tags=[*TAGS, *tags],
        datasets=[hub_id] if hub_id else None,
        **results,
    )
    return f"---\n{data.to_yaml(line_break=chr(10))}\n---"
