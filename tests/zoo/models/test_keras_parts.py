"""What a saved model is refused for before Keras reads it."""

import io
import json
import resource
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pytest

from classwise import zoo
from classwise.zoo import InputError
from classwise.zoo.models.keras_files import load_file
from classwise.zoo.models.keras_parts import CONFIG, LEAST_LIMIT, METADATA, WEIGHTS, read_config


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A small hasher's `.keras` file."""
    path = tmp_path_factory.mktemp("saved") / "small.keras"
    zoo.Hasher(zoo.resnet(8, (16, 16, 3)), code_length=8, num_classes=2).save(path)
    return path


@pytest.fixture
def changed(saved, tmp_path):
    """Returns a function that writes the file again with other parts; None leaves one out."""

    def write(**parts):
        path = tmp_path / "changed.keras"
        with zipfile.ZipFile(saved) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
            parts = {part: old.read(part) for part in old.namelist()} | parts
            for part, content in parts.items():
                if content is not None:
                    new.writestr(part, content)
        return path

    return write


@pytest.fixture
def weights(saved):
    """Returns a function that gives the weights after a change to the HDF5 file."""

    def write(change):
        with zipfile.ZipFile(saved) as old:
            memory = io.BytesIO(old.read(WEIGHTS))
        with h5py.File(memory, "r+") as file:
            change(file)
        return memory.getvalue()

    return write


def test_the_configuration_of_a_file_and_of_a_folder(saved, tmp_path):
    with zipfile.ZipFile(saved) as archive:
        archive.extractall(tmp_path)
    assert read_config(saved) == read_config(tmp_path)
    assert read_config(saved)["config"]["code_length"] == 8


@pytest.mark.parametrize("part", [CONFIG, METADATA, WEIGHTS])
def test_a_missing_part(changed, part):
    with pytest.raises(InputError, match=rf"has no {part}, which Keras 3 writes"):
        read_config(changed(**{part: None}))


@pytest.mark.parametrize(
    "config", [b"[" * 100_000, b"{", b"[]", b'{"config": 1}', b"\xff", b"null", b""]
)
def test_a_configuration_that_is_none(changed, config):
    with pytest.raises(InputError, match="is not a readable Keras model: "):
        read_config(changed(**{CONFIG: config}))


def test_weights_that_are_none(changed):
    with pytest.raises(InputError, match="is not a readable Keras model: "):
        read_config(changed(**{WEIGHTS: b"nothing"}))


def virtual(file):
    layout = h5py.VirtualLayout((2,), "f4")
    layout[:] = h5py.VirtualSource("/etc/hostname", "x", (2,))
    file.create_virtual_dataset("x", layout)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            lambda f: f.create_dataset("x", (1,), "u1", external=[("/etc/hostname", 0, 1)]),
            "takes x",
        ),
        (virtual, "takes x from another file"),
        (lambda f: f.__setitem__("x", h5py.ExternalLink("other.h5", "/")), "has a link, x"),
        (lambda f: f.__setitem__("x", h5py.SoftLink("/")), "has a link, x"),
    ],
)
def test_weights_that_lie_elsewhere(changed, weights, change, complaint):
    with pytest.raises(InputError, match=complaint):
        load_file(changed(**{WEIGHTS: weights(change)}))


def test_a_group_that_holds_itself_is_no_endless_way(changed, weights):
    assert read_config(changed(**{WEIGHTS: weights(lambda f: f.__setitem__("x", f["/"]))}))


@pytest.mark.parametrize(
    "part",
    [
        lambda weights: {WEIGHTS: bytes(LEAST_LIMIT)},
        lambda weights: {"assets/x": bytes(LEAST_LIMIT)},
        lambda weights: {CONFIG: b'{"config": {}, "x": "' + bytes(LEAST_LIMIT // 8) + b'"}'},
        lambda weights: {
            # No byte of it is stored: all are the fill value.
            WEIGHTS: weights(lambda f: f.create_dataset("x", (LEAST_LIMIT,), "f4", chunks=(1000,)))
        },
    ],
)
def test_a_small_file_that_needs_much_memory(changed, weights, part, monkeypatch):
    path = changed(**part(weights))
    assert path.stat().st_size < LEAST_LIMIT / 100
    with pytest.raises(InputError, match=r"in memory, above the [\d,]+ .*CLASSWISE_MODEL_BYTES="):
        load_file(path)
    monkeypatch.setenv("CLASSWISE_MODEL_BYTES", "9000000000")
    if WEIGHTS not in part(weights) and CONFIG not in part(weights):
        assert read_config(path)


@pytest.mark.large
def test_it_is_refused_before_the_memory_is_taken(changed, weights):
    """3 GB of zeros in a file of 3 MB, under a limit of 1.5 GB for the process."""
    path = changed(**{WEIGHTS: bytes(8)})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in (CONFIG, METADATA):
            archive.writestr(name, "{}")
        with archive.open(WEIGHTS, "w", force_zip64=True) as part:
            for _ in range(3000):
                part.write(bytes(1_000_000))
    code = (
        "import sys; from classwise.zoo.models.keras_files import load_file; load_file(sys.argv[1])"
    )
    limit = 1_500_000_000
    done = subprocess.run(
        [sys.executable, "-c", code, path],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert "InputError" in done.stderr
    assert "3,000,0" in done.stderr


def test_a_large_model_needs_no_leave(changed, monkeypatch):
    """The limit grows with what a model takes on the disk."""
    monkeypatch.setattr("classwise.zoo.models.keras_parts.LEAST_LIMIT", 0)
    noise = np.random.default_rng(0).bytes(3_000_000)
    assert read_config(changed(**{"assets/x": noise}))


def test_a_limit_that_is_no_number(saved, monkeypatch):
    monkeypatch.setenv("CLASSWISE_MODEL_BYTES", "3 GB")
    with pytest.raises(InputError, match="is '3 GB'; give a number of bytes"):
        read_config(saved)


def test_facts_of_another_model(tmp_path):
    from classwise.zoo.models.model_facts import model_facts

    with pytest.raises(InputError, match="holds a Sequential, not a classwise Hasher"):
        model_facts({"class_name": "Sequential"}, "x.keras")
    for config in ({}, {"build_config": {"input_shape": None}, "config": {}}):
        with pytest.raises(InputError, match="has a damaged configuration"):
            model_facts({"registered_name": "classwise>Hasher", **config}, "x.keras")


def test_facts_of_a_hasher(saved):
    from classwise.zoo.models.model_facts import model_facts

    facts = model_facts(read_config(saved), "x")
    assert json.loads(json.dumps(facts)) == facts
    assert (facts["code_length"], facts["image_shape"]) == (8, [16, 16, 3])
    assert (facts["loss"], facts["backbone"]) == (None, "resnet8")
    assert facts["preprocessing"]["height"] == 16
