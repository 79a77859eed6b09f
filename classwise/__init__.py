"""A model zoo of image hashers and embedders for Keras 3: `losses`, `zoo` and `export`."""

import lazy_loader

from classwise.zoo.foundation.around_import import around_import
from classwise.zoo.foundation.quiet import quiet_import
from classwise.zoo.models.saved_classes import stand_ins_registered

# As soon as Keras is there, it can load files that name our classes; nothing heavy is imported.
around_import("tensorflow", quiet_import)
around_import("keras", stand_ins_registered)

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
