"""The features of the trunk as they are."""

from classwise.zoo.evaluation.baselines.baseline import Material, baseline
from classwise.zoo.retrieval.leave_one_out import RankedVectors


@baseline("trunk", "features of its trunk, cosine")
def float_features(material: Material) -> RankedVectors | None:
    """Returns the features, which are ranked by cosine similarity."""
    return None if material.features is None else RankedVectors(material.features)
