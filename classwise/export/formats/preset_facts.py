"""What an exported file tells about the preset that it was made from."""


def preset_facts(model: str) -> dict[str, object]:
    """Returns what an exported file tells about its preset; nothing for any other model.

    Args:
        model: a preset's name, or the path of a file.

    Returns:
        preset, method, backbone, dataset, protocol, map, license.
    """
    from classwise.zoo.presets import presets

    if model not in presets():
        return {}
    preset = presets()[model]
    facts = ("method", "backbone", "dataset", "protocol", "license")
    return {
        "preset": preset.name,
        "map": f"{preset.metrics['map']['expected']:.4f}",
        **{key: getattr(preset, key) for key in facts},
    }
