"""Muon for convolutional networks."""

import keras
from keras import ops

MOMENTUM = 0.95
ITERATIONS = 5
# Of the quintic that brings every singular value from (0, 1] near 1 in five iterations.
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
# What an entry of AdamW's update measures at the same learning rate (arXiv 2502.16982, section 2).
ROOT_MEAN_SQUARE = 0.2


@keras.saving.register_keras_serializable(package="classwise")
class Muon(keras.optimizers.AdamW):
    """Trains the kernels of 2D convolutions by orthogonalized momentum, the rest by AdamW.

    A kernel `[height, width, channels, filters]` is a matrix W `[height * width * channels,
    filters]`; with its gradient G, momentum M, learning rate r and weight decay d,

        M <- 0.95 M + G
        W <- W - r d W - 0.2 r sqrt(max(rows, columns)) orthogonal(G + 0.95 M)

    where `orthogonal` replaces a matrix's singular values by values near 1. Its factor makes one
    learning rate and one weight decay fit both parts. `keras.optimizers.Muon` leaves kernels of
    convolutions to AdamW.

    Args:
        arguments: those of `keras.optimizers.AdamW`; its betas and epsilon concern the other
            variables: biases, normalizations, dense layers, depthwise kernels.

    Example:

    >>> from classwise import losses, zoo
    >>> hasher = zoo.Hasher(zoo.resnet(8, (8, 8, 1), width=2), code_length=12, num_classes=2)
    >>> hasher.compile(zoo.Muon(learning_rate=0.004, weight_decay=0.05), losses.DCWHLoss())

    Reference: Muon (kellerjordan.github.io/posts/muon); arXiv 2502.16982 for the factor.
    """

    def __init__(self, *arguments: object, name: str = "muon", **named: object):
        super().__init__(*arguments, name=name, **named)

    def update_step(
        self,
        gradient: keras.KerasTensor,
        variable: keras.Variable,
        learning_rate: keras.KerasTensor,
    ) -> None:
        if len(variable.shape) != 4 or variable.shape[-1] == 1:
            super().update_step(gradient, variable, learning_rate)
            return
        momentum = self._momentums[self._get_variable_index(variable)]
        gradient = ops.cast(gradient, variable.dtype)
        self.assign(momentum, gradient + MOMENTUM * momentum)
        matrix = ops.reshape(gradient + MOMENTUM * momentum, (-1, variable.shape[-1]))
        factor = ROOT_MEAN_SQUARE * max(matrix.shape) ** 0.5
        update = ops.cast(orthogonal(matrix), variable.dtype) * factor
        update = ops.reshape(update, variable.shape) * ops.cast(learning_rate, variable.dtype)
        self.assign_sub(variable, update)


def orthogonal(matrix: keras.KerasTensor) -> keras.KerasTensor:
    """Returns a matrix of the same singular vectors, its singular values near 1.

    Newton-Schulz iterations X <- a X + (b S + c S^2) X, S = X X^T, in bfloat16.

    Args:
        matrix: `[m, n]`; the zero matrix stays zero.
    """
    a, b, c = COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x = ops.transpose(matrix) if tall else matrix
    x = ops.cast(x / (ops.norm(x) + 1e-7), "bfloat16")
    for _ in range(ITERATIONS):
        square = ops.matmul(x, ops.transpose(x))
        x = a * x + ops.matmul(b * square + c * ops.matmul(square, square), x)
    return ops.transpose(x) if tall else x
