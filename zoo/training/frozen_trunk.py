"""Training of a backbone's upper layers alone, on the cached output of the frozen ones below."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from classwise.zoo.datasets import LabelledImages
from classwise.zoo.datasets.python_calls import numpy_function
from classwise.zoo.errors import InputError, unknown_name
from classwise.zoo.files import replacing_file
from classwise.zoo.hasher import Hasher
from classwise.zoo.presets.registry import get_trunk
from classwise.zoo.presets.weight_files import assign_weights, named_weights, variables_by_path
from classwise.zoo.training.input_pipeline import augment_batch
from classwise.zoo.training.recipe import Recipe

BATCH = 256

#: What is done to a batch of pixels `[b, H, W, C]`, given which images they are, `[b]`.
View = Callable[[np.ndarray, np.ndarray], np.ndarray]


def plain(pixels: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Leaves images as they are."""
    return pixels


def mirrored(pixels: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Mirrors every image left to right."""
    return pixels[:, :, ::-1]


def training_views(recipe: Recipe) -> list[View]:
    """Returns the views whose features a recipe caches, the plain images first.

    With `cached_views` all further ones are augmented, each view as if it were an epoch of its
    own; without, the mirrored images join the plain ones where the recipe flips.
    """
    if recipe.cached_views is None:
        return [plain, mirrored] if recipe.augmentation.flip else [plain]

    def augmented(view, pixels, indices):
        epoch = tf.constant(view, tf.int64)
        return augment_batch(pixels, indices, recipe.augmentation, recipe.seed, epoch).numpy()

    further = range(1, recipe.cached_views)
    return [plain, *(functools.partial(augmented, view) for view in further)]


@keras.saving.register_keras_serializable(package="classwise")
class FeatureHasher(Hasher):
    """A hasher whose images are features: of any range, computed and not given by a user."""

    def _checked(self, x, y):
        return x, y


@dataclasses.dataclass(frozen=True, eq=False)
class CachedFeatures:
    """Features of labelled images as they are and, after these, as training changes them.

    Args:
        images: the labelled images whose features they are.
        views: float16 `[N, V, h, w, F]`, the first of V views being the plain image.
        in_turn: whether epoch e sees view e modulo V of every image, or (default) one of them drawn
            anew for every image.
    """

    images: LabelledImages
    views: np.ndarray
    in_turn: bool = False

    def __len__(self) -> int:
        return len(self.views)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of an image's features."""
        return self.views.shape[2:]

    @property
    def num_classes(self) -> int:
        return self.images.num_classes

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.images.class_names

    @property
    def labels(self) -> np.ndarray:
        return self.images.labels

    def training_batches(self, batch_size: int, seed: int, epochs: range) -> tf.data.Dataset:
        """Returns the batches of several epochs; an epoch's depend on seed and number alone."""

        steps = max(len(self) // batch_size, 1)

        @functools.lru_cache(maxsize=2)
        def drawn(epoch):
            random = np.random.default_rng([seed, epoch])
            order = random.permutation(len(self))
            count = self.views.shape[1]
            if self.in_turn:
                return order, np.full(len(self), epoch % count)
            return order, random.integers(count, size=len(self))

        def batch(step):
            order, views = drawn(step // steps)
            start = step % steps * batch_size
            chosen = order[start : start + batch_size]
            return self.views[chosen, views[chosen]], self.labels[chosen]

        return self._dataset(range(epochs.start * steps, epochs.stop * steps), batch)

    def batches(self, batch_size: int) -> tf.data.Dataset:
        """Returns the plain features in their own order."""

        def batch(step):
            chosen = slice(step * batch_size, (step + 1) * batch_size)
            return self.views[chosen, 0], self.labels[chosen]

        return self._dataset(range(math.ceil(len(self) / batch_size)), batch)

    def _dataset(self, steps: range, batch: Callable) -> tf.data.Dataset:
        """Returns the features and labels that `batch` gives for each step."""

        def read(step):
            features, labels = numpy_function(batch, [step], [tf.float16, tf.int64])
            return tf.ensure_shape(features, (None, *self.image_shape)), tf.ensure_shape(
                labels, (None,)
            )

        return tf.data.Dataset.range(steps.start, steps.stop).map(read).prefetch(4)


class FrozenTrunk:
    """A backbone split at a layer: what is below is frozen, what is above is trained.

    The layers below run in inference mode, once for every image (and its mirror image): an epoch
    costs what the layers above cost.

    Args:
        backbone: the pretrained backbone.
        layer: name of the last frozen layer; the backbone's last one leaves the hash layer only.

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
        images: LabelledImages,
        file: Path,
        views: Sequence[View],
        progress: Callable[[int], None] | None = None,
    ) -> np.ndarray:
        """Computes the features of all images, or maps the file that holds them already.

        Args:
            images: N images.
            file: where their features are, or go.
            views: what is done to images before their features are computed, V functions.
            progress: called with the number of images of every batch done.

        Returns:
            float16 `[N, V, h, w, F]`.
        """
        count = len(images)
        shape = (count, len(views), *self.upper.input_shape[1:])
        if not file.exists():
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
        found = np.load(file, mmap_mode="r")
        if found.shape != shape or found.dtype != np.float16:
            raise InputError(f"{file} holds features {found.shape}, not {shape}; remove it.")
        return found

    def cache_both(
        self,
        recipe: Recipe,
        digests: dict[str, dict],
        training: LabelledImages,
        validation: LabelledImages,
        folder: Path,
        progress: Callable[[int], None] | None = None,
    ) -> tuple[CachedFeatures, CachedFeatures]:
        """Returns the features of a recipe's training and validation images.

        A file's name says what its features were computed from: `digests` are those of the images.
        """
        folder.mkdir(parents=True, exist_ok=True)
        found = []
        for role, images in (("training", training), ("validation", validation)):
            views, drawn = [plain], ()
            if role == "training":
                views, drawn = training_views(recipe), (recipe.augmentation, recipe.cached_views)
            source = [
                digests[role],
                images.image_shape,
                get_trunk(recipe.trunk).sha256,
                recipe.frozen_until,
                repr((*drawn, recipe.seed if recipe.cached_views else None)),
            ]
            digest = hashlib.sha256(json.dumps(source).encode()).hexdigest()
            features = self.cache(images, folder / f"{role}-{digest[:16]}.npy", views, progress)
            found.append(CachedFeatures(images, features, in_turn=recipe.cached_views is not None))
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
        hasher = Hasher(
            self.backbone,
            code_length=trained.code_length,
            num_classes=trained.num_classes,
            normalize=trained.normalize,
            class_names=trained.class_names,
            seed=trained.seed,
        )
        hasher.hash_layer.set_weights(trained.hash_layer.get_weights())
        hasher.class_centers.set_weights(trained.class_centers.get_weights())
        return hasher
