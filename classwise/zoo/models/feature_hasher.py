"""A hasher of the features that frozen layers computed."""

import keras

from classwise.zoo.models.hasher import Hasher


@keras.saving.register_keras_serializable(package="classwise")
class FeatureHasher(Hasher):
    """A hasher whose images are features: of any range, computed and not given by a user."""

    def _checked(self, x, y, *limits, **options):
        return x, y
