"""The bundled presets, as tests are parametrized by them."""

from classwise.zoo import list_models
from classwise.zoo.presets import get_preset

NAMES = list_models()
FASHION = list_models(dataset="fashion_mnist")
# Every trunk that hashers stand on, with them.
ON_TRUNK = {}
for name in NAMES:
    ON_TRUNK.setdefault(get_preset(name).trunk, []).append(name)
# For what takes seconds a preset: one of each trunk and method.
ONE_OF_EACH = [
    next(name for name in names if get_preset(name).method == method)
    for names in ON_TRUNK.values()
    for method in sorted({get_preset(name).method for name in names})
]
ONE_OF_EACH_FASHION = [name for name in ONE_OF_EACH if name in FASHION]
