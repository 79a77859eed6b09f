"""Recipes as short TOML files: the bundled ones by name, any other by its path."""

import re
import tomllib
from importlib import resources
from pathlib import Path

from classwise.zoo.foundation.errors import InputError, unknown_name
from classwise.zoo.training.recipe import TRUNK_ENDING, Recipe, build_recipe


def bundled_recipes() -> dict[str, tuple[Path, int | None]]:
    """Returns the bundled recipes by name: their file, and the code length if it has several."""
    found = {}
    for file in sorted(Path(str(resources.files("classwise.zoo.training") / "recipes")).iterdir()):
        if file.suffix == ".toml":
            lengths = tomllib.loads(file.read_text(encoding="utf-8"))["code_length"]
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


def read_recipe(name_or_path: str | Path, **changes) -> Recipe:
    """Reads a bundled recipe by its name, or any recipe file.

    A file whose `code_length` is a list holds one recipe for each: `NAME.toml` with
    `code_length = [16, 32]` is `NAME_16` and `NAME_32`.

    Args:
        name_or_path: a name of `list_recipes()`, or the path of a `.toml` file.
        changes: values that replace the file's, such as `seed=1`; None keeps the file's.

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
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} is not a TOML file: {error}.") from error
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
    values |= {key: value for key, value in changes.items() if value is not None}
    if changes.get("code_length") is not None and not name.endswith(TRUNK_ENDING):
        # The name says the code length: the changed recipe makes another preset.
        name = f"{re.sub(r'_[0-9]+$', '', name)}_{values['code_length']}"
    return build_recipe({"name": name, **values}, path.name)
