"""Blocks of images, encoded one by one, against one file of all of them."""

import os

import numpy as np
import pytest
from PIL import Image

from classwise import zoo
from classwise.zoo.datasets.image_sources import open_images
from classwise.zoo.encoding import block_encoder
from classwise.zoo.encoding.block_encoder import BlockEncoder, check_names, divided
from classwise.zoo.encoding.code_parts import part_path
from classwise.zoo.encoding.encode_to_file import encode_to_file
from classwise.zoo.encoding.encoders import open_encoder
from classwise.zoo.encoding.read_codes import is_codes, read_codes
from classwise.zoo.encoding.unfinished_parts import UnfinishedParts, check_place, finished
from classwise.zoo.foundation.errors import InputError

pytest.importorskip("onnxruntime")
pytest.importorskip("pyarrow")
SHAPE = (4, 3, 1)


@pytest.fixture
def photos(tmp_path):
    """Eleven photos of two classes, none of the size that the model takes."""
    random = np.random.default_rng(0)
    for number in range(11):
        folder = tmp_path / "photos" / ("bag" if number < 5 else "coat")
        folder.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 256, (9 + number, 8), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:02d}.png")
    return tmp_path / "photos"


@pytest.fixture
def encode(tmp_path, make_onnx_file):
    """Encodes images in blocks of four, in any order of the blocks, into a folder of codes."""
    model = make_onnx_file()

    def run(images, output="codes", order=None, most=None, **options):
        blocks = list(divided(images, SHAPE, 4))
        marks = {"model": "m", "images": " ".join(b.identity for b in blocks)}
        marks["embeddings"] = options.get("embeddings", True)
        assert finished(tmp_path / output, marks) is None
        with UnfinishedParts(tmp_path / output, marks, blocks) as parts:
            options = {"batch_size": 2, "embeddings": True, **options}
            worker = BlockEncoder(model.read_bytes(), str(parts.folder), **options)
            told = [worker.encode(block) for block in (order or list)(parts.missing)[:most]]
            if most is None and not any(each.error for each in told):
                facts = {"model": open_encoder(model).identity, "code_length": 12}
                told.append(parts.finish({**facts, "class_names": list(images.class_names)}))
        return told

    return run


@pytest.mark.parametrize("labeled", [True, False])
def test_the_arrays_are_those_of_a_file(photos, encode, tmp_path, make_onnx_file, labeled):
    images = open_images(photos, labeled=labeled)
    *_, outcome = encode(images, order=lambda blocks: blocks[::-1])
    assert outcome == (11, ())
    encoder = open_encoder(make_onnx_file())
    encode_to_file(encoder, images.stream(SHAPE, 2), tmp_path / "c.npz", embeddings=True)
    one, other = read_codes(tmp_path / "c.npz"), read_codes(tmp_path / "codes")
    assert one.keys() == other.keys()
    assert ("labels" in one) == labeled
    for name, array in one.items():
        assert array.dtype == other[name].dtype
        np.testing.assert_array_equal(array, other[name], err_msg=name)
    assert is_codes(tmp_path / "codes")
    assert not is_codes(photos)


def test_the_folder_goes_into_a_store(photos, encode, tmp_path):
    encode(open_images(photos, labeled=True))
    zoo.write_store(tmp_path / "codes", f"npz:{tmp_path / 'store.npz'}")
    written, stored = (
        read_codes(tmp_path / "codes"),
        zoo.read_store(f"npz:{tmp_path / 'store.npz'}"),
    )
    assert stored.names == written["names"].tolist()
    np.testing.assert_array_equal(stored.codes, written["codes"])
    assert stored.class_names == ("bag", "coat")


def test_other_readers_of_parquet_take_the_folder(photos, encode, tmp_path):
    pandas = pytest.importorskip("pandas")
    encode(open_images(photos))
    table = pandas.read_parquet(tmp_path / "codes")
    assert list(table.columns) == ["name", "code", "embedding"]
    codes = read_codes(tmp_path / "codes")["codes"]
    assert [np.frombuffer(code, np.uint8).tolist() for code in table["code"]] == codes.tolist()
    assert {path.name[:5] for path in (tmp_path / "codes").iterdir()} == {"part-", "_mani"}


def test_parts_that_are_there_are_not_made_again(photos, encode, tmp_path, monkeypatch):
    images = open_images(photos)
    encode(images, most=2)
    assert not (tmp_path / "codes").exists()
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "codes.part").glob("part-*")}
    assert len(times) == 2
    written = []
    whole = block_encoder.write_part
    monkeypatch.setattr(
        block_encoder, "write_part", lambda *given: (written.append(given[1]), whole(*given))
    )
    encode(images)
    assert written == [2]
    assert not (tmp_path / "codes.part").exists()
    for path, time in times.items():
        assert (tmp_path / "codes" / path.name).stat().st_mtime_ns == time
    assert len(set(read_codes(tmp_path / "codes")["names"])) == 11


def test_a_block_that_another_worker_has_written_is_left_as_it_is(photos, encode, tmp_path):
    images = open_images(photos)
    encode(images, order=lambda blocks: [blocks[0], blocks[0]], most=2)
    assert len(list((tmp_path / "codes.part").glob("part-*"))) == 1


