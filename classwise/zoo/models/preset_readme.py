"""The card of a preset folder: a hub's README.md, filled with the folder's facts."""

from __future__ import annotations

from classwise.zoo.foundation.templates import templates

# What stands for the repository's name until the folder is pushed.
REPOSITORY = "OWNER/MODEL"
TASK = "image-feature-extraction"
TAGS = ("image-retrieval", "hashing", "metric-learning")
# Of all that was measured, what a hub shows beside the model.
LISTED = ("map", "map@100", "precision_within_radius_2")


def preset_readme(facts: dict) -> str:
    """Returns the card, given what classwise.json holds."""
    page = templates("classwise.zoo.models").get_template("preset_readme.md")
    return page.render(facts=facts, metadata=metadata(facts), repository=REPOSITORY)


def metadata(facts: dict) -> str:
    """Returns the YAML that a hub reads at the top of a card."""
    from huggingface_hub import EvalResult, ModelCardData

    evaluation, dataset = facts["evaluation"], facts["dataset"]
    results = None
    if evaluation:
        results = [
            EvalResult(
                task_type=TASK,
                task_name="Image retrieval by Hamming distance",
                dataset_type=dataset or "custom",
                dataset_name=dataset or evaluation.get("protocol") or "images of one's own",
                metric_type=name,
                metric_name=f"{name}, expected over ties",
                metric_value=round(evaluation["metrics"][name]["expected"], 4),
            )
            for name in LISTED
            if evaluation["metrics"].get(name, {}).get("expected") is not None
        ]
    onnx = ["onnx"] if "onnx/model.onnx" in facts["files"] else []
    return ModelCardData(
        license=facts["license"],
        library_name="keras",
        pipeline_tag=TASK,
        base_model=facts["base_model"],
        datasets=[dataset] if dataset else None,
        tags=[*TAGS, *onnx],
        model_name=facts["backbone"] if results else None,
        eval_results=results or None,
    ).to_yaml()
