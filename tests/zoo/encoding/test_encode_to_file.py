import errno

import numpy as np
import pytest
from PIL import Image

from classwise.zoo import InputError
from classwise.zoo.datasets.image_sources import open_images
from classwise.zoo.encoding.encode_to_file import begin, encode_rest, encode_to_file
from classwise.zoo.encoding.encoders import open_encoder
from classwise.zoo.encoding.unfinished_codes import UnfinishedCodes, images_done

pytest.importorskip("onnxruntime")

IMAGES = np.random.default_rng(2).integers(0, 256, (10, 4, 3, 1), "uint8")


@pytest.fixture
def folder(tmp_path):
    """Ten images in two classes."""
    for position, image in enumerate(IMAGES):
        path = tmp_path / "images" / ("bag", "coat")[position % 2] / f"{position}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(path)
    return tmp_path / "images"


@pytest.fixture
def encoder(make_onnx_file):
    return open_encoder(make_onnx_file())


def stream(folder, **options):
    return open_images(folder, **options).stream((4, 3, 1), 3)


def encode(encoder, images, path, **options):
    """Encodes; returns how many images an earlier run had done."""
    with begin(encoder, images, path, **options) as done:
        earlier = done.count
        encode_rest(encoder, images, done)
    return earlier


def test_the_file_has_codes_names_and_labels(encoder, folder, tmp_path, onnx_embeddings):
    seen = []
    images = stream(folder, labeled=True)
    assert encode_to_file(encoder, images, tmp_path / "c.npz", progress=seen.append) == ()
    order = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]  # class by class
    expected = np.packbits(onnx_embeddings(IMAGES[order]) > 0, axis=1)
    with np.load(tmp_path / "c.npz") as arrays:
        assert sorted(arrays) == [
            *("class_names", "code_length", "codes", "labels", "model", "names")
        ]
        assert arrays["class_names"].tolist() == ["bag", "coat"]
        assert arrays["model"] == encoder.identity
        np.testing.assert_array_equal(arrays["codes"], expected)
        assert arrays["code_length"] == 12
        assert arrays["labels"].tolist() == [0] * 5 + [1] * 5
        assert arrays["names"][[0, 9]].tolist() == ["bag/0.png", "coat/9.png"]
    assert seen == [3, 3, 3, 1]
    assert not (tmp_path / "c.npz.part").exists()


def test_embeddings_and_images_without_labels(encoder, folder, tmp_path, onnx_embeddings):
    encode_to_file(encoder, stream(folder / "bag"), tmp_path / "c.npz", embeddings=True)
    with np.load(tmp_path / "c.npz") as arrays:
        assert "labels" not in arrays
        expected = onnx_embeddings(IMAGES[::2])
        np.testing.assert_allclose(arrays["embeddings"], expected, rtol=1e-4, atol=1e-3)


class Interrupted:
    """An encoder that is interrupted after some batches."""

    def __init__(self, encoder, batches, error):
        self.__dict__.update(vars(encoder))
        self.encoder, self.left, self.error = encoder, batches, error

    def encode_batch(self, images):
        if self.left == 0:
            raise self.error
        self.left -= 1
        return self.encoder.encode_batch(images)


def test_an_interrupted_run_goes_on(encoder, folder, tmp_path):
    encode_to_file(encoder, stream(folder), tmp_path / "whole.npz")
    broken = Interrupted(encoder, 2, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        encode_to_file(broken, stream(folder), tmp_path / "c.npz")
    assert not (tmp_path / "c.npz").exists()
    assert images_done(tmp_path / "c.npz") == 6

    counting = Interrupted(encoder, 2, AssertionError("computes again what was done"))
    assert encode(counting, stream(folder), tmp_path / "c.npz") == 6
    with np.load(tmp_path / "c.npz") as found, np.load(tmp_path / "whole.npz") as expected:
        for name in expected:
            np.testing.assert_array_equal(found[name], expected[name])
    assert not (tmp_path / "c.npz.part").exists()


def test_a_run_goes_on_with_the_same_model_images_and_options_only(
    encoder, folder, tmp_path, make_onnx_file
):
    broken = Interrupted(encoder, 1, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        encode_to_file(broken, stream(folder), tmp_path / "c.npz")
    other = open_encoder(make_onnx_file("other.onnx", seed=1))
    with pytest.raises(InputError, match="other model"):
        encode_to_file(other, stream(folder), tmp_path / "c.npz")
    with pytest.raises(InputError, match="other embeddings"):
        encode_to_file(encoder, stream(folder), tmp_path / "c.npz", embeddings=True)
    (folder / "bag" / "0.png").unlink()
    with pytest.raises(InputError, match="other images"):
        encode_to_file(encoder, stream(folder), tmp_path / "c.npz")


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), InputError("'a.png' is damaged")]
)
def test_a_run_that_failed_goes_on_from_its_finished_parts(encoder, folder, tmp_path, error):
    broken = Interrupted(encoder, 2, error)
    with pytest.raises(type(error), match=r"No space left|is damaged"):
        encode_to_file(broken, stream(folder), tmp_path / "c.npz", save_seconds=0)
    assert not (tmp_path / "c.npz").exists()
    assert images_done(tmp_path / "c.npz") == 6
    assert encode(encoder, stream(folder), tmp_path / "c.npz") == 6


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_a_run_that_finished_nothing_leaves_nothing(encoder, folder, tmp_path, error):
    broken = Interrupted(encoder, 0 if isinstance(error, KeyboardInterrupt) else 2, error)
    with pytest.raises(type(error)):
        encode_to_file(broken, stream(folder), tmp_path / "out" / "c.npz")
    assert not (tmp_path / "out").exists()


