"""NVIDIA's Triton serves the bundle (`make test-triton`).

The server, which reads the repository, gathers requests into batches and speaks the protocol, is
Triton's own. PyPI has no build of its ONNX Runtime backend: `triton_backend/model.py` stands in.
"""

import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from classwise.export.bundles import write_bundle
from classwise.zoo.datasets import read_images
from classwise.zoo.datasets.sample import sample_folder
from tests.export.test_preparation import write_photos

pytestmark = pytest.mark.triton

NAME = "dcwh_efficientnet_lite0_clothing_48"  # as docs/SERVING.md calls it
ROOT = Path(__file__).parents[3]
# Where `make test-triton` installs.
SITE = Path(sysconfig.get_path("purelib", vars={"base": ROOT / ".triton"}))
SERVER = SITE / "pytriton" / "tritonserver"
SECONDS_TO_START, SECONDS_TO_ANSWER = 60, 60


@pytest.fixture(scope="module")
def repository(gray_hasher, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("triton") / "models"
    write_bundle("triton", gray_hasher, path, name=NAME)
    # NVIDIA's images have them in the Python of the server.
    for package in ("numpy", "numpy.libs", "PIL", "pillow.libs"):
        (path / f"{NAME}_files" / "1" / package).symlink_to(SITE / package)
    return path


@pytest.fixture(scope="module")
def address(repository, tmp_path_factory) -> Iterator[str]:
    """Where Triton serves the repository."""
    assert SERVER.is_dir(), f"this test needs {SITE} (make test-triton)"
    backends = tmp_path_factory.mktemp("backends")
    shutil.copytree(SERVER / "backends" / "python", backends / "python")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    shutil.copy(
        SERVER / "python_backend_stubs" / python / "triton_python_backend_stub", backends / "python"
    )
    shutil.copytree(Path(__file__).parent / "triton_backend", backends / "onnxruntime")
    libraries = [SITE / "nvidia_pytriton.libs", sysconfig.get_config_var("LIBDIR")]
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": ":".join(map(str, libraries)),
        "TRITON_SITE": str(SITE),
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {
        "model-repository": repository,
        "backend-directory": backends,
        "http-address": "127.0.0.1",
        "http-port": port,
        "allow-grpc": 0,
        "allow-metrics": 0,
    }
    log = tmp_path_factory.mktemp("log") / "triton.log"
    with log.open("w") as file:
        server = subprocess.Popen(
            [SERVER / "bin" / "tritonserver", *(f"--{k}={v}" for k, v in options.items())],
            env=environment,
            stdout=file,
            stderr=file,
        )
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            server.kill()


def wait_until_ready(address: str, server: subprocess.Popen, log: Path):
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end and server.poll() is None:
        try:
            get(f"{address}/v2/health/ready")
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"Triton does not start:\n{log.read_text(errors='replace')}")


def get(url: str, body: bytes | None = None) -> bytes:
    with urllib.request.urlopen(url, body, timeout=SECONDS_TO_ANSWER) as response:
        return response.read()


def asked(address: str, body: bytes) -> dict:
    return json.loads(get(f"{address}/v2/models/{NAME}/infer", body))


def request(images: np.ndarray) -> bytes:
    tensor = {"name": "images", "shape": images.shape, "datatype": "UINT8"}
    inputs = [{**tensor, "data": images.ravel().tolist()}]
    return json.dumps({"inputs": inputs, "outputs": [{"name": "code"}]}).encode()


def codes(answer: dict) -> np.ndarray:
    (output,) = answer["outputs"]
    return np.array(output["data"], np.uint8).reshape(output["shape"])


def test_the_bundles_request_has_the_bundles_response(address, repository):
    found = asked(address, (repository / "request.json").read_bytes())
    assert found == json.loads((repository / "response.json").read_text())


def test_the_configuration_is_taken_as_it_is_written(address):
    found = json.loads(get(f"{address}/v2/models/{NAME}/config"))
    assert found["backend"] == "onnxruntime"
    assert found["max_batch_size"] == 128
    assert found["dynamic_batching"]["max_queue_delay_microseconds"] == 1000


def test_requests_of_one_batch_get_their_own_codes(address, gray_hasher, gallery):
    parts = np.split(gallery.images, len(gallery))
    with ThreadPoolExecutor(16) as pool:
        found = [codes(answer) for answer in pool.map(lambda p: asked(address, request(p)), parts)]
    expected = gray_hasher.encode(gallery.images, verbose=0)
    np.testing.assert_array_equal(np.concatenate(found), expected)
    (told,) = json.loads(get(f"{address}/v2/models/{NAME}/stats"))["model_stats"]
    assert told["execution_count"] < told["inference_count"]


