"""What a hasher is compared with. Adding one is adding a file here, with a registered function."""

import importlib
import pkgutil

from classwise.zoo.evaluation.baselines.baseline import BASELINES, Baseline, Material

for _file in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_file.name}")

__all__ = ["BASELINES", "Baseline", "Material"]
