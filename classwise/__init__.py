"""A model zoo of image hashers and embedders for Keras 3: `losses`, `zoo` and `export`."""

import importlib.metadata

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__version__ = importlib.metadata.version("classwise")
