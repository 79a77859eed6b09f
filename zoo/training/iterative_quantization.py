"""Iterative quantization (ITQ): turns an embedding so that its signs keep more of it."""

import keras
import numpy as np

from classwise.zoo.errors import InputError
from classwise.zoo.hasher import Hasher

ITERATIONS = 50


def fit_itq(hasher: Hasher, images, iterations: int = ITERATIONS, seed: int = 0) -> None:
    """Turns a trained hasher's embedding so that its codes lose less, in place.

    The vMF loss compares directions only: turned together with its class centres, an embedding z
    has the same posterior. Its signs change, and the rotation R is chosen by `itq_rotation` for
    them. Hash layer and centres take R in, so that the hasher costs what it did:

        W <- W R,    b <- b R,    mu_c <- mu_c R

    Args:
        hasher: one with `normalize=True`, trained.
        images: what it was trained on, or some thousands of them, as `Hasher.embed` takes them.
        iterations: as in `itq_rotation`. Defaults to 50.
        seed: of the rotation that it starts from. Defaults to 0.

    Raises:
        InputError: the hasher's embeddings are of any length: DCWH pulls them to the corners of a
            cube, which must not be turned.

    Reference: Gong and Lazebnik, "Iterative Quantization: A Procrustean Approach to Learning
    Binary Codes", CVPR 2011.
    """
    check_rotatable(hasher.normalize)
    turn(hasher, itq_rotation(hasher.embed(images, verbose=0), iterations, seed))


def check_rotatable(normalize: bool):
    """Raises `InputError` for embeddings that are not of unit length."""
    if not normalize:
        raise InputError(
            "Iterative quantization turns embeddings of unit length, those of vMF; DCWH trains "
            "signs itself: leave it out."
        )


def itq_rotation(embeddings: np.ndarray, iterations: int = ITERATIONS, seed: int = 0) -> np.ndarray:
    """Computes the rotation whose signs lie nearest to the embeddings that it turns.

    From a random rotation on, two steps take turns, and neither makes |B - Z R| larger:

        B = sign(Z R)
        R = U V^T,    where U S V^T = Z^T B is a singular value decomposition

    Args:
        embeddings: Z, float `[N, L]`.
        iterations: how often, 1 or more. Defaults to 50.
        seed: of the first rotation. Defaults to 0.

    Returns:
        R, orthogonal, float64 `[L, L]`.

    Example:

    >>> corners = np.array([[3.0, 3.0], [-3.0, 3.0], [3.0, -3.0], [-3.0, -3.0]])
    >>> turned = corners @ np.array([[0.6, -0.8], [0.8, 0.6]])
    >>> np.abs(turned @ itq_rotation(turned)).round(6).tolist()
    [[3.0, 3.0], [3.0, 3.0], [3.0, 3.0], [3.0, 3.0]]
    """
    embeddings = np.asarray(embeddings, np.float64)
    length = embeddings.shape[1]
    rotation = np.linalg.qr(np.random.default_rng(seed).normal(size=(length, length)))[0]
    for _ in range(iterations):
        signs = np.where(embeddings @ rotation > 0, 1.0, -1.0)
        left, _, right = np.linalg.svd(embeddings.T @ signs)
        rotation = left @ right
    return rotation


def turn(hasher: Hasher, rotation: np.ndarray) -> None:
    """Multiplies the weights that make embeddings, and the class centres, by a rotation."""
    centers = hasher.class_centers.centers
    for weight in (hasher.hash_layer.kernel, hasher.hash_layer.bias, centers):
        values = keras.ops.convert_to_numpy(weight).astype(np.float64)
        weight.assign((values @ rotation).astype(np.float32))
