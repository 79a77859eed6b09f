"""The class centers of a model, and the sums that they are re-estimated from."""

import itertools

import keras
import numpy as np
from keras import ops
from scipy.linalg import hadamard

from classwise.losses.class_wise_loss import class_membership, whole

MOST_ONE_BY_ONE = 1024
LINEAR_CODES = 16


def separated_vertices(num_classes: int, code_length: int, seed: int) -> np.ndarray:
    """Draws well separated vertices of the cube {-1, 1}^L, float32 `[C, L]`.

    Up to 1,024 classes are drawn one by one, which costs C^2; more are the words of a linear code.
    """
    random = np.random.default_rng(seed)
    draw = chosen_one_by_one if num_classes <= MOST_ONE_BY_ONE else words_of_a_linear_code
    bits = np.unpackbits(draw(num_classes, code_length, random).view(np.uint8), axis=1)
    return np.where(bits[:, :code_length], np.float32(1), np.float32(-1))


def hadamard_vertices(num_classes: int, code_length: int, seed: int) -> np.ndarray:
    """Draws vertices as rows of a Hadamard matrix and their opposites, float32 `[C, L]`.

    Up to L classes are orthogonal, up to 2 L at least L / 2 bits apart. The order of rows and the
    signs of rows and bits are drawn, or all rows would have the same first bit. Where L is no power
    of 2, or C above 2 L, well separated vertices take their place.
    """
    if code_length & (code_length - 1) or num_classes > 2 * code_length:
        return separated_vertices(num_classes, code_length, seed)
    random = np.random.default_rng(seed)
    matrix = hadamard(code_length, np.float32)
    of_rows, of_bits = random.choice(np.array([-1, 1], np.float32), (2, code_length))
    matrix = matrix[random.permutation(code_length)] * of_rows[:, None] * of_bits
    return np.concatenate([matrix, -matrix])[:num_classes]


