"""The bundled presets, as tests are parametrized by them."""

from classwise.zoo import list_models
from classwise.zoo.presets import get_preset

NAMES = list_models()
# Hashers for any photos, and those that learned the classes of a data set.
PHOTOS = [name for name in NAMES if get_preset(name).for_any_photos]
TRAINED = [name for name in NAMES if name not in PHOTOS]
FASHION = list_models(dataset="fashion_mnist")
# Every trunk that trained hashers stand on, with them.
ON_TRUNK = {}
for name in TRAINED:
    ON_TRUNK.setdefault(get_preset(name).trunk, []).append(name)
# For what takes seconds a preset: one of each trunk and method.
ONE_OF_EACH = [
    next(name for name in names if get_preset(name).method == method)
    for names in ON_TRUNK.values()
    for method in sorted({get_preset(name).method for name in names})
]
ONE_OF_EACH_FASHION = [name for name in ONE_OF_EACH if name in FASHION]
