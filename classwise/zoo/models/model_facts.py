"""What is known of a hasher from its configuration alone, with neither Keras nor its weights."""

from __future__ import annotations

from classwise.zoo.foundation.errors import InputError

HASHERS = ("Hasher", "FeatureHasher", "Student")


def model_facts(config: dict, name: str) -> dict:
    """Returns the facts of a hasher in JSON types.

    Args:
        config: what `read_config` returned.
        name: of the model, for the message.

    Returns:
        `backbone`, `code_length`, `image_shape`, `normalize`, `hidden_units`, `loss` (None if it
        was not compiled with one), `class_names`, and `preprocessing`, how images are prepared.

    Raises:
        InputError: it is another model than a hasher, or one that is damaged.
    """
    # Its package imports NumPy, which `classwise --help` has no time for.
    from classwise.zoo.datasets.image_preparation import image_preparation

    registered = str(config.get("registered_name"))
    if registered not in {f"classwise>{each}" for each in HASHERS}:
        raise InputError(
            f"{name} holds a {config.get('class_name')}, not a classwise Hasher; wrap a backbone "
            "with zoo.Hasher(backbone, code_length, num_classes) and train it."
        )
    try:
        settings = config["config"]
        image_shape = [int(size) for size in config["build_config"]["input_shape"][1:]]
        loss = (config.get("compile_config") or {}).get("loss")
        return {
            "backbone": str(settings["backbone"]["config"]["name"]),
            "code_length": int(settings["code_length"]),
            "image_shape": image_shape,
            "normalize": bool(settings["normalize"]),
            "hidden_units": int(settings.get("hidden_units", 0)),
            "loss": loss["class_name"] if isinstance(loss, dict) else loss,
            "class_names": [str(each) for each in settings["class_names"]],
            "preprocessing": image_preparation(image_shape),
        }
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{name} has a damaged configuration: {error!r}.") from error
