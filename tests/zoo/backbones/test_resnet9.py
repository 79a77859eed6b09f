import numpy as np
import pytest
from keras import ops

from classwise.zoo import InputError
from classwise.zoo.backbones import build_backbone, resnet9


def test_shapes_and_size():
    backbone = resnet9((28, 28, 1))
    assert backbone.input_shape == (None, 28, 28, 1)
    assert backbone.output_shape == (None, 192)
    widths = [(1, 24), (24, 48), (48, 48), (48, 48), (48, 96), (96, 192), (192, 192), (192, 192)]
    assert backbone.count_params() == sum(9 * i * o + 4 * o for i, o in widths)


def test_the_residual_is_what_the_branch_adds():
    """With the branch's last normalization at zero, stage 1 passes through its residual."""
    backbone = build_backbone("resnet9", (8, 8, 3), width=2)
    last = backbone.get_layer("stage1_residual_2_bn")
    last.set_weights([np.zeros(4)] * 2 + [np.zeros(4), np.ones(4)])
    tap = type(backbone)(
        backbone.input,
        [backbone.get_layer(name).output for name in ("stage1_relu", "stage1_residual_add")],
    )
    before, after = tap(ops.ones((2, 8, 8, 3)) * 200)
    np.testing.assert_array_equal(ops.convert_to_numpy(before), ops.convert_to_numpy(after))
    assert ops.convert_to_numpy(before).any()


@pytest.mark.parametrize(("shape", "width"), [((7, 8, 3), 24), ((8, 8), 24), ((8, 8, 3), 0)])
def test_bad_sizes_are_refused(shape, width):
    with pytest.raises(InputError, match=r"input_shape is|width is"):
        resnet9(shape, width)
