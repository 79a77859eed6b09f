"""The model: a backbone, a head with the hash layer, and the class centers that train it."""

import keras
import numpy as np
from keras import layers

from classwise.losses import ClassCenters
from classwise.losses.class_centers import INITIAL
from classwise.zoo.backbones.batch_norm import batch_norm_mode, set_batch_norm
from classwise.zoo.backbones.shapes import feature_rank, image_shape
from classwise.zoo.datasets.check_batches import comes_in_batches
from classwise.zoo.datasets.check_images import check_images
from classwise.zoo.datasets.pipelines import array_batches
from classwise.zoo.foundation.codes import check_code_length, pack_codes
from classwise.zoo.foundation.errors import InputError, unknown_name
from classwise.zoo.foundation.integers import as_integer
from classwise.zoo.models.class_wise_model import ClassWiseModel


@keras.saving.register_keras_serializable(package="classwise")
class Hasher(ClassWiseModel):
    """Embeds images, and hashes them: bit k of a code is 1 where embedding k is above 0.

    Formula:

        x = backbone(images)            averaged over space if 4-D
        x = relu(W x + b)               hidden_units of them, only if these are not 0
        h = hash_layer(x)
        z = h / |h|                     only if normalize=True (vMF)

    Train it with a class-wise loss; `compile`, `fit`, `save` and `keras.saving.load_model` are
    Keras's own. While it trains, metrics such as `"accuracy"` see the logits of the class
    posterior `[B, C]`, so that they score the nearest class center.

    Args:
        backbone: any `keras.Model` with one input of fixed size, images `[B, H, W, channels]`
            holding 0-255 (scaling belongs inside), and one output, features `[B, F]` or
            `[B, h, w, F]`.
        code_length: L, bits of a code, 1 to 4,096.
        num_classes: C, at least 2.
        normalize: whether embeddings and class centers have unit length: False for `DCWHLoss`,
            True for `VonMisesFisherLoss`. Defaults to False.
        class_names: C names, kept with the model. Defaults to "0", "1", ...
        seed: seed of the initial class centers. Defaults to 0.
        hidden_units: units of a hidden layer below the hash layer; a linear layer cannot fit many
            classes into few bits. Defaults to 0: none.
        batch_norm: what batch normalization in the backbone does while it trains. `"inference"`:
            it keeps its moving statistics, as a pretrained backbone needs, whose own few steps of
            fine-tuning cannot estimate new ones (`zoo.load` and `zoo.load_backbone` set this; ask
            for it with any other pretrained backbone, such as those of `keras.applications`, and
            `trainable = True` will not undo it). `"training"`: it learns new ones, as random
            weights need. Defaults to None: as the backbone's layers are, Keras's in training. The
            attribute of that name says what they do, None where there are none.
        initial_centers: how class centers are drawn (`ClassCenters`): "separated", or "hadamard"
            for losses whose centers never move. Defaults to "separated".

    Raises:
        InputError: an argument is out of its range, or the backbone has another form.

    Example:

    >>> import numpy as np
    >>> from classwise import losses, zoo
    >>> hasher = zoo.Hasher(zoo.resnet(8, (28, 28, 1)), code_length=12, num_classes=10)
    >>> hasher.compile(optimizer="adamw", loss=losses.DCWHLoss(), metrics=["accuracy"])
    >>> hasher.encode(np.zeros((3, 28, 28, 1), np.uint8), verbose=0).shape
    (3, 2)

    Reference: arXiv 1803.04137; arXiv 1802.09662.
    """

    def __init__(
        self,
        backbone,
        code_length,
        num_classes,
        normalize=False,
        class_names=None,
        seed=0,
        hidden_units=0,
        batch_norm=None,
        initial_centers="separated",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.code_length = check_code_length(code_length)
        self.num_classes = as_integer(num_classes) or 0
        if self.num_classes < 2:
            raise InputError(f"num_classes is {num_classes!r}; it must be an integer from 2 on.")
        names = range(self.num_classes) if class_names is None else class_names
        self.class_names = tuple(map(str, names))
        if len(self.class_names) != self.num_classes:
            raise InputError(
                f"class_names has {len(self.class_names)} names for {self.num_classes} classes; "
                "give one name a class."
            )
        self.image_shape = image_shape(backbone)
        self.normalize = bool(normalize)
        self.seed = as_integer(seed)
        if self.seed is None or self.seed < 0:
            raise InputError(f"seed is {seed!r}; it must be an integer from 0 on.")
        self.hidden_units = as_integer(hidden_units)
        if self.hidden_units is None or self.hidden_units < 0:
            raise InputError(f"hidden_units is {hidden_units!r}; it must be an integer from 0 on.")
        if batch_norm is not None:
            set_batch_norm(backbone, batch_norm)
        self.batch_norm = batch_norm_mode(backbone)
        self.backbone = backbone
        self.pool = None
        if feature_rank(backbone) == 4:
            self.pool = layers.GlobalAveragePooling2D("channels_last", name="pool")
        self.hidden_layer = None
        if self.hidden_units:
            self.hidden_layer = layers.Dense(
                self.hidden_units, activation="relu", dtype="float32", name="hidden_layer"
            )
        # float32 under any policy: the sign of an embedding is the product.
        self.hash_layer = layers.Dense(self.code_length, dtype="float32", name="hash_layer")
        self.unit_length = layers.UnitNormalization(dtype="float32") if normalize else None
        if initial_centers not in INITIAL:
            raise unknown_name("initial_centers", str(initial_centers), INITIAL)
        self.initial_centers = initial_centers
        centers = self.num_classes, self.code_length, self.normalize, self.seed, initial_centers
        self.class_centers = ClassCenters(*centers, name="class_centers")
        self(keras.Input(self.image_shape, dtype="uint8", name="images"))

    def call(self, images, training=None):
        return self.head(self.backbone(images, training=training))

    def head(self, features):
        """Computes embeddings `[N, L]` of what the backbone gave."""
        for layer in (self.pool, self.hidden_layer, self.hash_layer, self.unit_length):
            if layer is not None:
                features = layer(features)
        return features

    def embed(self, images, batch_size=256, verbose="auto") -> np.ndarray:
        """Computes embeddings, float32 `[N, L]`, of images.

        Args:
            images: uint8 `[N, H, W, channels]`, or numbers in 0-255; or batches of such images,
                with or without labels, which are streamed: a `tf.data.Dataset`, a
                `keras.utils.PyDataset`, a PyTorch `DataLoader` or a generator that ends.
            batch_size: images computed at a time, if `images` is an array. Defaults to 256.
            verbose: progress bar, as in `keras.Model.predict`. Defaults to `"auto"`.

        Raises:
            InputError: images of another rank, size or type, with NaN or outside 0-255; or a
                batch size that is no integer of 1 or more.
        """
        size = as_integer(batch_size)
        if size is None or size < 1:
            raise InputError(f"batch_size is {batch_size!r}; it must be 1 or more.")
        if comes_in_batches(images):
            return self.predict(images, verbose=verbose)
        images = check_images(images, self.image_shape)
        if len(images) == 0:
            return np.zeros((0, self.code_length), np.float32)
        size = min(size, len(images))
        if keras.backend.backend() == "tensorflow":
            images = array_batches(images, size)
        return keras.Model.predict(self, images, batch_size=size, verbose=verbose)  # checked

    def encode(self, images, batch_size=256, verbose="auto") -> np.ndarray:
        """Computes packed binary codes, uint8 `[N, ceil(L / 8)]`; arguments as in `embed`."""
        return pack_codes(self.embed(images, batch_size, verbose))

    def quantize(self, *arguments, **options):
        """Quantizes the backbone's layers, as `keras.Model.quantize` does.

        The head stays float32: the sign of an embedding is the product.
        """
        self.backbone.quantize(*arguments, **options)
        self.train_function = self.test_function = self.predict_function = None

    def save_preset(
        self,
        path,
        *,
        evaluation=None,
        dataset=None,
        base_model=None,
        license=None,
        onnx=True,
        overwrite=False,
    ):
        """Writes the hasher as a folder to load, to share and to push to a model hub.

        It holds Keras's own files, `onnx/model.onnx`, facts for machines (`classwise.json`) and a
        card (`README.md`). `zoo.load` reads it, and Keras does.

        Args:
            path: the folder; it must not exist, or be empty.
            evaluation: what `classwise evaluate --json` printed of it, as a dict, for the card.
                Defaults to None: nothing was measured.
            dataset: what it was trained on, best by a hub's name, `"OWNER/NAME"`.
            base_model: the model of a hub that it was made from, `"OWNER/MODEL"`.
            license: of the weights, by a hub's name of it, such as `"apache-2.0"`.
            onnx: whether to add the ONNX file, proven equal. Where it cannot be made, a warning
                says why. Defaults to True.
            overwrite: whether to replace a folder that classwise wrote. Defaults to False.

        Returns:
            The folder's path.

        Raises:
            InputError: a name that no hub takes, or a folder with something else in it.
            ParityError: the ONNX file would compute something else; nothing is written.
            OSError: the folder cannot be written; nothing is left behind.
        """
        from classwise.zoo.models.preset_folder import write_preset_folder

        return write_preset_folder(
            self,
            path,
            evaluation=evaluation,
            dataset=dataset,
            base_model=base_model,
            license=license,
            onnx=onnx,
            overwrite=overwrite,
        )

    @property
    def settings(self) -> dict:
        """Everything that the hasher was built with but its backbone."""
        return {
            "code_length": self.code_length,
            "num_classes": self.num_classes,
            "normalize": self.normalize,
            "class_names": list(self.class_names),
            "seed": self.seed,
            "hidden_units": self.hidden_units,
            "batch_norm": self.batch_norm,
            "initial_centers": self.initial_centers,
        }

    def get_config(self):
        backbone = keras.saving.serialize_keras_object(self.backbone)
        return {"backbone": backbone, **self.settings, "name": self.name}

    @classmethod
    def from_config(cls, config):
        backbone = keras.saving.deserialize_keras_object(config.pop("backbone"))
        return cls(backbone, **config)