def test_a_disk_that_is_full_at_the_end_keeps_the_parts(encoder, folder, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez_compressed", full)
        with pytest.raises(OSError, match="No space left"):
            encode_to_file(encoder, stream(folder), tmp_path / "c.npz")
    assert encode(encoder, stream(folder), tmp_path / "c.npz") == 10


@pytest.mark.parametrize("name", ["c.npy", "c", "c.NPZ", "c.npz.zip", ".npz"])
def test_an_output_ends_in_npz(encoder, folder, tmp_path, name):
    with pytest.raises(InputError, match=r"must end in \.npz"):
        encode_to_file(encoder, stream(folder), tmp_path / name)
    assert {path.name for path in tmp_path.iterdir()} == {"images", "hasher.onnx"}


def test_an_output_is_no_folder(encoder, folder, tmp_path):
    (tmp_path / "c.npz").mkdir()
    with pytest.raises(InputError, match=r"c\.npz is a folder"):
        encode_to_file(encoder, stream(folder), tmp_path / "c.npz")


def test_a_foreign_folder_is_left_alone(encoder, folder, tmp_path):
    (tmp_path / "c.npz.part").mkdir()
    (tmp_path / "c.npz.part" / "thesis.txt").write_text("two years of work")
    with pytest.raises(InputError, match=r"c\.npz\.part.*something else stands there"):
        encode_to_file(encoder, stream(folder), tmp_path / "c.npz")
    assert (tmp_path / "c.npz.part" / "thesis.txt").read_text() == "two years of work"


def test_a_damaged_image_is_named_or_skipped(encoder, folder, tmp_path):
    for number in (2, 4):
        file = folder / "bag" / f"{number}.png"
        file.write_bytes(file.read_bytes()[:50])  # the header is whole
    (folder / "coat" / "9.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"9\.png.*--skip-bad-files"):
        stream(folder)
    (folder / "coat" / "9.png").unlink()
    with pytest.raises(InputError, match=r"2\.png.*--skip-bad-files"):
        encode_to_file(encoder, stream(folder), tmp_path / "c.npz", save_seconds=0)
    images = stream(folder, skip_bad_files=True)
    skipped = encode_to_file(encoder, images, tmp_path / "c.npz")
    assert skipped == ("bag/2.png", "bag/4.png")
    with np.load(tmp_path / "c.npz") as arrays:
        assert arrays["names"].tolist() == [
            *("bag/0.png", "bag/6.png", "bag/8.png"),
            *("coat/1.png", "coat/3.png", "coat/5.png", "coat/7.png"),
        ]
        assert len(arrays["codes"]) == 7


def test_a_whole_batch_of_damaged_images_and_nothing_else(encoder, folder, tmp_path):
    for number in (0, 2, 4):
        file = folder / "bag" / f"{number}.png"
        file.write_bytes(file.read_bytes()[:50])
    images = stream(folder, skip_bad_files=True)
    assert len(encode_to_file(encoder, images, tmp_path / "c.npz")) == 3
    with np.load(tmp_path / "c.npz") as arrays:
        assert arrays["codes"].shape == (7, 2)
    for file in folder.glob("*/*.png"):
        file.write_bytes(file.read_bytes()[:50])
    images = stream(folder, skip_bad_files=True)
    with pytest.raises(InputError, match="All 10 images are broken"):
        encode_to_file(encoder, images, tmp_path / "d.npz")
    assert not list(tmp_path.glob("d.npz*"))


class Meddling:
    """An encoder during whose work, at a batch, something happens to the images."""

    def __init__(self, encoder, at, act):
        self.__dict__.update(vars(encoder))
        self.encoder, self.left, self.act = encoder, at, act

    def encode_batch(self, images):
        self.left -= 1
        if self.left == 0:
            self.act()
        return self.encoder.encode_batch(images)


@pytest.mark.parametrize("batch", [1, 4])
def test_a_photo_that_is_replaced_meanwhile_is_noticed(encoder, folder, tmp_path, batch):
    def replace():
        Image.new("L", (3, 4), 99).save(folder / "bag" / "0.png")

    meddling = Meddling(encoder, batch, replace)
    with pytest.raises(InputError, match=r"bag/0\.png' was changed or replaced"):
        encode_to_file(meddling, stream(folder), tmp_path / "c.npz", save_seconds=0)
    assert not list(tmp_path.glob("c.npz*"))  # what was done can never be used
    encode_to_file(encoder, stream(folder), tmp_path / "c.npz")


def test_a_photo_that_is_removed_meanwhile_is_named(encoder, folder, tmp_path):
    meddling = Meddling(encoder, 1, (folder / "coat" / "9.png").unlink)
    with pytest.raises(InputError, match=r"coat/9\.png' cannot be opened: No such file"):
        encode_to_file(meddling, stream(folder, skip_bad_files=True), tmp_path / "c.npz")


def test_one_run_at_a_time_writes_an_output(encoder, folder, tmp_path):
    """The second is refused while the first runs, and nothing of the first is lost."""
    images = stream(folder)
    with begin(encoder, images, tmp_path / "c.npz") as done:
        with pytest.raises(InputError, match=r"Another run is writing .*c\.npz; wait for it"):
            encode_to_file(encoder, stream(folder), tmp_path / "c.npz")
        encode_rest(encoder, images, done)
    with np.load(tmp_path / "c.npz") as arrays:
        assert len(arrays["codes"]) == 10
    assert encode(encoder, stream(folder), tmp_path / "c.npz") == 0


@pytest.mark.parametrize("lost", [0, 1])
def test_parts_that_somebody_removed_or_moved_are_noticed(encoder, folder, tmp_path, lost):
    broken = Interrupted(encoder, 3, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        encode_to_file(broken, stream(folder), tmp_path / "c.npz", save_seconds=0)
    parts = sorted((tmp_path / "c.npz.part").glob("0*.npz"))
    assert len(parts) == 3
    parts[lost].unlink()
    with pytest.raises(InputError, match=f"its part 00000{lost} is missing.*delete the folder"):
        encode_to_file(encoder, stream(folder), tmp_path / "c.npz")
    parts[2].rename(parts[lost])
    with pytest.raises(InputError, match="is missing, or another than the run wrote"):
        encode_to_file(encoder, stream(folder), tmp_path / "c.npz")
    assert not (tmp_path / "c.npz").exists()


@pytest.mark.parametrize("change", ["fewer", "twice"])
def test_the_file_appears_only_with_a_row_for_every_image(
    encoder, folder, tmp_path, change, monkeypatch
):
    whole = UnfinishedCodes.columns

    def columns(done):
        found = whole(done)
        if change == "fewer":
            return {
                name: column[: len(column) - (name == "codes")] for name, column in found.items()
            }
        return found | {"names": np.append(found["names"][:-1], found["names"][0])}

    monkeypatch.setattr(UnfinishedCodes, "columns", columns)
    with pytest.raises(InputError, match="delete it to start anew"):
        encode_to_file(encoder, stream(folder), tmp_path / "c.npz")
    assert not (tmp_path / "c.npz").exists()


def test_embeddings_of_a_file_that_gives_codes_only(make_onnx_file, folder, tmp_path):
    encoder = open_encoder(make_onnx_file(outputs=("code",)))
    with pytest.raises(InputError, match="gives codes only"):
        encode_to_file(encoder, stream(folder), tmp_path / "c.npz", embeddings=True)
    assert not list(tmp_path.glob("c.npz*"))


def test_providers_are_for_onnx_files_only(tmp_path):
    (tmp_path / "a.keras").touch()
    with pytest.raises(InputError, match=r"runs in Keras.*classwise export"):
        open_encoder(tmp_path / "a.keras", ["cuda"])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("mine.tflite", r"a \.tflite file"),
        ("mine.h5", r"a \.h5 file"),
        ("mine", "a file without an ending"),
        ("folder", "a folder"),
    ],
)
def test_models_that_cannot_encode(tmp_path, name, kind):
    if name == "folder":
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=f"{name} is {kind}; give a preset's name, a .keras file"):
        open_encoder(tmp_path / name)
    with pytest.raises(InputError, match=r"There is no model file or folder .*gone"):
        open_encoder(tmp_path / f"gone{name}")
