"""Class-wise losses: every image is compared with its class's center, never with other images.

`DCWHLoss` and `VonMisesFisherLoss` are Keras losses whose predictions are pairs of embeddings and
class centers, as are `OrthoHashLoss` and `CSQLoss`, whose centers never move; `ClassCenters` holds
the centers inside a model, and `CenterUpdate` re-estimates them between epochs.
`classwise.zoo.Hasher` puts the pieces together.
"""

from classwise.losses.center_update import CenterUpdate
from classwise.losses.class_centers import ClassCenters
from classwise.losses.class_wise_loss import ClassWiseLoss
from classwise.losses.csq_loss import CSQLoss
from classwise.losses.dcwh_loss import DCWHLoss
from classwise.losses.ortho_hash_loss import OrthoHashLoss
from classwise.losses.von_mises_fisher_loss import VonMisesFisherLoss

__all__ = [
    "CSQLoss",
    "CenterUpdate",
    "ClassCenters",
    "ClassWiseLoss",
    "DCWHLoss",
    "OrthoHashLoss",
    "VonMisesFisherLoss",
]
