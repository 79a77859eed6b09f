"""Exports: one graph from uint8 images to packed codes, in the format of every runtime, proven."""

import lazy_loader

# The names of __init__.pyi, each loaded on its first use: the command line and the light parts
# start without TensorFlow, and IDEs and type checkers see them all.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
