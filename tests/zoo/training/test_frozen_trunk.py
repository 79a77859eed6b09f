import keras
import numpy as np
import pytest

from classwise.losses import DCWHLoss
from classwise.zoo import Hasher, InputError
from classwise.zoo.backbones import resnet, resnet9
from classwise.zoo.datasets import LabeledImages
from classwise.zoo.models.feature_hasher import FeatureHasher
from classwise.zoo.training.cached_features import CachedFeatures
from classwise.zoo.training.feature_views import mirrored, plain, training_views
from classwise.zoo.training.frozen_trunk import FrozenTrunk
from classwise.zoo.training.input_pipeline import training_batches
from classwise.zoo.training.recipe import Augmentation, build_recipe


@pytest.fixture(autouse=True)
def same_weights_every_time():
    keras.utils.set_random_seed(0)


@pytest.fixture
def images():
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (12, 8, 8, 3)).astype(np.uint8)
    return LabeledImages(
        "toy", "train", pixels, np.arange(12) % 3, np.arange(12).astype(str), ("a", "b", "c")
    )


def cached(trunk, images, tmp_path, views=(plain, mirrored), **options):
    features, seconds = trunk.cache(images, tmp_path / "f.npy", views)
    return CachedFeatures(images, features, seconds, **options)


def recipe(**values):
    return build_recipe(
        {
            "name": "toy",
            "method": "dcwh",
            "protocol": "cifar10-full",
            "backbone": "airbench",
            "trunk": "dcwh_airbench_cifar10",
            "frozen_until": "pool",
            "code_length": 6,
            "stages": [{"epochs": 5}],
            **values,
        },
        "toy.toml",
    )


def train_upper(trunk, features):
    hasher = FeatureHasher(trunk.upper, 6, 3, class_names=("a", "b", "c"))
    hasher.compile(optimizer=keras.optimizers.Adam(0.01), loss=DCWHLoss(), metrics=["accuracy"])
    hasher.fit(features.training_batches(4, 0, range(2)), epochs=1, steps_per_epoch=6, verbose=0)
    return hasher


@pytest.mark.parametrize("layer", ["stage1_residual_add", "stage2_relu", "pool"])
def test_the_completed_hasher_embeds_images_as_the_upper_layers_embed_features(
    images, tmp_path, layer
):
    backbone = resnet9((8, 8, 3), width=2)
    frozen = backbone.get_layer("stem_conv").get_weights()[0].copy()
    trunk = FrozenTrunk(backbone, layer)
    features = cached(trunk, images, tmp_path)
    hasher = train_upper(trunk, features)
    path = tmp_path / "upper.keras"
    hasher.save(path)
    loaded = keras.saving.load_model(path)
    complete = trunk.complete(loaded)
    expected = hasher.predict(features.views[:, 0].astype(np.float32), verbose=0)
    # Features are cached as float16.
    rounding = 2e-3 * np.abs(expected).max()
    np.testing.assert_allclose(complete.embed(images.images, verbose=0), expected, atol=rounding)
    np.testing.assert_array_equal(backbone.get_layer("stem_conv").get_weights()[0], frozen)
    np.testing.assert_array_equal(
        complete.class_centers.get_centers(), hasher.class_centers.get_centers()
    )
    assert type(complete) is Hasher
    assert complete.class_names == ("a", "b", "c")


@pytest.mark.parametrize("layer", ["stage1_residual_add", "stage2_relu", "pool"])
def test_training_starts_from_the_pretrained_upper_layers(images, tmp_path, layer):
    backbone = resnet9((8, 8, 3), width=2)
    trunk = FrozenTrunk(backbone, layer)
    features = cached(trunk, images, tmp_path, [plain])
    untrained = trunk.feature_hasher(Hasher(backbone, 6, 3))
    found = untrained.backbone.predict(features.views[:, 0].astype(np.float32), verbose=0)
    expected = backbone.predict(images.images, verbose=0)
    np.testing.assert_allclose(found, expected, atol=2e-3 * np.abs(expected).max())
    assert expected.std() > 0.01


