"""Writes what recipes cost and reach into their headers, from the registry:

python -m tools.publish.write_recipe_headers

Run in the checkout's root; bench/results/recipe_minutes.json there has the minutes on a CPU.
"""

import re
import textwrap
from collections.abc import Iterable
from pathlib import Path

from classwise.zoo.cards.card_training import on_device
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.presets.registry import FOLDER, Preset, Trunk, presets, trunks
from classwise.zoo.training.recipe import Recipe
from classwise.zoo.training.recipe_files import bundled_recipes, read_recipe
from tools.publish.list_recipe_costs import is_reckoned, reckoned_texts
from tools.publish.write_tables import read_results

# The lines of a header that this module writes; the others are written by hand.
WRITTEN = re.compile(r"(?:^# (?:Cost|Result) .*\n(?:^#  .*\n)*)+", re.MULTILINE)
COLUMNS = 100


def spread(values: Iterable[float]) -> str:
    """Returns a value, or the least and the most of several.

    Example:

    >>> spread([0.2, 0.2]), spread([0.3, 1.25])
    ('0.2', '0.3 to 1.25')
    """
    least, most = min(values), max(values)
    return f"{least:g}" if least == most else f"{least:g} to {most:g}"


def maps(preset: Preset) -> str:
    """Returns a preset's mAP, and the range over all seeds where there are several."""
    reached = f"{preset.metrics['map']['expected']:.4f}"
    if preset.other_seeds:
        reached += f" ({preset.maps[0]:.4f} to {preset.maps[-1]:.4f})"
    return reached


def features_counted(preset: Preset) -> bool:
    """Returns whether a preset's log tells what its cached features took; older ones do not."""
    log = (FOLDER / preset.file).with_suffix(".log.jsonl")
    return "feature_seconds" in log.read_text(encoding="utf-8")


def result_lines(entries: list[Preset] | list[Trunk], measured: dict | None = None) -> str:
    """Returns the lines about cost and result of a recipe file.

    Args:
        entries: what it made.
        measured: what `bench/recipe_minutes.py` wrote.

    Raises:
        ValueError: the minutes were measured of another version of the recipe.
    """
    if not entries:
        return "# Result    not in the zoo yet\n"
    result = trunk_result(entries[0]) if isinstance(entries[0], Trunk) else results(entries)
    return filled(("Cost", cost(entries, measured or {})), ("Result", result))


def filled(*parts: tuple[str, str]) -> str:
    """Returns titles and texts as the lines of a header."""
    return "".join(
        textwrap.fill(
            text,
            COLUMNS,
            initial_indent=f"# {title:<10}",
            subsequent_indent="#" + " " * 11,
            break_on_hyphens=False,
        )
        + "\n"
        for title, text in parts
    )


def cost(entries: list[Preset] | list[Trunk], measured: dict) -> str:
    """Returns what the trainings of a recipe file took; arguments as of `result_lines`."""
    trainings = [preset.training for preset in entries]
    minutes = f"{spread([training['minutes'] for training in trainings])} minutes"
    devices = {on_device(training) for training in trainings}
    if len(devices) == 1:
        minutes += devices.pop()
    minutes += on_cpu(entries[0].recipe, measured)
    if entries[0].recipe.get("frozen_until") and not all(map(features_counted, entries)):
        minutes += ", without computing the frozen layers' features"
    return minutes


def on_cpu(recipe: dict, measured: dict) -> str:
    """Returns the minutes of a recipe that were measured by some of its steps, if they were."""
    found = measured.get("recipes", {}).get(recipe["name"])
    if found is None:
        return ""
    epochs = sum(stage["epochs"] for stage in recipe["stages"])
    if found["epochs"] != epochs:
        raise ValueError(
            f"The minutes of {recipe['name']} are those of {found['epochs']} epochs, not {epochs}: "
            f"python bench/recipe_minutes.py {recipe['name']}"
        )
    return (
        f"; about {found['minutes']:.0f} on {measured['machine']['cores']} cores with "
        f"{measured['backend']}, by the time of {measured['steps']} steps"
    )


def results(entries: list[Preset]) -> str:
    """Returns what the presets of a recipe file reach."""
    reached = [
        (f"{preset.code_length} bits " if len(entries) > 1 else "") + maps(preset)
        for preset in sorted(entries, key=lambda preset: preset.code_length)
    ]
    numbers = spread([len(preset.maps) for preset in entries])
    seeds = f"seed {entries[0].seed}" if numbers == "1" else "the preset's seed first"
    return f"mAP {', '.join(reached)} under {entries[0].protocol} ({seeds}, n = {numbers})"


def trunk_result(trunk: Trunk) -> str:
    """Returns what a trunk reaches, whose presets have recipes of their own."""
    accuracy, count = f"{trunk.training['val_accuracy']:.2%}", len(trunk.accuracies)
    if count > 1:
        accuracy += f" ({trunk.accuracies[0]:.2%} to {trunk.accuracies[-1]:.2%})"
    seeds = f"seed {trunk.recipe['seed']}" if count == 1 else "the stored trunk's seed first"
    return (
        f"the trunk {trunk.name}; its nearest class center is right for {accuracy} of the "
        f"validation images ({seeds}, n = {count})"
    )


def with_results(
    text: str,
    entries: list[Preset] | list[Trunk],
    measured: dict | None = None,
    recipe: Recipe | None = None,
) -> str:
    """Returns a recipe file's text with new lines about cost and result; see `result_lines`.

    Of a `recipe` that nobody here ran they say what it is reckoned to cost.

    Raises:
        ValueError: it has no such lines to replace.
    """
    lines = result_lines(entries, measured)
    if not entries and recipe is not None and is_reckoned(recipe):
        lines = filled(*reckoned_texts(recipe, measured or {}))
    replaced, count = WRITTEN.subn(lambda found: lines, text, count=1)
    if count == 0:
        raise ValueError("The header has no line '# Result'.")
    return replaced


def recipe_texts(root: Path) -> dict[Path, tuple[str, str]]:
    """Returns the text of every recipe file of a checkout, as it is and as it should be."""
    measured = read_results(root / "bench" / "results", "recipe_minutes")
    names: dict[Path, list[str]] = {}
    for name, (file, _) in bundled_recipes().items():
        names.setdefault(file, []).append(name)
    known = {trunk.recipe["name"]: trunk for trunk in trunks().values() if trunk.recipe}
    known |= presets()
    found = {}
    for file, made in names.items():
        text = file.read_text(encoding="utf-8")
        entries = [known[name] for name in made if name in known]
        if "# Result" in text:  # not that of any folder
            found[file] = text, with_results(text, entries, measured, read_recipe(made[0]))
    return found


if __name__ == "__main__":
    for file, (text, wanted) in recipe_texts(Path.cwd()).items():
        if text != wanted:
            with replacing_file(file) as temporary:
                temporary.write_text(wanted, encoding="utf-8")
