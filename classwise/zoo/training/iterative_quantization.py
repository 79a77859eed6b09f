"""Iterative quantization (ITQ): turns an embedding so that its signs keep more of it."""

import keras
import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.integers import as_integer
from classwise.zoo.models.hasher import Hasher

ITERATIONS = 50


def fit_itq(hasher: Hasher, images, iterations: int = ITERATIONS, seed: int | None = None) -> None:
    """Turns a trained hasher's embedding so that its codes lose less, in place.

    Class-wise losses compare an embedding z with class centers, by direction (vMF) or by distance
    (DCWH): turned together with the centers, z has the same posterior. Its signs change, and R, a
    rotation or a reflection, is chosen for them by `itq_rotation`. Hash layer and centers take it
    in, so that the hasher costs what it did:

        W <- W R,    b <- b R,    mu_c <- mu_c R

    Every code changes: a database encoded before has to be encoded again. Call it after the last
    `fit`, once: a hasher that was turned before may lose a little. With DCWH it comes before the
    epochs with a `vertex_weight`, which pull outputs to the vertices of the cube as it stands.

    Args:
        hasher: one that is trained.
        images: what it was trained on, or some thousands of them, as `Hasher.embed` takes them.
        iterations: as in `itq_rotation`. Defaults to 50.
        seed: of the rotation that it starts from; another one ends at another optimum. Defaults to
            None: with DCWH none, as its loss brings outputs near the cube's corners; seed 0 with
            vMF, whose axes mean nothing.

    Raises:
        InputError: an argument is out of its range, embeddings hold NaN, or the hasher's loss has
            a `vertex_weight`.

    Example:

    >>> from classwise import zoo
    >>> hasher = zoo.Hasher(zoo.resnet(8, (28, 28, 1)), code_length=12, num_classes=10,
    ...                     normalize=True)
    >>> zoo.fit_itq(hasher, np.zeros((3, 28, 28, 1), np.uint8))

    Reference: Gong and Lazebnik, "Iterative Quantization: A Procrustean Approach to Learning
    Binary Codes", CVPR 2011; without its centering and PCA, which would change the embedding.
    """
    if getattr(getattr(hasher, "loss", None), "vertex_weight", 0):
        raise InputError(
            "This hasher's loss pulls outputs to vertices, which a rotation would leave; turn it "
            "before the epochs with a vertex_weight."
        )
    check_arguments(iterations, seed)
    turn(hasher, hasher.embed(images, verbose=0), iterations, seed)


def check_arguments(iterations: int, seed: int | None):
    for name, value, least in (("iterations", iterations, 1), ("seed", seed or 0, 0)):
        number = as_integer(value)
        if number is None or number < least:
            raise InputError(f"{name} is {value!r}; it must be an integer from {least} on.")


def itq_rotation(
    embeddings: np.ndarray, iterations: int = ITERATIONS, seed: int | None = 0
) -> np.ndarray:
    """Computes the rotation whose signs lie nearest to the embeddings that it turns.

    From a random rotation on, or from none, two steps take turns, and neither makes |B - Z R|
    larger; where they end is a local optimum:

        B = sign(Z R)
        R = U V^T,    where U S V^T = Z^T B is a singular value decomposition

    Args:
        embeddings: Z, finite, float `[N, L]`.
        iterations: how often, 1 or more. Defaults to 50.
        seed: of the first rotation, None for the identity. Defaults to 0.

    Returns:
        R, orthogonal, float64 `[L, L]`.

    Raises:
        InputError: an argument is out of its range.

    Example:

    >>> corners = np.array([[3.0, 3.0], [-3.0, 3.0], [3.0, -3.0], [-3.0, -3.0]])
    >>> turned = corners @ np.array([[0.6, -0.8], [0.8, 0.6]])
    >>> np.abs(turned @ itq_rotation(turned)).round(6).tolist()
    [[3.0, 3.0], [3.0, 3.0], [3.0, 3.0], [3.0, 3.0]]
    """
    check_arguments(iterations, seed)
    embeddings = np.asarray(embeddings, np.float64)
    if embeddings.ndim != 2 or not embeddings.size or not np.isfinite(embeddings).all():
        raise InputError(
            f"embeddings {embeddings.shape} must be [N, L] with N of 1 or more, without NaN and "
            "infinity; a hasher that gives such has to be trained again."
        )
    length = embeddings.shape[1]
    rotation = np.eye(length)
    if seed is not None:
        rotation = np.linalg.qr(np.random.default_rng(seed).normal(size=(length, length)))[0]
    for _ in range(iterations):
        signs = np.where(embeddings @ rotation > 0, 1.0, -1.0)
        left, _, right = np.linalg.svd(embeddings.T @ signs)
        rotation = left @ right
    return rotation


def turn(hasher: Hasher, embeddings: np.ndarray, iterations: int, seed: int | None) -> None:
    """Multiplies what makes embeddings, and the class centers, by the `itq_rotation` of some.

    Arguments as in `fit_itq`, with what the hasher makes of the images.
    """
    if seed is None and hasher.normalize:
        seed = 0
    rotation = itq_rotation(embeddings, iterations, seed)
    centers = hasher.class_centers.centers
    for weight in (hasher.hash_layer.kernel, hasher.hash_layer.bias, centers):
        values = keras.ops.convert_to_numpy(weight).astype(np.float64)
        weight.assign((values @ rotation).astype(np.float32))
