"""How a preset or its trunk was trained: what its recipe, log and entry tell."""

from classwise.zoo.cards.markdown import escaped
from classwise.zoo.datasets.catalogue import get_data_set
from classwise.zoo.presets.registry import Preset, Trunk

# What the cards say elsewhere.
SAID_ELSEWHERE = ("name", "backbone", "stages", "trunk")
SAID_OF_PRESETS = (*SAID_ELSEWHERE, "method", "protocol", "code_length")


def command(entry: Preset | Trunk) -> str:
    """Returns what trains it again."""
    backend = entry.training.get("backend", "tensorflow")
    variable = "" if backend == "tensorflow" else f"KERAS_BACKEND={backend} "
    return f"{variable}classwise train {entry.recipe['name']}{data_dir(entry)} --output RUN"


def data_dir(entry: Preset | Trunk) -> str:
    """Returns the option of commands that says where an entry's data set lies, "" where none is.

    Example:

    >>> from classwise.zoo.presets.registry import get_preset
    >>> data_dir(get_preset("dcwh_efficientnet_lite0_clothing_48"))
    ' --data-dir DIR'
    """
    source = get_data_set(entry.dataset).source
    return " --data-dir DIR" if source is not None and source.needs_data_dir else ""


def on_device(training: dict) -> str:
    """Returns what a training ran on, given what its entry tells of it; "" where that is nothing.

    Example:

    >>> on_device({"cores": 2, "device": "cpu"}), on_device({"device": "gpu"})
    (' on 2 cores', ' on a GPU')
    """
    if training.get("device", "cpu") != "cpu":
        return f" on a {training['device'].upper().replace(' AND ', ' and a ')}"
    return f" on {training['cores']} cores" if "cores" in training else ""


def learned_statistics(recipe: dict) -> bool:
    """Returns whether batch normalization learned its statistics in a training.

    Example:

    >>> learned_statistics({"trunk": "efficientnet_lite0_imagenet", "batch_norm": "training"})
    True
    """
    by_default = "inference" if recipe.get("trunk") else "training"
    return (recipe.get("batch_norm") or by_default) == "training"


def seeds(entry: Preset | Trunk) -> dict:
    """Returns what the recipe's other trainings reached, and the range over all of them."""
    values, shown = (
        (entry.maps, "{:.4f}") if isinstance(entry, Preset) else (entry.accuracies, "{:.2%}")
    )
    return {
        "others": {seed: shown.format(value) for seed, value in entry.other_seeds.items()},
        "count": len(values),
        "least": shown.format(values[0]),
        "most": shown.format(values[-1]),
    }


def recipe_rows(entry: Preset | Trunk) -> list[tuple[str, str]]:
    """Returns all settings of the training; a recipe's new keys need no change here."""
    said = SAID_OF_PRESETS if isinstance(entry, Preset) else SAID_ELSEWHERE
    rows = [
        (key.replace("_", " "), settings(value))
        for key, value in entry.recipe.items()
        if key not in said and value is not None
    ]
    for number, stage in enumerate(entry.recipe["stages"], start=1):
        epochs = "1 epoch" if stage["epochs"] == 1 else f"{stage['epochs']} epochs"
        loss = settings(stage["loss"]) or "default settings"
        rows.append((f"stage {number}", f"{epochs}; loss: {loss}"))
    return rows


def settings(value: object) -> str:
    """Returns a recipe's value, or a table's keys and values on one line.

    Example:

    >>> settings({"name": "adamw", "weight_decay": 0.05})
    'name adamw, weight decay 0.05'
    """
    if not isinstance(value, dict):
        return escaped(str(value).lower() if isinstance(value, bool) else value)
    return ", ".join(f"{key.replace('_', ' ')} {settings(item)}" for key, item in value.items())
