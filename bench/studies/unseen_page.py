"""The section of docs/STUDIES.md on classes that were held out, by `unseen_classes.py`."""

import statistics

from classwise.zoo.cards.markdown import table
from classwise.zoo.methods import METHODS

INTRODUCTION = """\
## Half of the classes, judged on the other half

The first classes of a set are learned, and every image of the others asks all the rest of these.
Hash layers on the pooled features of `{trunk}`, the trunk as ImageNet left it:
DCWH, vMF, and the linear layer below a softmax classifier, as wide. All have AdamW at
{learning_rate:g} (softmax at the rate chosen), weight decay {weight_decay:g}, batches of
{batch_size}, a cosine schedule, and four settings each: DCWH inverse variances, vMF concentrations,
softmax learning rates. A setting was chosen on the last quarter of the learned classes by layers
that learned from the other three, by MAP@R of floats and by mAP of codes, with one seed; the
classes that judge chose nothing. Floats rank by cosine; codes of vMF are turned by ITQ; mAP of
codes is expected over ties. Mean and range over {seeds} seeds; NMI of the first, where at most 100
classes judge. `features` are what all layers start from, 1,280 floats."""
OF_FLOATS = {
    "map@r": ">MAP@R",
    **{f"recall@{k}": f">R@{k}" for k in (1, 2, 4, 8)},
    "nmi": ">NMI",
}
OF_CODES = {"map": ">mAP", "recall@1": ">R@1", "distinct_codes": ">distinct codes"}
SETTINGS = {
    "inverse_variance": "inverse variance",
    "learning_rate": "learning rate",
    "concentration": "concentration",
}


def unseen_classes(found: dict) -> str:
    """Returns the section, given what the study wrote; methods it has not reached are left out."""
    parts = [INTRODUCTION.format(**found["settings"])]
    for name, ground in found["grounds"].items():
        side, steps = found["settings"]["sides_and_steps"][name]
        images, classes = ground["images"], ground["classes"]
        parts.append(
            f"`{name}` at {side} x {side} pixels: {images['learning']:,} images of {classes[0]} "
            f"classes are learned from in {steps} steps, {images['queries']:,} of {classes[1]} "
            "classes judge:"
        )
        plain = ["`features`", *(mean([ground["features"]], key) for key in OF_FLOATS), "-"]
        rows = [plain, *methods(ground.get("512", {}), OF_FLOATS)]
        parts.append(table(["512 floats", *OF_FLOATS.values(), "chosen"], rows))
        if ground.get("64"):
            rows = methods(ground["64"], OF_CODES)
            parts.append(table(["64 bits", *OF_CODES.values(), "chosen"], rows))
    return "\n\n".join(parts)


def methods(rows: dict, metrics: dict[str, str]) -> list[list[str]]:
    """Returns a row for each method: its metrics over seeds, and the setting that was chosen."""
    return [
        [
            METHODS[method].paper.name if method in METHODS else "layer below a softmax classifier",
            *(mean(row["by_seed"], key) for key in metrics),
            ", ".join(f"{SETTINGS[key]} {value:g}" for key, value in row["chosen"].items()),
        ]
        for method, row in rows.items()
    ]


def mean(by_seed: list[dict], metric: str) -> str:
    """Returns a metric's mean, and its range where there are several values.

    Example:

    >>> mean([{"map": 0.5}, {"map": 0.25}], "map"), mean([{"map": 0.5}], "nmi")
    ('0.3750 (0.2500 to 0.5000)', '-')
    """
    values = [found[metric] for found in by_seed if metric in found]
    if not values:
        return "-"
    if isinstance(values[0], int):
        return f"{statistics.mean(values):,.0f}"
    middle = f"{statistics.mean(values):.4f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.4f} to {max(values):.4f})"
