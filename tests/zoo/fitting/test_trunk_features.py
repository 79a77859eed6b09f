"""Features that an interrupted run computed are not computed again."""

import numpy as np
import pytest
from PIL import Image

from classwise.zoo.datasets.image_sources import open_images
from classwise.zoo.fitting.trunk_features import kept_features
from classwise.zoo.foundation.errors import InputError

BATCH = 4


class Trunk:
    """Gives the first row of pixels as features, and counts the images that it was given."""

    code_length = 8

    def __init__(self, stops_after=None):
        self.seen, self.stops_after = 0, stops_after

    def encode_batch(self, images):
        if self.stops_after is not None and self.seen >= self.stops_after:
            raise KeyboardInterrupt
        self.seen += len(images)
        return {"embeddings": images[:, 0, :, 0].astype(np.float32)}


@pytest.fixture
def photos(tmp_path):
    random = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for number in range(14):
        pixels = random.integers(0, 256, (8, 8), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{number:02d}.png")
    return tmp_path / "photos"


def compute(trunk, photos, output, folder=None, identity="trunk", **options):
    stream = open_images(photos, **options).stream((8, 8, 1), BATCH)
    with kept_features(identity, lambda left: trunk, stream, output, folder) as found:
        return found


def test_features_in_the_order_of_the_images(photos, tmp_path):
    found = compute(Trunk(), photos, tmp_path / "mine.keras")
    pixels = [np.asarray(Image.open(photos / name)) for name in found.names]
    np.testing.assert_array_equal(found.features, np.stack(pixels)[:, 0])
    assert found.features.dtype == np.float16
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


def test_an_interrupted_run_goes_on(photos, tmp_path):
    output = tmp_path / "mine.keras"
    with pytest.raises(KeyboardInterrupt):
        compute(Trunk(stops_after=8), photos, output)
    assert output.with_name("mine.keras.part").is_dir()
    trunk = Trunk()
    found = compute(trunk, photos, output)
    assert trunk.seen == 14 - 8
    whole = compute(Trunk(), photos, tmp_path / "other.keras")
    np.testing.assert_array_equal(found.features, whole.features)
    np.testing.assert_array_equal(found.names, whole.names)


def test_an_error_after_the_features_keeps_them_but_for_unfit_images(photos, tmp_path):
    output = tmp_path / "mine.keras"
    stream = open_images(photos).stream((8, 8, 1), BATCH)
    for error, stays in ((KeyboardInterrupt, True), (InputError("too few"), False)):
        with (
            pytest.raises((KeyboardInterrupt, InputError)),
            kept_features("trunk", lambda left: Trunk(), stream, output),
        ):
            raise error
        assert output.with_name("mine.keras.part").exists() == stays


def test_a_folder_keeps_features_for_the_next_fitting(photos, tmp_path):
    compute(Trunk(), photos, None, tmp_path / "features")
    stream = open_images(photos).stream((8, 8, 1), BATCH)
    never = pytest.fail  # nothing is left to open a trunk for, or to show a bar for
    with kept_features("trunk", never, stream, None, tmp_path / "features", never) as found:
        assert len(found.features) == 14
    other = Trunk()
    compute(other, photos, None, tmp_path / "features", identity="another trunk")
    assert other.seen == 14


def test_another_trunk_does_not_go_on_with_these(photos, tmp_path):
    output = tmp_path / "mine.keras"
    with pytest.raises(KeyboardInterrupt):
        compute(Trunk(stops_after=8), photos, output)
    with pytest.raises(InputError, match="begun with other trunk"):
        compute(Trunk(), photos, output, identity="another")


def test_broken_images_are_skipped_and_named(photos, tmp_path):
    whole = (photos / "05.png").read_bytes()
    (photos / "05.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"05\.png"):
        compute(Trunk(), photos, tmp_path / "mine.keras")
    found = compute(Trunk(), photos, tmp_path / "other.keras", skip_bad_files=True)
    assert len(found.features) == 13
    assert found.skipped == ("05.png",)
    assert "05.png" not in found.names
