import json
import math

import numpy as np
import pytest
from PIL import Image

from classwise import zoo
from classwise.losses import DCWHLoss, VonMisesFisherLoss
from classwise.zoo.commands import main
from classwise.zoo.encoding.encode_to_file import begin, encode_rest
from classwise.zoo.encoding.encoders import KerasEncoder, open_encoder
from classwise.zoo.methods import foreign_scores
from classwise.zoo.presets.foreign import foreign_sentence, is_clearly_more
from classwise.zoo.presets.registry import get_preset

CIFAR, GRAY = "dcwh_airbench_cifar10_48", "vmf_resnet9_fashion_mnist_48"
PHOTOS = "dcwh_efficientnet_lite0_photos_128"


def by_hand(embedding, centers, logit):
    """Minus the log of the sum of the classes' exponentials, a class at a time."""
    return -math.log(sum(math.exp(logit(embedding, center)) for center in centers))


@pytest.mark.parametrize(
    ("loss", "logit"),
    [
        (
            DCWHLoss(inverse_variance=0.5),
            lambda h, c: (
                0.5 * (sum(a * b for a, b in zip(h, c, strict=True)) - sum(b * b for b in c) / 2)
            ),
        ),
        (
            VonMisesFisherLoss(concentration=3.0),
            lambda h, c: 3 * sum(a * b for a, b in zip(h, c, strict=True)),
        ),
    ],
)
def test_the_score_is_that_of_a_loop_over_classes(loss, logit):
    random = np.random.default_rng(0)
    embeddings, centers = random.normal(size=(5, 6)), random.normal(size=(3, 6))
    if loss.normalize:
        embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    found = foreign_scores(loss, embeddings.astype(np.float32), centers.astype(np.float32))
    expected = [by_hand(each.tolist(), centers.tolist(), logit) for each in embeddings]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_chance_is_that_of_a_sum_over_outcomes():
    for count in (1, 7, 50):
        for unusual in range(count + 1):
            tail = sum(
                math.comb(count, k) * 0.18**k * 0.82 ** (count - k)
                for k in range(unusual, count + 1)
            )
            assert is_clearly_more(unusual, count, 0.12) == (tail < 0.001)


def test_a_handful_of_images_tells_nothing():
    usual = get_preset(CIFAR).foreign["usual"]
    assert foreign_sentence(CIFAR, np.full(3, usual + 9)) == ""
    assert foreign_sentence(CIFAR, np.full(30, usual)) == ""
    assert foreign_sentence(CIFAR, np.full(30, usual + 9)).startswith("30 of 30 images look")


def encode(model, folder, tmp_path, capsys, *more):
    output = tmp_path / "codes.npz"
    assert main(["encode", model, str(folder), "-o", str(output), "--json", *more]) == 0
    printed = capsys.readouterr()
    with np.load(output) as arrays:
        assert "foreign" not in arrays
    return json.loads(printed.out)["foreign"], printed.err.count("look more foreign")


def test_a_hasher_of_cifar_tells_that_photos_are_foreign_once(tmp_path, capsys):
    found, sentences = encode(CIFAR, zoo.sample_folder("clothing"), tmp_path, capsys)
    assert sentences == 1
    assert found["images"] == 200
    assert f"look more foreign to {CIFAR}, which learned cifar10, than nine" in found["sentence"]
    assert 5 < found["found"] < 100  # of its own, 2


def test_a_hasher_says_nothing_of_its_own_images(tmp_path, capsys):
    (tmp_path / "own").mkdir()
    for number, image in enumerate(zoo.load_sample("fashion_mnist").images[::20]):
        Image.fromarray(image[..., 0]).save(tmp_path / "own" / f"{number}.png")
    found, sentences = encode(GRAY, tmp_path / "own", tmp_path, capsys)
    assert (found["images"], found["sentence"], sentences) == (100, None, 0)
    assert found["found"] <= 5


def test_evaluate_tells_too(capsys):
    folder = str(zoo.sample_folder("clothing"))
    assert main(["evaluate", GRAY, "--images", folder, "--json"]) == 0
    printed = capsys.readouterr()
    assert printed.err.count("look more foreign") == 1
    assert json.loads(printed.out)["foreign"]["images"] == 200


def test_one_image_looks_foreign_above_the_threshold():
    images = zoo.load_sample("clothing", (28, 28, 1)).images[:40]
    preset, hasher = get_preset(GRAY), zoo.load(GRAY)
    centers = np.asarray(hasher.class_centers.get_centers(), float)
    logits = hasher.loss.concentration * hasher.embed(images, verbose=0).astype(float) @ centers.T
    scores = -np.log(np.exp(logits).sum(axis=1))
    expected = scores > preset.foreign["threshold"]
    assert 0 < expected.sum() < 40
    np.testing.assert_array_equal(zoo.looks_foreign(GRAY, images), expected)


def test_a_hasher_that_cannot_tell_says_so_or_nothing():
    with pytest.raises(zoo.InputError, match=f"{PHOTOS} cannot tell which images are foreign"):
        zoo.looks_foreign(PHOTOS, np.zeros((1, 224, 224, 3), np.uint8))
    assert "foreign" not in KerasEncoder(zoo.load(GRAY)).encode_batch(
        np.zeros((1, 28, 28, 1), np.uint8)
    )


def test_a_run_that_goes_on_counts_what_it_did_before(tmp_path):
    from classwise.zoo.datasets.image_sources import open_images

    stream = open_images(zoo.sample_folder("clothing")).stream((28, 28, 1), 64)
    encoder, told, whole = open_encoder(GRAY), [], []

    class Stopped:
        def __init__(self):
            self.left = 2

        def __getattr__(self, name):
            return getattr(encoder, name)

        def encode_batch(self, images):
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            return encoder.encode_batch(images)

    with begin(encoder, stream, tmp_path / "a.npz") as done, pytest.raises(KeyboardInterrupt):
        encode_rest(Stopped(), stream, done, on_foreign=told.append)
    with begin(encoder, stream, tmp_path / "a.npz") as done:
        assert (done.count, told) == (128, [])
        encode_rest(encoder, stream, done, on_foreign=told.append)
    with begin(encoder, stream, tmp_path / "b.npz") as done:
        encode_rest(encoder, stream, done, on_foreign=whole.append)
    np.testing.assert_allclose(told, whole, rtol=1e-5)
