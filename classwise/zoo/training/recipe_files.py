"""Recipes as short TOML files: the bundled ones by name, any other by its path."""

import re
from importlib import resources
from pathlib import Path
from typing import Any

from classwise.zoo.foundation.errors import InputError, unknown_name
from classwise.zoo.foundation.settings import read_toml
from classwise.zoo.training.recipe import TRUNK_ENDING, Recipe, build_recipe

# Characters of a line of names in the help: a narrow terminal breaks none.
LINE = 56


def bundled_recipes() -> dict[str, tuple[Path, int | None]]:
    """Returns the bundled recipes by name: their file, and the code length if it has several."""
    found: dict[str, tuple[Path, int | None]] = {}
    for file in sorted(Path(str(resources.files("classwise.zoo.training") / "recipes")).iterdir()):
        if file.suffix == ".toml":
            lengths = read_toml(file)["code_length"]
            if isinstance(lengths, list):
                found |= {f"{file.stem}_{length}": (file, length) for length in lengths}
            else:
                found[file.stem] = (file, None)
    return dict(sorted(found.items()))


def list_recipes() -> list[str]:
    """Returns the names of the bundled recipes.

    Example:

    >>> "dcwh_resnet9_fashion_mnist_16" in list_recipes()
    True
    """
    return list(bundled_recipes())


def recipe_choices() -> list[str]:
    """Returns the names of `list_recipes()`, what they share written once.

    Example:

    >>> [choice for choice in recipe_choices() if "mnist" in choice][0]
    '{dcwh,vmf}_resnet9_fashion_mnist_{16,24,32,48,64}'
    """
    methods: dict[str, list[str]] = {}
    lengths: dict[str, list[str]] = {}
    for file, length in bundled_recipes().values():
        method, _, rest = file.stem.partition("_")
        rest = f"{{}}_{rest}" if rest else method
        for table, value in ((methods, method), (lengths, length)):
            found = table.setdefault(rest, [])
            if value is not None and str(value) not in found:
                found.append(str(value))
    # Data sets for which a backbone has the same recipes share a line, as long as it is short.
    lines: list[tuple[str, list[str], str]] = []
    for rest in sorted(methods):
        ending = f"_{braced(sorted(lengths[rest], key=int))}" if lengths[rest] else ""
        name = rest.format(braced(methods[rest]))
        if name.endswith(TRUNK_ENDING):
            name, ending = name.removesuffix(TRUNK_ENDING), TRUNK_ENDING
        first, _, last = name.rpartition("_")
        start = f"{first}_" if first else ""
        for before, names, after in lines:
            longer = f"{start}{braced([*names, last])}{ending}"
            if (before, after) == (start, ending) and len(longer) <= LINE:
                names.append(last)
                break
        else:
            lines.append((start, [last], ending))
    return [f"{start}{braced(names)}{ending}" for start, names, ending in lines]


def braced(values: list[str]) -> str:
    """Returns several values as a shell's braces have them, or the only one."""
    return f"{{{','.join(values)}}}" if len(values) > 1 else values[0]


def read_recipe(name_or_path: str | Path, **changes) -> Recipe:
    """Reads a bundled recipe by its name, or any recipe file.

    A file whose `code_length` is a list holds one recipe for each: `NAME.toml` with
    `code_length = [16, 32]` is `NAME_16` and `NAME_32`.

    Args:
        name_or_path: a name of `list_recipes()`, or the path of a `.toml` file.
        changes: values that replace the file's, such as `seed=1`; None keeps the file's. `epochs`
            are shared out among its stages as the file's are, and `image_size` is the height and
            width of square images. Another `method` has its loss's defaults in all stages.

    Raises:
        InputError: no such recipe, not TOML, a key or a value that a recipe does not have, or a
            file for several code lengths without the choice of one.

    Example:

    >>> read_recipe("dcwh_resnet9_fashion_mnist_48", code_length=12).name
    'dcwh_resnet9_fashion_mnist_12'
    """
    path, code_length = Path(name_or_path), None
    if path.suffix == ".toml":
        if not path.is_file():
            raise InputError(f"There is no recipe file {path}.")
    elif str(name_or_path) in bundled_recipes():
        path, code_length = bundled_recipes()[str(name_or_path)]
    else:
        raise unknown_name("recipe", str(name_or_path), list_recipes())
    values = read_toml(path)
    name = path.stem
    if isinstance(values.get("code_length"), list):
        code_length = changes.get("code_length") or code_length
        if code_length is None:
            raise InputError(
                f"{path.name} holds recipes of {values['code_length']} bits; choose one with "
                "code_length= (--code-length)."
            )
        values["code_length"] = code_length
        name = f"{name}_{code_length}"
    changes = {key: value for key, value in changes.items() if value is not None}
    epochs, size = changes.pop("epochs", None), changes.pop("image_size", None)
    given = values.get("method")
    if changes.get("method", given) != given:
        # Settings of a loss are those of its method.
        values["stages"] = without_losses(values.get("stages"))
        name = re.sub(f"^{re.escape(str(given))}_", f"{changes['method']}_", name)
    values |= changes
    if epochs is not None:
        values["stages"] = with_epochs(values.get("stages"), epochs)
    if size is not None:
        shape = values.get("image_shape")
        values["image_shape"] = [size, size, *(shape[2:] if isinstance(shape, list) else [3])]
    if "code_length" in changes and not name.endswith(TRUNK_ENDING):
        # The name says the code length: the changed recipe makes another preset.
        name = f"{re.sub(r'_[0-9]+$', '', name)}_{values['code_length']}"
    return build_recipe({"name": name, **values}, path.name)


def without_losses(stages: Any) -> Any:
    """Returns the tables of stages without settings of a loss."""
    if not isinstance(stages, list) or not all(isinstance(stage, dict) for stage in stages):
        return stages  # `build_recipe` says what is wrong with them
    return [{**stage, "loss": {}} for stage in stages]


def with_epochs(stages: Any, epochs: int) -> Any:
    """Returns the tables of stages with so many epochs together, in their proportion.

    Raises:
        InputError: there are fewer epochs than stages.
    """
    try:
        weights = [int(stage["epochs"]) for stage in stages]
    except (TypeError, KeyError, ValueError, OverflowError):
        return stages  # `build_recipe` says what is wrong with them
    if epochs < len(stages):
        raise InputError(f"epochs is {epochs}; it must be {len(stages)} or more, one a stage.")
    changed = []
    for number, (stage, weight) in enumerate(zip(stages, weights, strict=True)):
        share = round(epochs * weight / max(sum(weights[number:]), 1))
        share = min(max(share, 1), epochs - (len(stages) - number - 1))
        changed.append({**stage, "epochs": share})
        epochs -= share
    return changed