def test_more_images_than_a_batch_holds_are_refused(address, gallery):
    with pytest.raises(urllib.error.HTTPError) as caught:
        asked(address, request(gallery.images[:129]))
    assert "batch-size must be <= 128" in caught.value.read().decode()


def asked_files(address: str, files: list[bytes]) -> np.ndarray:
    """Returns the codes of files, whose bytes follow JSON that tells of them."""
    body = b"".join(struct.pack("<I", len(file)) + file for file in files)
    tensor = {"name": "files", "shape": [len(files), 1], "datatype": "BYTES"}
    inputs = [{**tensor, "parameters": {"binary_data_size": len(body)}}]
    head = json.dumps({"inputs": inputs, "outputs": [{"name": "code"}]}).encode()
    length = {"Inference-Header-Content-Length": str(len(head))}
    url = f"{address}/v2/models/{NAME}_files/infer"
    with urllib.request.urlopen(
        urllib.request.Request(url, head + body, length), timeout=SECONDS_TO_ANSWER
    ) as response:
        return codes(json.load(response))


@pytest.fixture(scope="module")
def photos() -> list[bytes]:
    """The bundled photographs, of many sizes."""
    return [path.read_bytes() for path in sorted(sample_folder("clothing").rglob("*.jpg"))]


def test_files_get_the_codes_of_their_pixels(address, gray_hasher, photos, tmp_path):
    write_photos(tmp_path)
    files = photos[:60] + [path.read_bytes() for path in sorted(tmp_path.iterdir())]
    expected = gray_hasher.encode(read_images(files, gray_hasher.image_shape), verbose=0)
    np.testing.assert_array_equal(asked_files(address, files), expected)
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda file: asked_files(address, [file]), files))
    np.testing.assert_array_equal(np.concatenate(found), expected)


def test_a_file_alone_as_curl_sends_it(address, gray_hasher, photos):
    """Triton's raw requests: the body is the one tensor, and nothing else."""
    url = f"{address}/v2/models/{NAME}_files/infer"
    alone = urllib.request.Request(url, photos[0], {"Inference-Header-Content-Length": "0"})
    with urllib.request.urlopen(alone, timeout=SECONDS_TO_ANSWER) as response:
        answer = response.read()
    expected = gray_hasher.encode(read_images(photos[0], gray_hasher.image_shape), verbose=0)
    assert answer.endswith(expected.tobytes())


def test_a_broken_file_is_told_and_disturbs_nobody(address, gray_hasher, photos):
    with ThreadPoolExecutor(8) as pool:
        whole = [pool.submit(asked_files, address, [photo]) for photo in photos[:8]]
        broken = pool.submit(asked_files, address, [photos[0], photos[1][:3000]])
        with pytest.raises(urllib.error.HTTPError) as caught:
            broken.result()
        found = np.concatenate([each.result() for each in whole])
    assert "file 1 of 2 is no image that can be read" in caught.value.read().decode()
    expected = gray_hasher.encode(read_images(photos[:8], gray_hasher.image_shape), verbose=0)
    np.testing.assert_array_equal(found, expected)


def test_the_documented_client(address, gray_hasher):
    document = (ROOT / "docs" / "SERVING.md").read_text(encoding="utf-8")
    snippets = re.findall(r"```python\n(.*?)```", document, re.DOTALL)
    (client,) = [snippet for snippet in snippets if f"/v2/models/{NAME}/" in snippet]
    client, changed = re.subn("http://localhost:8000", address, client)
    assert changed == 1
    client = client.replace("(2, 128, 128, 3)", "(2, 28, 28, 1)")
    variables: dict = {}
    exec(client, variables)
    expected = gray_hasher.encode(variables["images"], verbose=0)
    np.testing.assert_array_equal(variables["codes"], expected)


def test_the_documented_client_of_files(address, gray_hasher, photos, tmp_path, monkeypatch):
    document = (ROOT / "docs" / "SERVING.md").read_text(encoding="utf-8")
    snippets = re.findall(r"```python\n(.*?)```", document, re.DOTALL)
    (client,) = [snippet for snippet in snippets if f"/v2/models/{NAME}_files/" in snippet]
    client, changed = re.subn("http://localhost:8000", address, client)
    assert changed == 1
    (tmp_path / "photos").mkdir()
    for number, photo in enumerate(photos[:5]):
        (tmp_path / "photos" / f"{number}.jpg").write_bytes(photo)
    monkeypatch.chdir(tmp_path)
    variables: dict = {}
    exec(client, variables)
    expected = gray_hasher.encode(read_images(photos[:5], gray_hasher.image_shape), verbose=0)
    np.testing.assert_array_equal(variables["codes"], expected)
