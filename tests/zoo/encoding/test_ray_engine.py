"""Encoding by workers of Ray, against the engine of this process (`make test-extra`)."""

import sys

import numpy as np
import pytest

from classwise import zoo
from classwise.zoo.commands import main
from classwise.zoo.datasets.image_sources import open_images
from classwise.zoo.encoding.encode_to_file import encode_to_file
from classwise.zoo.encoding.encoders import open_encoder
from classwise.zoo.encoding.ray_engine import encode_on_ray
from classwise.zoo.encoding.ray_workers import connected, shares
from classwise.zoo.encoding.read_codes import read_codes
from classwise.zoo.foundation.errors import InputError

pytest.importorskip("onnxruntime")
PHOTOS = zoo.sample_folder("clothing")


@pytest.fixture(scope="module")
def ray():
    """Two workers' room, for the tests of this file."""
    ray = pytest.importorskip("ray")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield ray
    ray.shutdown()


def same(path, other):
    one, other = read_codes(path), read_codes(other)
    assert one.keys() == other.keys()
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name], err_msg=name)


@pytest.mark.large
@pytest.mark.parametrize("name", ["codes", "codes.lance"])
def test_the_codes_are_those_of_this_process(ray, tmp_path, make_onnx_file, name):
    model = make_onnx_file()
    images = open_images(PHOTOS, labeled=True)
    started = []
    outcome = encode_on_ray(
        model,
        images,
        tmp_path / name,
        embeddings=True,
        batch_size=8,
        on_start=lambda *given: started.append(given),
        progress=started.append,
    )
    assert outcome == (200, 0, (), "ONNX Runtime on cpu", 12)
    assert started[0] == (200, "2 workers of Ray on 1 machine")
    assert sorted(started[1:]) == [8, *[32] * 6]
    stream = images.stream((4, 3, 1), 8)
    encode_to_file(open_encoder(model), stream, tmp_path / "c.npz", embeddings=True)
    same(tmp_path / "c.npz", tmp_path / name)
    # The same again, which is there already.
    assert encode_on_ray(model, images, tmp_path / name, embeddings=True, batch_size=8) == (
        200,
        200,
        (),
        "",
        12,
    )


@pytest.mark.large
def test_lists_and_parquet(ray, tmp_path, make_onnx_file):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    model = make_onnx_file()
    files = sorted(PHOTOS.rglob("*.jpg"))[:40]
    (tmp_path / "list.txt").write_text("\n".join(map(str, files)))
    table = {"name": list(map(str, files)), "image": [file.read_bytes() for file in files]}
    parquet.write_table(pyarrow.table(table), tmp_path / "x.parquet", row_group_size=7)
    listed = open_images(tmp_path / "list.txt")
    encode_to_file(open_encoder(model), listed.stream((4, 3, 1), 3), tmp_path / "c.npz")
    for name in ("list.txt", "x.parquet"):
        images = open_images(tmp_path / name)
        encode_on_ray(model, images, tmp_path / f"codes of {name}", batch_size=3)
        same(tmp_path / "c.npz", tmp_path / f"codes of {name}")


@pytest.mark.large
def test_a_broken_image_ends_the_run_in_one_sentence(ray, tmp_path, make_onnx_file):
    (tmp_path / "photos").mkdir()
    for file in sorted(PHOTOS.rglob("*.jpg"))[:6]:
        (tmp_path / "photos" / file.name).write_bytes(file.read_bytes())
    broken = tmp_path / "photos" / file.name
    broken.write_bytes(broken.read_bytes()[:2000])
    model = make_onnx_file()
    arguments = {"model": model, "output": tmp_path / "codes", "batch_size": 1}
    with pytest.raises(InputError, match=broken.name):
        encode_on_ray(images=open_images(tmp_path / "photos"), **arguments)
    assert not (tmp_path / "codes").exists()
    images = open_images(tmp_path / "photos", skip_bad_files=True)
    assert encode_on_ray(images=images, **arguments)[:3] == (5, 4, (broken.name,))


def test_shares_of_a_cluster():
    assert shares({"CPU": 2.0}, ("cpu",), None) == ({"num_cpus": 1}, 2)
    assert shares({"CPU": 64.0, "GPU": 3.0}, ("cpu",), 7) == ({"num_cpus": 1}, 64)
    assert shares({"CPU": 64.0, "GPU": 3.0}, ("cuda",), None)[0] == {
        "num_cpus": 21,
        "num_gpus": 1,
    }
    with pytest.raises(InputError, match="has 0 GPUs"):
        shares({"CPU": 64.0}, ("cuda", "cpu"), None)
    with pytest.raises(InputError, match="9 workers are wanted, and the Ray cluster has 8 cores"):
        shares({"CPU": 8.0}, ("cpu",), 9)


def test_a_ray_that_does_not_start_is_one_sentence(monkeypatch):
    module = pytest.importorskip("ray")

    def slow(**options):
        raise Exception("The current node timed out during startup.\nThe log is at ...")

    monkeypatch.setattr(module, "is_initialized", lambda: False)
    monkeypatch.setattr(module, "init", slow)
    with (
        pytest.raises(InputError, match=r"or started \(The current node timed out during startup"),
        connected(),
    ):
        pass


def test_without_ray(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    arguments = ["encode", "x.onnx", str(PHOTOS), "-o", str(tmp_path / "codes")]
    assert main([*arguments, "--engine", "ray"]) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "needs the package ray" in sentence
    assert "pip install 'ray[data]" in sentence


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["MODEL", str(PHOTOS), "-o", "codes", "--workers", "2"], "--workers numbers the workers"),
        (["MODEL", str(PHOTOS), "-o", "c.npz", "--engine", "ray"], "it is a folder, such as codes"),
        (["MODEL", "cifar10:test", "-o", "codes", "--engine", "ray"], "A split of a data set"),
        (
            ["vmf_resnet9_fashion_mnist_48", str(PHOTOS), "-o", "codes", "--engine", "ray"],
            "`classwise export vmf_resnet9_fashion_mnist_48 -o hasher.onnx`",
        ),
        (
            ["CODE ONLY", str(PHOTOS), "-o", "codes", "--engine", "ray", "--embeddings"],
            "gives codes only",
        ),
        (
            ["MODEL", str(PHOTOS), "-o", "codes", "--engine", "ray", "--providers", "gpu"],
            "Unknown execution provider 'gpu'",
        ),
    ],
)
def test_refused_before_ray_starts(
    arguments, message, tmp_path, make_onnx_file, capsys, monkeypatch
):
    pytest.importorskip("ray")
    models = {"MODEL": make_onnx_file(), "CODE ONLY": make_onnx_file("c.onnx", outputs=("code",))}
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    assert main(["encode", *(str(models.get(each, each)) for each in arguments)]) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert message in sentence
    assert sorted(tmp_path.iterdir()) == before
