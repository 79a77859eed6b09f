"""Models behind one interface, whichever runtime runs them: what they take, give and compute.

Another runtime is a module here, and an entry in `open_model.READERS` or `ENGINES`.
"""

from classwise.export.proof.runtimes.model import Model, Signature, Tensor
from classwise.export.proof.runtimes.open_model import open_model

__all__ = ["Model", "Signature", "Tensor", "open_model"]
