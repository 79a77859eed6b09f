"""Learning of a hash layer for any photos: class-wise, with a classifier's posteriors as labels.

The trunk's own classifier says of every photo of a pool, and of every mixture of two, to which of
its classes it belongs, and how much. With these soft labels the class-wise loss learns a linear
hash layer; it starts at PCA + ITQ of the pool and is pulled towards its codes, because photos of
other kinds than those classes are told apart by what the classes do not say.
"""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
from keras import layers, ops

from classwise.losses import ClassCenters, ClassWiseLoss
from classwise.zoo.fitting.linear_head import LinearHead
from classwise.zoo.fitting.memberships import chunks
from classwise.zoo.fitting.principal_axes import mapped, principal_axes
from classwise.zoo.fitting.teacher import unit_length
from classwise.zoo.training.iterative_quantization import itq_rotation


@dataclasses.dataclass(frozen=True)
class PhotoHeadPlan:
    """How a head is learned; chosen on every second class of Flowers-102 and on Imagenette.

    With DCWH, steps by the classifier's posteriors lost mAP at once; with vMF they left it.

    Args:
        head_axes: principal axes of the features that the head is learned on.
        whitening: power of its deviation that each axis of the codes is divided by, 0 to 1.
        temperature: that the classifier's logits are divided by.
        mixing: the largest share of a second photo in a mixture of features.
        noise: the largest share of the difference of two other photos that is added.
        code_weight: of the distance to the ITQ codes, beside the class-wise loss.
        steps, batch_size, learning_rate: of the gradient descent (Adam, cosine schedule).
        steps_a_round: between two re-estimations of the centers.
    """

    head_axes: int = 512
    whitening: float = 0.6
    temperature: float = 2.0
    mixing: float = 0.5
    noise: float = 0.2
    code_weight: float = 1.0
    steps: int = 300
    batch_size: int = 256
    learning_rate: float = 1e-3
    steps_a_round: int = 50

    def recipe(self, loss: dict, trunk: str, seed: int) -> dict:
        """Returns what an entry tells of the learning, the loss's settings among it."""
        settings = dataclasses.asdict(self)
        return {**settings, "seed": seed, "trunk": trunk, "stages": [{"loss": loss}]}


#: By method.
PLANS = {"dcwh": PhotoHeadPlan(steps=0), "vmf": PhotoHeadPlan()}


