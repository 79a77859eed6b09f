"""The backbone, and the conversion of its published weights, beside a plain PyTorch reading."""

import dataclasses

import numpy as np
import pytest

from classwise.zoo import InputError
from classwise.zoo.backbones import build_backbone
from classwise.zoo.presets.weight_files import assign_weights, variables_by_path
from tools.publish.convert_efficientnet_lite import convert

torch = pytest.importorskip("torch")  # installed with classwise[backends]


@dataclasses.dataclass(frozen=True)
class Blocks:
    """A variant block by block, as its published weights have them; all but the first expand."""

    filters: list[int]
    kernels: list[int]
    strides: list[int]
    parameters: int  # of the network without its classifier


BLOCKS = {
    "efficientnet_lite0": Blocks(
        [16, 24, 24, 40, 40, 80, 80, 80, 112, 112, 112, 192, 192, 192, 192, 320],
        [3, 3, 3, 5, 5, 3, 3, 3, 5, 5, 5, 5, 5, 5, 5, 3],
        [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1],
        3_413_024,
    ),
    "efficientnet_lite2": Blocks(
        [16, *[24] * 3, *[48] * 3, *[88] * 4, *[120] * 4, *[208] * 5, 352],
        [3, *[3] * 3, *[5] * 3, *[3] * 4, *[5] * 4, *[5] * 5, 3],
        [1, 2, 1, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1],
        4_869_168,
    ),
}


def random_state(blocks: Blocks) -> dict[str, np.ndarray]:
    """Weights in the names, order and layout of the published file."""
    random = np.random.default_rng(0)
    state = {}

    def add_norm(name, filters):
        for key, mean in (("weight", 1), ("bias", 0), ("running_mean", 0)):
            state[f"{name}.{key}"] = random.normal(mean, 0.1, filters).astype(np.float32)
        state[f"{name}.running_var"] = random.uniform(0.4, 0.8, filters).astype(np.float32)
        state[f"{name}.num_batches_tracked"] = np.array(7)

    def add_convolution(name, *shape):
        scale = np.prod(shape[1:]) ** -0.5
        state[f"{name}.weight"] = (scale * random.normal(size=shape)).astype(np.float32)

    add_convolution("_conv_stem", 32, 3, 3, 3)
    add_norm("_bn0", 32)
    inputs = 32
    for i, (kernel, filters) in enumerate(zip(blocks.kernels, blocks.filters, strict=True)):
        wide = inputs * (6 if i else 1)
        if i:
            add_convolution(f"_blocks.{i}._expand_conv", wide, inputs, 1, 1)
            add_norm(f"_blocks.{i}._bn0", wide)
        add_convolution(f"_blocks.{i}._depthwise_conv", wide, 1, kernel, kernel)
        add_norm(f"_blocks.{i}._bn1", wide)
        add_convolution(f"_blocks.{i}._project_conv", filters, wide, 1, 1)
        add_norm(f"_blocks.{i}._bn2", filters)
        inputs = filters
    add_convolution("_conv_head", 1280, inputs, 1, 1)
    add_norm("_bn1", 1280)
    state["_fc.weight"], state["_fc.bias"] = np.zeros((1000, 1280)), np.zeros(1000)
    return state


def naive_features(state, strides: list[int], images: np.ndarray) -> np.ndarray:
    """The network layer by layer, from its paper, on images NHWC 0-255."""
    weights = {name: torch.tensor(value) for name, value in state.items()}

    def convolve(x, name, stride=1):
        kernel = weights[f"{name}.weight"]
        margins = []
        for length in (x.shape[-1], x.shape[-2]):
            missing = max((-(-length // stride) - 1) * stride + kernel.shape[-1] - length, 0)
            margins += [missing // 2, missing - missing // 2]  # SAME: the odd one at the end
        x = torch.nn.functional.pad(x, margins)
        groups = kernel.shape[0] if "depthwise" in name else 1
        return torch.nn.functional.conv2d(x, kernel, stride=stride, groups=groups)

    def normalize(x, name):
        mean, var, weight, bias = (
            weights[f"{name}.{key}"][:, None, None]
            for key in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / torch.sqrt(var + 1e-3) * weight + bias

    x = torch.tensor((images.astype(np.float32) - 127) / 128).permute(0, 3, 1, 2)
    x = normalize(convolve(x, "_conv_stem", 2), "_bn0").clamp(0, 6)
    for i, stride in enumerate(strides):
        block, before = f"_blocks.{i}.", x
        if f"{block}_expand_conv.weight" in weights:
            x = normalize(convolve(x, f"{block}_expand_conv"), f"{block}_bn0").clamp(0, 6)
        x = normalize(convolve(x, f"{block}_depthwise_conv", stride), f"{block}_bn1").clamp(0, 6)
        x = normalize(convolve(x, f"{block}_project_conv"), f"{block}_bn2")
        if x.shape == before.shape:
            x = x + before
    x = normalize(convolve(x, "_conv_head"), "_bn1").clamp(0, 6)
    return x.mean((2, 3)).numpy()


@pytest.mark.parametrize("name", BLOCKS)
def test_converted_weights_give_the_features_of_a_plain_network(name):
    state = random_state(BLOCKS[name])
    backbone = build_backbone(name, (64, 48, 3))
    assign_weights(variables_by_path(backbone), convert(state, name), "converted")
    images = np.random.default_rng(1).integers(0, 256, (2, 64, 48, 3)).astype(np.uint8)
    expected = naive_features(state, BLOCKS[name].strides, images)
    assert expected.std() > 0.05
    np.testing.assert_allclose(backbone(images, training=False), expected, atol=2e-4)


def test_other_weights_are_refused():
    state = random_state(BLOCKS["efficientnet_lite0"])
    with pytest.raises(InputError, match="not the weights of efficientnet_lite2"):
        convert(state, "efficientnet_lite2")


@pytest.mark.parametrize("name", BLOCKS)
def test_size(name):
    assert build_backbone(name, (96, 96, 3)).count_params() == BLOCKS[name].parameters


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("shape", [(31, 32, 3), (32, 32, 1), (32, 32)])
def test_bad_shapes_are_refused(name, shape):
    with pytest.raises(InputError, match=f"EfficientNet-L{name[-4:]} takes"):
        build_backbone(name, shape)
