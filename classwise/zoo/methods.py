"""The class-wise methods. Adding one is adding an entry, beside the file of its loss."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from classwise.zoo.foundation.errors import InputError, unknown_name
from classwise.zoo.foundation.publication import Publication

if TYPE_CHECKING:
    import keras
    import numpy as np

    from classwise.losses import ClassWiseLoss


@dataclass(frozen=True)
class Method:
    """Everything that tells one method from another; nobody else asks for a method's name.

    Args:
        name: as in recipes and names of presets, such as `"dcwh"`.
        loss: module and class of its `ClassWiseLoss`, such as
            `"classwise.losses.dcwh_loss:DCWHLoss"`; imported when it is built, as it needs Keras.
        unit_length: whether embeddings and class centers have unit length; the loss's `normalize`.
        distance: by which the nearest class center of an embedding is found.
        posterior: formula of the class posterior, with the loss's settings in braces.
        paper: that proposes it; its short name is how cards and pages call the method.
        fixed_centers: whether class centers stay as they were drawn; the loss's `fixed_centers`.
        initial_centers: how they are drawn; see `Hasher`.
        published: a sentence on figures that the paper publishes, where there is one to say.
    """

    name: str
    loss: str
    unit_length: bool
    distance: Literal["euclidean", "cosine"]
    posterior: str
    paper: Publication
    published: str = ""
    fixed_centers: bool = False
    initial_centers: Literal["separated", "hadamard"] = "separated"

    def loss_class(self) -> type[ClassWiseLoss]:
        """Imports the class of the loss."""
        module, _, name = self.loss.partition(":")
        return getattr(importlib.import_module(module), name)


def _methods(*methods: Method) -> dict[str, Method]:
    return {method.name: method for method in methods}


METHODS = _methods(
    Method(
        "dcwh",
        loss="classwise.losses.dcwh_loss:DCWHLoss",
        unit_length=False,
        distance="euclidean",
        posterior="softmax over c of b (h . mu_c - |mu_c|^2 / 2), b = {inverse_variance}",
        paper=Publication(
            "DCWH",
            "Deep Class-Wise Hashing",
            "1803.04137",
            """@article{zhe2018dcwh,
  title   = {Deep Class-Wise Hashing: Semantics-Preserving Hashing via Class-wise Loss},
  author  = {Zhe, Xuefei and Chen, Shifeng and Yan, Hong},
  journal = {arXiv preprint arXiv:1803.04137},
  year    = {2018}
}""",
        ),
    ),
    Method(
        "vmf",
        loss="classwise.losses.von_mises_fisher_loss:VonMisesFisherLoss",
        unit_length=True,
        distance="cosine",
        posterior="softmax over c of k (mu_c . z), k = {concentration}",
        paper=Publication(
            "vMF",
            "Directional Statistics-based Deep Metric Learning",
            "1802.09662",
            """@article{zhe2019directional,
  title   = {Directional statistics-based deep metric learning for image classification and
             retrieval},
  author  = {Zhe, Xuefei and Chen, Shifeng and Yan, Hong},
  journal = {Pattern Recognition},
  volume  = {93},
  pages   = {113--123},
  year    = {2019},
  note    = {arXiv:1802.09662}
}""",
        ),
        published="Of the vMF paper's retrieval figures none was at hand; the two methods are "
        "compared with each other.",
    ),
    Method(
        "orthohash",
        loss="classwise.losses.ortho_hash_loss:OrthoHashLoss",
        unit_length=True,
        distance="cosine",
        posterior="softmax over c of s (o_c . z), s = {scale}",
        paper=Publication(
            "OrthoHash",
            "One Loss for All: Deep Hashing with a Single Cosine Similarity based Learning "
            "Objective",
            "2109.14449",
            """@inproceedings{hoe2021one,
  title     = {One Loss for All: Deep Hashing with a Single Cosine Similarity based Learning
               Objective},
  author    = {Hoe, Jiun Tian and Ng, Kam Woh and Zhang, Tianyu and Chan, Chee Seng and
               Song, Yi-Zhe and Xiang, Tao},
  booktitle = {Advances in Neural Information Processing Systems},
  year      = {2021}
}""",
        ),
        fixed_centers=True,
        initial_centers="hadamard",
    ),
    Method(
        "csq",
        loss="classwise.losses.csq_loss:CSQLoss",
        unit_length=False,
        distance="euclidean",
        posterior="softmax over c of h . sgn(mu_c)",
        paper=Publication(
            "CSQ",
            "Central Similarity Quantization for Efficient Image and Video Retrieval",
            "1908.00347",
            """@inproceedings{yuan2020central,
  title     = {Central Similarity Quantization for Efficient Image and Video Retrieval},
  author    = {Yuan, Li and Wang, Tao and Zhang, Xiaopeng and Tay, Francis E. H. and Jie, Zequn
               and Liu, Wei and Feng, Jiashi},
  booktitle = {IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  year      = {2020}
}""",
        ),
        fixed_centers=True,
        initial_centers="hadamard",
    ),
)

#: Methods whose centers are means of their images, so that clusters can take the place of classes.
METHODS_OF_MEANS = tuple(method.name for method in METHODS.values() if not method.fixed_centers)

#: Of a hasher on a trunk, where nobody names another one.
DEFAULT_METHOD = "dcwh"


def get_method(name: str) -> Method:
    """Returns a method by its name.

    Raises:
        InputError: no such method.

    Example:

    >>> get_method("vmf").distance
    'cosine'
    """
    if name not in METHODS:
        raise unknown_name("method", name, METHODS)
    return METHODS[name]


def method_of(loss: object) -> Method | None:
    """Returns the method whose loss this is, an object; None for any other loss, and for none."""
    path = f"{type(loss).__module__}:{type(loss).__qualname__}"
    return next((method for method in METHODS.values() if method.loss == path), None)


def nearest_center_distance(hasher: keras.Model) -> str:
    """Returns by which distance a hasher's embeddings find their nearest class center.

    Without a method's loss it is that of the first method whose embeddings are of such length.
    """
    method = method_of(getattr(hasher, "loss", None))
    alike = (m.distance for m in METHODS.values() if m.unit_length == hasher.normalize)
    return method.distance if method else next(alike)


def foreign_scores(loss: ClassWiseLoss, embeddings: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Computes how foreign images are to the classes that a hasher learned, float32 `[N]`.

    Formula: minus the log of what the posterior of the method divides by,

        score = - log sum over c of exp(logit_c)

    whose logits are those of the method's loss: b (h . mu_c - |mu_c|^2 / 2) of DCWH, k (mu_c . z)
    of vMF. Of vMF it is how unlikely the mixture of the classes makes the embedding; of DCWH, how
    unlikely in comparison with one Gaussian around zero. An image near no class has a high one.

    Args:
        loss: of the method, with the settings that trained the hasher.
        embeddings: float32 `[N, L]`.
        centers: of the classes, float32 `[C, L]`.

    Example:

    >>> import numpy as np
    >>> from classwise.losses import DCWHLoss
    >>> centers = np.array([[1.0, 1.0], [-1.0, -1.0]], np.float32)
    >>> embeddings = np.array([[1.0, 1.0], [0.0, 0.0]], np.float32)
    >>> near, between = foreign_scores(DCWHLoss(inverse_variance=4.0), embeddings, centers)
    >>> round(float(near), 3), round(float(between), 3)
    (-4.0, 3.307)

    Reference: Energy-based Out-of-distribution Detection, arXiv 2010.03759.
    """
    from keras import ops

    return -ops.convert_to_numpy(ops.logsumexp(loss.logits(embeddings, centers), axis=-1))


def build_loss(method: str, settings: dict) -> ClassWiseLoss:
    """Builds the loss of `method` with a recipe's settings.

    Raises:
        InputError: an unknown method, an unknown setting, or one out of its range.
    """
    loss = get_method(method).loss_class()
    known = loss().get_config()
    for key in settings:
        if key not in known:
            raise unknown_name(f"setting of the {method} loss", key, known)
    try:
        return loss(**settings)
    except ValueError as error:
        raise InputError(str(error)) from error
