"""The bundled presets, as tests are parametrised by them."""

from classwise.zoo import list_models
from classwise.zoo.presets import get_preset

NAMES = list_models()
FASHION = list_models(dataset="fashion_mnist")
# Every trunk that hashers stand on, with them.
ON_TRUNK = {}
for name in NAMES:
    ON_TRUNK.setdefault(get_preset(name).trunk, []).append(name)
# For what takes seconds a preset.
ONE_OF_EACH_TRUNK = [names[0] for names in ON_TRUNK.values()]
ONE_OF_EACH_FASHION_TRUNK = [name for name in ONE_OF_EACH_TRUNK if name in FASHION]