def test_views_are_the_images_and_their_mirror_images(images, tmp_path):
    backbone = resnet9((8, 8, 3), width=2)
    trunk = FrozenTrunk(backbone, "stage1_relu")
    features = cached(trunk, images, tmp_path)
    tap = keras.Model(backbone.input, backbone.get_layer("stage1_relu").output)
    for view, pixels in enumerate((images.images, images.images[:, :, ::-1])):
        expected = tap.predict(np.ascontiguousarray(pixels), verbose=0)
        np.testing.assert_allclose(features.views[:, view], expected, rtol=2e-3, atol=1e-3)
    written = (tmp_path / "f.npy").stat().st_mtime_ns
    assert cached(trunk, images, tmp_path).seconds == features.seconds > 0
    assert (tmp_path / "f.npy").stat().st_mtime_ns == written
    with pytest.raises(InputError, match="remove it"):
        cached(trunk, images, tmp_path, [plain])


@pytest.mark.parametrize("side", [12, 9])  # one after the other in one process
def test_cached_views_are_the_plain_images_and_those_of_training_epochs(side):
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (7, side, side, 3)).astype(np.uint8)
    images = LabeledImages(
        "toy", "train", pixels, np.arange(7), np.arange(7).astype(str), tuple("abcdefg")
    )
    settings = {"flip": True, "shift": 3, "erase": 4}
    first, *augmented = training_views(recipe(cached_views=3, seed=5, augmentation=settings))
    np.testing.assert_array_equal(first(pixels, np.arange(7)), pixels)
    assert len(augmented) == 2
    for epoch, view in enumerate(augmented, start=1):
        # Uneven batches: what an image looks like depends on its index alone.
        found = np.concatenate([view(pixels[:4], np.arange(4)), view(pixels[4:], np.arange(4, 7))])
        batches = training_batches(images, 7, Augmentation(**settings), 5, range(epoch, epoch + 1))
        seen, labels = next(iter(batches))
        np.testing.assert_array_equal(found[labels.numpy()], seen)
        assert (found != pixels).any(axis=(1, 2, 3)).all()


def test_without_a_number_of_views_the_mirror_image_joins_where_the_recipe_flips():
    assert training_views(recipe()) == [plain]
    assert training_views(recipe(augmentation={"flip": True})) == [plain, mirrored]


def test_epochs_take_cached_views_in_turn(images):
    views = np.arange(36, dtype=np.float16).reshape(12, 3, 1, 1, 1)
    features = CachedFeatures(images, views, in_turn=True)
    for epoch in range(5):
        batches = features.training_batches(4, 0, range(epoch, epoch + 1))
        seen = np.concatenate([x for x, _ in batches]).ravel()
        np.testing.assert_array_equal(np.sort(seen), views[:, epoch % 3].ravel())


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"cached_views": 1}, "cached_views is 1; it must be an integer from 2"),
        ({"cached_views": 4, "frozen_until": None}, "frozen_until is None"),
        ({"cached_views": 4}, "augmentation is None; it must be given"),
        ({"cached_views": 6, "augmentation": {"flip": True}}, "at most the 5 epochs"),
        ({"augmentation": {"shift": 2}}, "flip only, or cached_views given"),
    ],
)
def test_recipes_whose_views_cannot_be_cached_are_refused(values, sentence):
    with pytest.raises(InputError, match=sentence):
        recipe(**values)


def test_every_epoch_is_given_by_seed_and_number(images, tmp_path):
    trunk = FrozenTrunk(resnet9((8, 8, 3), width=2), "pool")
    features = cached(trunk, images, tmp_path)
    both = [[x.numpy() for x in batch] for batch in features.training_batches(5, 3, range(2))]
    second = [[x.numpy() for x in batch] for batch in features.training_batches(5, 3, range(1, 2))]
    assert len(both) == 4  # two whole batches of an epoch's twelve images
    for (x, y), (x2, y2) in zip(both[2:], second, strict=True):
        np.testing.assert_array_equal(x, x2)
        np.testing.assert_array_equal(y, y2)
    assert any((a[1] != b[1]).any() for a, b in zip(both[:2], both[2:], strict=True))
    plain = np.concatenate([x for x, _ in features.batches(5)])
    np.testing.assert_array_equal(plain, features.views[:, 0])


def test_a_layer_that_is_bypassed_or_unknown_is_refused():
    with pytest.raises(InputError, match="did you mean 'stage1_relu'"):
        FrozenTrunk(resnet9((8, 8, 3), width=2), "stage1_rel")
    with pytest.raises(InputError, match="cannot be split at stage1_block1_1_conv"):
        FrozenTrunk(resnet(8, (8, 8, 3)), "stage1_block1_1_conv")