def test_an_image_that_is_replaced_is_told(photos, tmp_path, make_onnx_file):
    images = open_images(photos)
    blocks = list(divided(images, SHAPE, 4))
    Image.new("L", (5, 5)).save(photos / "bag" / "00.png")
    worker = BlockEncoder(b"", "nowhere", 2, False)
    worker.encoder = open_encoder(make_onnx_file())
    told = worker.encode(blocks[0])
    assert told.changed
    assert "was changed or replaced since the run began" in told.error


def test_broken_images_are_left_out_and_named(photos, encode, tmp_path):
    broken = photos / "bag" / "01.png"
    broken.write_bytes(broken.read_bytes()[:60])
    (refused, *_) = encode(open_images(photos), most=1)
    assert str(broken) in refused.error
    assert "skip_bad_files" in refused.error
    assert encode(open_images(photos, skip_bad_files=True))[-1] == (10, ("bag/01.png",))
    assert "bag/01.png" not in read_codes(tmp_path / "codes")["names"]


def test_only_broken_images(photos, encode, tmp_path):
    for path in photos.rglob("*.png"):
        path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(InputError, match="All 11 images are broken"):
        encode(open_images(photos, skip_bad_files=True))
    assert not list(tmp_path.glob("codes*"))


def test_a_model_that_is_none_is_told_not_raised(photos, tmp_path):
    (block, *_) = divided(open_images(photos), SHAPE, 4)
    told = BlockEncoder(b"no model", str(tmp_path), 2, False).encode(block)
    assert "is not an ONNX file" in told.error
    assert not told.changed


def test_a_folder_that_is_gone_is_not_made_again(photos, tmp_path, make_onnx_file):
    (block, *_) = divided(open_images(photos), SHAPE, 4)
    gone = tmp_path / "gone"
    told = BlockEncoder(make_onnx_file().read_bytes(), str(gone), 2, False).encode(block)
    assert str(gone) in told.error
    assert not gone.exists()


def test_a_missing_part_is_missed(photos, encode, tmp_path):
    encode(open_images(photos))
    part_path(tmp_path / "codes", 1).unlink()
    with pytest.raises(InputError, match=r"part-000001\.parquet is missing or damaged"):
        read_codes(tmp_path / "codes")


def test_a_damaged_part_is_told_before_it_is_used(photos, encode, tmp_path):
    encode(open_images(photos), most=2)
    path = part_path(tmp_path / "codes.part", 0)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"part-000000\.parquet is missing or damaged"):
        encode(open_images(photos))


def test_other_images_are_not_mixed_in(photos, encode, tmp_path):
    encode(open_images(photos), most=1)
    Image.new("L", (5, 5)).save(photos / "coat" / "99.png")
    with pytest.raises(InputError, match="was begun with other images"):
        encode(open_images(photos))
    encode(open_images(photos), output="others")
    (photos / "coat" / "99.png").unlink()
    with pytest.raises(InputError, match="others holds codes of other images"):
        encode(open_images(photos), output="others")


def test_a_whole_folder_is_known_again(photos, encode, tmp_path):
    encode(open_images(photos))
    blocks = list(divided(open_images(photos), SHAPE, 4))
    marks = {"model": "m", "images": " ".join(block.identity for block in blocks)}
    marks["embeddings"] = True
    assert finished(tmp_path / "codes", marks)["rows"] == 11


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"format": 1', '"format": 2'), "is of format 2, and this classwise reads 1"),
        (('"rows": 11', '"rows": 12'), "codes is missing or damaged"),
        (('"parts": 3', '"parts": "3"'), "_manifest.json is missing or damaged"),
        (("{", "{{"), "is no JSON"),
    ],
)
def test_a_manifest_that_is_wrong(photos, encode, tmp_path, change, message):
    encode(open_images(photos))
    manifest = tmp_path / "codes" / "_manifest.json"
    manifest.write_text(manifest.read_text().replace(*change, 1))
    with pytest.raises(InputError, match=message):
        read_codes(tmp_path / "codes")


def test_a_folder_without_manifest_holds_no_codes(photos):
    with pytest.raises(InputError, match=r"holds no _manifest\.json"):
        read_codes(photos)


def test_places_that_are_no_place_for_codes(photos, tmp_path):
    (tmp_path / "file").touch()
    for place, message in {
        "codes.npz": "with --engine ray it is a folder",
        "file": "is a file; name a folder",
        "photos": "holds bag and no _manifest.json",
    }.items():
        with pytest.raises(InputError, match=message):
            check_place(tmp_path / place)


def test_names_that_parquet_cannot_hold(photos):
    os.rename(photos / "bag" / "00.png", os.fsencode(photos) + b"/bag/caf\xe9.png")  # noqa: PTH104
    with pytest.raises(InputError, match="is no UTF-8, which Parquet cannot hold"):
        check_names(open_images(photos))
    os.rename(os.fsencode(photos) + b"/bag/caf\xe9.png", photos / "bag" / "a\nb.png")  # noqa: PTH104
    check_names(open_images(photos))
