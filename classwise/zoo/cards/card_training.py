"""How a preset or its trunk was trained, in words: from recipe, log and trunk."""

from classwise.zoo.cards.markdown import escaped, table
from classwise.zoo.presets.registry import Preset, Trunk

# What the cards say elsewhere.
SAID_ELSEWHERE = ("name", "backbone", "stages", "trunk")
SAID_OF_PRESETS = (*SAID_ELSEWHERE, "method", "protocol", "code_length")


def how_trained(preset: Preset, trunk: Trunk, started_from: str | None) -> str:
    """Returns what was trained, from which weights, and what was done to it afterwards.

    Args:
        preset: whose recipe tells what the training did.
        trunk: the stored backbone of the preset.
        started_from: name of the trunk that the recipe's training began with, None for none.
    """
    trained = layers_trained(preset, trunk, started_from)
    if preset.recipe.get("itq_iterations"):
        trained += (
            " The finished embedding was turned by iterative quantization (ITQ, Gong and Lazebnik, "
            "CVPR 2011), for its signs to keep more of it."
        )
    return trained


def layers_trained(preset: Preset, trunk: Trunk, started_from: str | None) -> str:
    """Returns what was trained, and from which weights; arguments as in `how_trained`."""
    frozen_until = preset.recipe.get("frozen_until")
    if started_from is None:
        taught = preset.recipe.get("distillation")
        teacher = f", by the embeddings of `{taught['teacher']}` too" if taught else ""
        return f"Trained end to end from random weights{teacher}."
    start = f"[`{started_from}`]({started_from}.md)"
    layers = "the hash layer"
    if preset.hidden_units:
        layers = f"a hidden layer of {preset.hidden_units} units, {layers}"
    if trunk.name == started_from:
        return (
            f"Only {layers} and the class centres were trained; the backbone is the trunk "
            f"{start}, unchanged. (How the trunk came about: {escaped(trunk.origin)})"
        )
    if frozen_until:
        return (
            f"The layers above `{frozen_until}` and {layers} were trained, starting from the "
            f"trunk {start}, whose layers below stayed as they were."
        )
    return f"Trained end to end, starting from the trunk {start}."


def command(entry: Preset | Trunk) -> str:
    """Returns what trains it again."""
    backend = entry.training.get("backend", "tensorflow")
    variable = "" if backend == "tensorflow" else f"KERAS_BACKEND={backend} "
    return f"{variable}classwise train {entry.recipe['name']} --output RUN"


def on_device(training: dict) -> str:
    """Returns what a training ran on, given what its entry tells of it; "" where that is nothing.

    Example:

    >>> on_device({"cores": 2, "device": "cpu"}), on_device({"device": "gpu"})
    (' on 2 cores', ' on a GPU')
    """
    if training.get("device", "cpu") != "cpu":
        return f" on a {training['device'].upper().replace(' AND ', ' and a ')}"
    return f" on {training['cores']} cores" if "cores" in training else ""


def training_facts(entry: Preset | Trunk) -> str:
    """Returns the course of the training in one paragraph."""
    training = entry.training
    machine = on_device(training)
    machine += f" with the {training['backend']} backend" if "backend" in training else ""
    selected = training["selected_epoch"]
    return (
        f"{training['epochs']} epochs in {training['minutes']:g} minutes{machine}, seed "
        f"{entry.recipe['seed']}. Kept is the model of epoch {selected}, the best one on "
        f"validation images carved from the training images: its nearest class centre was right "
        f"for {training['val_accuracy']:.2%} of them. No epoch was selected on queries. "
        f"{statistics(entry.recipe)}"
    )


def statistics(recipe: dict) -> str:
    """Returns what a training did to the statistics of batch normalization.

    Example:

    >>> statistics({"trunk": "efficientnet_lite0_imagenet", "batch_norm": "training"})
    'Batch normalization learned its statistics; loaded, it keeps them while it trains further.'
    """
    by_default = "inference" if recipe.get("trunk") else "training"
    learned = (recipe.get("batch_norm") or by_default) == "training"
    did = "learned its" if learned else "kept the trunk's"
    return f"Batch normalization {did} statistics; loaded, it keeps them while it trains further."


def other_seeds(entry: Preset | Trunk) -> str:
    """Returns a sentence on the recipe's other trainings, or nothing if there were none."""
    if not entry.other_seeds:
        return ""
    if isinstance(entry, Preset):
        how, values, shown = "again on the same trunk, the recipe reaches mAP", entry.maps, ".4f"
    else:
        how, values, shown = "again, the recipe reaches", entry.accuracies, ".2%"
    seeds = ", ".join(
        f"{value:{shown}} with seed {seed}" for seed, value in entry.other_seeds.items()
    )
    return (
        f" Trained {how} {seeds}: over n = {len(values)} seeds it goes from {values[0]:{shown}} to "
        f"{values[-1]:{shown}}."
    )


def versions(entry: Preset | Trunk) -> str:
    """Returns the packages that trained it."""
    found = ", ".join(f"{package} {version}" for package, version in entry.versions.items())
    return f"Versions: {found}."


def recipe_table(entry: Preset | Trunk) -> str:
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
    return table(["setting", "value"], rows)


def settings(value: object) -> str:
    """Returns a recipe's value, or a table's keys and values on one line.

    Example:

    >>> settings({"name": "adamw", "weight_decay": 0.05})
    'name adamw, weight decay 0.05'
    """
    if not isinstance(value, dict):
        return escaped(str(value).lower() if isinstance(value, bool) else value)
    return ", ".join(f"{key.replace('_', ' ')} {settings(item)}" for key, item in value.items())
