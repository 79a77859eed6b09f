"""Training of a backbone's upper layers alone, on the cached output of the frozen ones below."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
from keras import layers

from classwise.zoo.datasets import LabeledImages
from classwise.zoo.foundation.errors import InputError, unknown_name
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.models.feature_hasher import FeatureHasher
from classwise.zoo.models.hasher import Hasher
from classwise.zoo.presets.load import head_variables
from classwise.zoo.presets.registry import get_trunk
from classwise.zoo.presets.weight_files import assign_weights, named_weights, variables_by_path
from classwise.zoo.training.cached_features import CachedFeatures
from classwise.zoo.training.feature_views import View, plain, training_views
from classwise.zoo.training.recipe import Recipe

BATCH = 256


class FrozenTrunk:
    """A backbone split at a layer: what is below is frozen, what is above is trained.

    The layers below run in inference mode, once for every view of an image: an epoch costs what the
    layers above cost.

    Args:
        backbone: the pretrained backbone.
        layer: name of the last frozen layer; the backbone's last one leaves the head only.

    Raises:
        InputError: the backbone has no such layer, or its output is no single tensor that the
            layers above start from.
    """

    def __init__(self, backbone: keras.Model, layer: str):
        names = [known.name for known in backbone.layers]
        if layer not in names:
            raise unknown_name(f"layer of {backbone.name} (key frozen_until)", layer, names)
        output = backbone.get_layer(layer).output
        self.backbone = backbone
        self.by_path = variables_by_path(backbone)
        self.lower = keras.Model(backbone.input, output)
        shape = output.shape[1:]
        features = keras.Input(shape if len(shape) == 3 else (1, 1, shape[-1]), name="features")
        x = layers.Rescaling(1.0, name="cast")(features)
        if layer == names[-1]:
            x = layers.Flatten(name="flatten")(x) if len(shape) == 1 else x
        else:
            try:
                x = keras.Model(output, backbone.output, name="upper")(x)
            except ValueError as error:
                raise InputError(
                    f"{backbone.name} cannot be split at {layer}: the layers above need more than "
                    "its output; choose the last layer of a block."
                ) from error
        self.upper = keras.Model(features, x, name=f"{backbone.name}_upper")

    def cache(
        self,
        images: LabeledImages,
        file: Path,
        views: Sequence[View],
        progress: Callable[[int], None] | None = None,
    ) -> tuple[np.ndarray, float]:
        """Computes the features of all images, or maps the file that holds them already.

        Args:
            images: N images.
            file: where their features are, or go.
            views: what is done to images before their features are computed, V functions.
            progress: called with the number of images of every batch done.

        Returns:
            The features, float16 `[N, V, h, w, F]`, and the seconds that computing them took, which
            are kept beside the file.
        """
        count = len(images)
        shape = (count, len(views), *self.upper.input_shape[1:])
        seconds = file.with_suffix(".seconds")
        if not file.exists() or not seconds.exists():
            begin = time.perf_counter()
            with replacing_file(file) as temporary:
                found = np.lib.format.open_memmap(temporary, "w+", np.float16, shape)
                for start in range(0, count, BATCH):
                    stop = min(start + BATCH, count)
                    pixels = np.asarray(images.images[start:stop])
                    for number, view in enumerate(views):
                        seen = np.ascontiguousarray(view(pixels, np.arange(start, stop)))
                        output = self.lower.predict_on_batch(seen)
                        found[start:stop, number] = output.reshape(stop - start, *shape[2:])
                    if progress is not None:
                        progress(stop - start)
                found.flush()
            with replacing_file(seconds) as temporary:
                temporary.write_text(f"{time.perf_counter() - begin:.3f}", encoding="utf-8")
        found = np.load(file, mmap_mode="r")
        if found.shape != shape or found.dtype != np.float16:
            raise InputError(f"{file} holds features {found.shape}, not {shape}; remove it.")
        return found, float(seconds.read_text(encoding="utf-8"))

    def cache_both(
        self,
        recipe: Recipe,
        digests: dict[str, dict],
        training: LabeledImages,
        validation: LabeledImages,
        folder: Path,
        progress: Callable[[int], None] | None = None,
    ) -> tuple[CachedFeatures, CachedFeatures]:
        """Returns the features of a recipe's training and validation images.

        A file's name says what its features were computed from: `digests` are those of the images.
        """
        folder.mkdir(parents=True, exist_ok=True)
        found = []
        for role, images in (("training", training), ("validation", validation)):
            views, drawn = [plain], []
            if role == "training":
                views, drawn = training_views(recipe), [recipe.augmentation, recipe.cached_views]
                drawn += [recipe.seed] if recipe.cached_views else []
            source = [
                digests[role],
                images.image_shape,
                get_trunk(recipe.trunk).sha256,
                recipe.frozen_until,
                repr(drawn),
            ]
            digest = hashlib.sha256(json.dumps(source).encode()).hexdigest()
            file = folder / f"{role}-{digest[:16]}.npy"
            in_turn = recipe.cached_views is not None
            found.append(
                CachedFeatures(images, *self.cache(images, file, views, progress), in_turn)
            )
        return tuple(found)

    def feature_hasher(self, untrained: Hasher) -> FeatureHasher:
        """Returns an untrained hasher of features, like one of images, on the pretrained layers."""
        hasher = FeatureHasher.from_config(
            {
                **untrained.get_config(),
                "backbone": keras.saving.serialize_keras_object(self.upper),
            }
        )
        hasher.backbone.set_weights(self.upper.get_weights())  # a configuration has none
        return hasher

    def complete(self, trained: Hasher) -> Hasher:
        """Returns a hasher of images, given the one that was trained on their features."""
        upper = named_weights(variables_by_path(trained.backbone))
        changed = {name: self.by_path[name] for name in upper}
        assign_weights(changed, upper, "the trained upper layers")
        hasher = Hasher(self.backbone, **trained.settings)
        assign_weights(
            head_variables(hasher), named_weights(head_variables(trained)), "the trained head"
        )
        return hasher