def chosen_one_by_one(
    num_classes: int, code_length: int, random: np.random.Generator
) -> np.ndarray:
    """Draws vertices class by class, packed as uint64 `[C, words]`.

    The best of 64 random vertices is kept: the one whose nearest vertex among those already chosen
    is farthest away.
    """
    chosen = np.zeros((num_classes, -(-code_length // 64)), np.uint64)
    for count in range(num_classes):
        candidates = packed(random.choice(np.array([-1, 1], np.float32), (64, code_length)) > 0)
        distances = np.bitwise_count(candidates[:, None] ^ chosen[:count]).sum(axis=-1, dtype=int)
        chosen[count] = candidates[distances.min(axis=1, initial=code_length).argmax()]
    return chosen


def words_of_a_linear_code(
    num_classes: int, code_length: int, random: np.random.Generator
) -> np.ndarray:
    """Draws vertices as C words of a random linear code, packed as uint64 `[C, words]`.

    A bit of a word is the parity of some of the k binary digits, 2^k >= C, of the word's number;
    so words differ by the bits of a third one, and the least weight of 2^k words tells the least
    distance among C^2 pairs. The best of 16 random codes is kept. Codes too short for C different
    words repeat them.
    """
    digits = min((num_classes - 1).bit_length(), code_length)
    best, least = np.zeros((1, -(-code_length // 64)), np.uint64), -1
    for trial in itertools.count(1):
        summed = random.integers(1, 2**digits, code_length)  # at least one, or a bit were constant
        words = np.zeros((1, -(-code_length // 64)), np.uint64)
        for one_digit in packed(summed >> np.arange(digits)[:, None] & 1):
            words = np.concatenate([words, words ^ one_digit])
        weight = int(np.bitwise_count(words[1:]).sum(axis=-1, dtype=int).min())
        if weight > least:
            best, least = words, weight
        if trial >= LINEAR_CODES and least > 0:  # else two of its words are equal
            break
    shift = packed(random.integers(0, 2, (1, code_length)))
    return best[np.resize(random.permutation(len(best)), num_classes)] ^ shift


def packed(bits: np.ndarray) -> np.ndarray:
    """Returns bits `[N, L]` as uint64 `[N, words]`, zero padded."""
    rows = np.zeros((len(bits), -(-bits.shape[1] // 64) * 8), np.uint8)
    rows[:, : -(-bits.shape[1] // 8)] = np.packbits(bits.astype(bool), axis=1)
    return rows.view(np.uint64)


def separated_directions(num_classes: int, code_length: int, seed: int) -> np.ndarray:
    """Draws unit directions far from every sign change, float32 `[C, L]`.

    They are the orthonormal directions nearest to well separated vertices if C <= L, else those
    vertices at length 1: no coordinate starts near zero, where the sign of an embedding would say
    nothing about its class.
    """
    directions = separated_vertices(num_classes, code_length, seed).astype(np.float64)
    if num_classes <= code_length:
        left, _, right = np.linalg.svd(directions, full_matrices=False)
        directions = left @ right  # the polar factor
    directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
    return directions.astype(np.float32)


def hadamard_directions(num_classes: int, code_length: int, seed: int) -> np.ndarray:
    """Returns `hadamard_vertices` at length 1, float32 `[C, L]`."""
    return hadamard_vertices(num_classes, code_length, seed) / np.float32(np.sqrt(code_length))


#: How centers are drawn, as vertices and as directions.
INITIAL = {
    "separated": (separated_vertices, separated_directions),
    "hadamard": (hadamard_vertices, hadamard_directions),
}


@keras.saving.register_keras_serializable(package="classwise")
class ClassCenters(keras.layers.Layer):
    """Holds one center for every class, and gathers class sums to re-estimate them from.

    The centers are non-trainable weights: saved, restored and replicated with the model, never
    touched by a gradient. Called on class ids `[...]`, the layer returns their centers `[..., L]`.

    Formula of an update, from the sums `S_c` and counts `n_c` of embeddings:

        mu_c = S_c / n_c            normalize=False (DCWH)
        mu_c = S_c / |S_c|          normalize=True (vMF)

    A class without images (`n_c = 0`), or with a zero resultant, keeps its center.

    Args:
        num_classes: C, at least 2.
        code_length: L, at least 1.
        normalize: whether centers are unit directions. They start as random well separated vertices
            of {-1, 1}^L; as unit directions near these, orthogonal if C <= L, where True.
            Defaults to False.
        seed: seed of the initial centers. Defaults to 0.
        initial: `"separated"`, as above, or `"hadamard"`: rows of a Hadamard matrix and their
            opposites where there are enough of them (`hadamard_vertices`), at length 1 with
            `normalize`; for losses whose centers never move. Defaults to `"separated"`.

    Raises:
        ValueError: `num_classes`, `code_length` or `seed` is no integer, or too small; or an
            unknown `initial`.

    Example:

    >>> import numpy as np
    >>> from classwise.losses import ClassCenters
    >>> class_centers = ClassCenters(num_classes=2, code_length=2)
    >>> embeddings = np.array([[0.5, 1.0], [1.5, 2.0], [-1.0, -3.0]])
    >>> class_centers.accumulate(np.array([0, 0, 1]), embeddings)
    >>> moved = class_centers.update()
    >>> class_centers.get_centers().tolist()
    [[1.0, 1.5], [-1.0, -3.0]]

    Reference: arXiv 1803.04137; arXiv 1802.09662.
    """

    def __init__(
        self, num_classes, code_length, normalize=False, seed=0, initial="separated", **kwargs
    ):
        # Sums over many thousand images, and the centers, need float32 under any policy.
        kwargs["dtype"] = "float32"
        super().__init__(trainable=False, **kwargs)
        self.num_classes = whole("num_classes", num_classes, 2)
        self.code_length = whole("code_length", code_length, 1)
        self.normalize = bool(normalize)
        self.seed = whole("seed", seed, 0)
        if initial not in INITIAL:
            raise ValueError(f"initial is {initial!r}; it must be one of {', '.join(INITIAL)}.")
        self.initial = initial
        self.build()

    def build(self, input_shape=None):
        draw = INITIAL[self.initial][self.normalize]
        initial = draw(self.num_classes, self.code_length, self.seed)
        self.centers = self.add_weight(
            shape=initial.shape,
            initializer=lambda shape, dtype: ops.convert_to_tensor(initial, dtype),
            trainable=False,
            name="centers",
        )
        # Every replica adds to sums of its own; reading them adds the replicas up.
        replicated = {"synchronization": "on_read", "aggregation": "sum", "trainable": False}
        self.sums = keras.Variable(np.zeros_like(initial), name="sums", **replicated)
        self.counts = keras.Variable(
            np.zeros(self.num_classes, np.float32), name="counts", **replicated
        )
        self.built = True

    def call(self, class_ids):
        return ops.take(self.centers, class_ids, axis=0)

    def get_centers(self) -> np.ndarray:
        """Returns the centers as a NumPy array, float32 `[C, L]`."""
        return ops.convert_to_numpy(self.centers)

    def accumulate(self, labels, embeddings):
        """Adds a batch's embeddings `[B, L]` to the sums of the classes in `labels`.

        Every image counts once: a center is the mean over the images of its class. Sample weights
        weigh losses, and have no part in it. Of soft labels an image's largest class counts.
        """
        membership = class_membership(labels, self.num_classes)
        embeddings = ops.stop_gradient(ops.cast(embeddings, "float32"))
        self.sums.assign(self.sums + ops.matmul(ops.transpose(membership), embeddings))
        self.counts.assign(self.counts + ops.sum(membership, axis=0))

    def reset_sums(self):
        """Forgets the gathered sums."""
        self.sums.assign(ops.zeros(self.sums.shape))
        self.counts.assign(ops.zeros(self.counts.shape))

    def update(self, sums=None, counts=None):
        """Re-estimates the centers from `sums [C, L]` and `counts [C]`, or from the gathered ones.

        Returns:
            float: the largest distance that a center moved.
        """
        if sums is None:
            sums, counts = self.sums, self.counts
        sums = ops.convert_to_numpy(sums).astype(np.float64)
        divisor = ops.convert_to_numpy(counts).astype(np.float64)[:, None]
        if self.normalize:
            divisor = np.linalg.norm(sums, axis=-1, keepdims=True)
        before = self.get_centers()
        estimated = np.divide(sums, divisor, out=before.astype(np.float64), where=divisor > 0)
        self.centers.assign(estimated.astype(np.float32))
        return float(np.linalg.norm(estimated - before, axis=-1).max())

    def get_config(self):
        return {
            "num_classes": self.num_classes,
            "code_length": self.code_length,
            "normalize": self.normalize,
            "seed": self.seed,
            "initial": self.initial,
            "name": self.name,
        }