class SoftClassModel(keras.Model):
    """One linear head, and the centers of the classifier's classes.

    Formula, with outputs h (of length sqrt(L) where they are directions) and the ITQ codes t:

        loss = class-wise loss of h, its labels the classifier's posterior
               + code_weight * mean over bits of (h - t)^2
    """

    def __init__(self, width: int, code_length: int, classes: int, loss: ClassWiseLoss, weight):
        super().__init__()
        self.hash_layer = layers.Dense(code_length, dtype="float32", name="hash_layer")
        self.hash_layer.build((None, width))
        self.class_centers = ClassCenters(classes, code_length, loss.normalize, seed=0)
        self.class_wise, self.weight = loss, weight
        self.built = True

    def call(self, inputs, training=None):
        return self.hash_layer(inputs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        posterior, codes = y
        outputs = y_pred
        if self.class_wise.normalize:
            outputs = ops.normalize(y_pred, axis=-1) * codes.shape[-1] ** 0.5
        loss = self.class_wise(posterior, (y_pred, self.class_centers.centers))
        return loss + self.weight * ops.mean(ops.square(outputs - codes))


def itq_head(inputs: np.ndarray, code_length: int, power: float, seed: int) -> LinearHead:
    """Returns PCA + ITQ of inputs whose columns are principal components, the widest first."""
    scale = inputs[:, :code_length].std(axis=0) ** power
    components = (inputs[:, :code_length] / scale).astype(np.float64)
    kernel = np.zeros((inputs.shape[1], code_length))
    kernel[:code_length] = itq_rotation(components, seed=seed) / scale[:, None]
    outputs = inputs @ kernel
    return LinearHead(kernel / np.sqrt(np.mean(outputs**2)), np.zeros(code_length))


def posteriors(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Returns the softmax of logits divided by a temperature, float32 `[N, C]`."""
    scaled = logits / temperature
    shares = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)


def learn_photo_head(
    features: np.ndarray,
    logits: np.ndarray,
    loss: ClassWiseLoss,
    code_length: int,
    plan: PhotoHeadPlan,
    seed: int = 0,
) -> tuple[LinearHead, np.ndarray]:
    """Learns a head of features.

    Args:
        features: of the pool's photos, float32 `[N, D]`.
        logits: of the classifier for them, `[N, C]`: an affine map of the features.
        loss: the method's.
        code_length: L.
        plan: the settings.
        seed: of ITQ and of the batches.

    Returns:
        The head, and the class centers float32 `[C, L]`.
    """
    random = np.random.default_rng(seed)
    matrix, offset = principal_axes(features, plan.head_axes).whitening(plan.head_axes, 0)
    inputs = mapped(features, matrix, offset)
    start = itq_head(inputs, code_length, plan.whitening, seed)
    shares = posteriors(logits, plan.temperature)
    model = SoftClassModel(inputs.shape[1], code_length, logits.shape[1], loss, plan.code_weight)
    model.hash_layer.set_weights([start.kernel, start.bias])
    rate = keras.optimizers.schedules.CosineDecay(
        plan.learning_rate / 25,
        max(plan.steps - plan.steps // 3, 1),
        warmup_target=plan.learning_rate,
        warmup_steps=plan.steps // 3,
    )
    model.compile(optimizer=keras.optimizers.Adam(rate), jit_compile=False)
    for step in range(plan.steps):
        if step % plan.steps_a_round == 0:
            re_estimate(model, inputs, shares)
        drawn = drawn_mixtures(random, len(inputs), plan)
        x = mixtures(inputs, *drawn)
        codes = np.where(start.outputs(x) > 0, 1, -1).astype(np.float32)
        taught = posteriors(mixtures(logits, *drawn), plan.temperature)
        model.train_on_batch(x, (taught, codes))
    re_estimate(model, inputs, shares)
    head = LinearHead(*model.hash_layer.get_weights()).below(matrix, offset)
    # Every bit splits the pool in two.
    medians = np.median(head.outputs(features), axis=0)
    return head.turned(np.eye(code_length), medians), centers_of(
        head.outputs(features) - medians, shares, loss.normalize
    )


def drawn_mixtures(random: np.random.Generator, count: int, plan: PhotoHeadPlan) -> tuple:
    """Draws the photos of a batch of mixtures, and the shares of the second and of the noise."""
    rows = random.integers(count, size=(4, plan.batch_size))
    shape = plan.batch_size, 1
    return rows, random.uniform(0, plan.mixing, shape), random.uniform(0, plan.noise, shape)


def mixtures(values: np.ndarray, rows: np.ndarray, mixed: np.ndarray, moved: np.ndarray):
    """Mixes features of photos; logits mix alike, as they are an affine map of the features."""
    one, other, plus, minus = values[rows]
    return ((1 - mixed) * one + mixed * other + moved * (plus - minus)).astype(np.float32)


def re_estimate(model: SoftClassModel, inputs: np.ndarray, shares: np.ndarray) -> None:
    """Re-estimates the class centers in place."""
    head = LinearHead(*model.hash_layer.get_weights())
    centers = centers_of(head.outputs(inputs), shares, model.class_wise.normalize)
    model.class_centers.centers.assign(centers)


def centers_of(outputs: np.ndarray, shares: np.ndarray, normalize: bool) -> np.ndarray:
    """Computes the centers of classes that photos belong to by shares, float32 `[C, L]`.

    Formula: mu_c = sum_i q_ic h_i / sum_i q_ic, or its direction.
    """
    outputs = unit_length(outputs) if normalize else outputs
    sums, counts = np.zeros((shares.shape[1], outputs.shape[1])), np.zeros(shares.shape[1])
    for rows in chunks(len(outputs)):
        sums += shares[rows].T.astype(np.float64) @ outputs[rows]
        counts += shares[rows].sum(axis=0)
    centers = unit_length(sums) if normalize else sums / np.maximum(counts, 1e-12)[:, None]
    return centers.astype(np.float32)
