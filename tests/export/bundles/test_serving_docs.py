"""What docs/SERVING.md shows is run, against stand-ins that answer as the servers do."""

import http.server
import json
import re
import shlex
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import tensorflow as tf

from classwise.export.bundles import BUNDLES, write_bundle
from classwise.zoo.commands import build_parser

DOCUMENT = (Path(__file__).parents[3] / "docs" / "SERVING.md").read_text(encoding="utf-8")
NAME = "dcwh_efficientnet_lite0_clothing_48"
# The page speaks of photographs; the networks of these tests take small gray images.
SHAPES = "(2, 128, 128, 3)", "(2, 28, 28, 1)"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)


def test_commands_are_those_of_the_parser():
    lines = "\n".join(blocks("sh")).replace("\\\n", "").splitlines()
    exports = [shlex.split(line)[1:] for line in lines if line.startswith("classwise ")]
    parsed = [build_parser().parse_args(line) for line in exports]
    assert [options.bundle for options in parsed] == list(BUNDLES)


@pytest.mark.parametrize("kind", BUNDLES)
def test_start_command_is_documented(kind):
    command = BUNDLES[kind].start.split("{")[0].rstrip("/= ")
    assert command.split("=")[0] in DOCUMENT


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers POST requests to one path by a function from JSON to JSON."""

    path_served, answer = "", None

    def do_POST(self):
        assert self.path == self.path_served
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps(type(self).answer(request)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def run_snippet(snippet: str, serve, path: str, answer) -> dict:
    handler = type("Handler", (Answering,), {"path_served": path, "answer": staticmethod(answer)})
    address = serve(handler=handler)
    snippet, changed = re.subn(r"http://localhost:\d+/", address, snippet)
    assert changed == snippet.count(SHAPES[0]) == 1
    snippet = snippet.replace(*SHAPES)
    variables: dict = {}
    exec(snippet, variables)
    return variables


def test_triton_client(serve, gray_hasher, tmp_path):
    write_bundle("triton", gray_hasher, tmp_path / "models", name=NAME)
    session = onnxruntime.InferenceSession(tmp_path / "models" / NAME / "1" / "model.onnx")

    def answer(request):
        (tensor,) = request["inputs"]
        assert tensor["datatype"] == "UINT8"
        images = np.array(tensor["data"], np.uint8).reshape(tensor["shape"])
        (code,) = session.run(["code"], {tensor["name"]: images})
        assert request["outputs"] == [{"name": "code"}]
        output = {"name": "code", "datatype": "UINT8", "shape": code.shape}
        return {"outputs": [{**output, "data": code.ravel().tolist()}]}

    variables = run_snippet(blocks("python")[1], serve, f"/v2/models/{NAME}/infer", answer)
    expected = gray_hasher.encode(variables["images"], verbose=0)
    np.testing.assert_array_equal(variables["codes"], expected)


def test_triton_client_of_files(serve, tmp_path, monkeypatch):
    """The stand-in tells how many bytes each file has, and the first of them."""

    class Handler(Answering):
        def do_POST(self):
            assert self.path == f"/v2/models/{NAME}_files/infer"
            body = self.rfile.read(int(self.headers["Content-Length"]))
            head = int(self.headers["Inference-Header-Content-Length"])
            (tensor,) = json.loads(body[:head])["inputs"]
            assert (tensor["name"], tensor["datatype"]) == ("files", "BYTES")
            rest = body[head:]
            assert tensor["parameters"] == {"binary_data_size": len(rest)}
            data = []
            while rest:
                size = int.from_bytes(rest[:4], "little")
                data += [size, rest[4]]
                rest = rest[4 + size :]
            output = {"name": "code", "shape": [tensor["shape"][0], 2], "data": data}
            found = json.dumps({"outputs": [output]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(found)))
            self.end_headers()
            self.wfile.write(found)

    (tmp_path / "photos").mkdir()
    for name, content in {"a": b"xyz", "b": b"wv"}.items():
        (tmp_path / "photos" / f"{name}.jpg").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    client, changed = re.subn(r"http://localhost:\d+/", serve(handler=Handler), blocks("python")[2])
    assert changed == 1
    variables: dict = {}
    exec(client, variables)
    assert variables["codes"].tolist() == [[3, ord("x")], [2, ord("w")]]


def test_tensorflow_serving_client(serve, gray_hasher, tmp_path):
    write_bundle("tensorflow-serving", gray_hasher, tmp_path / "models", name=NAME)
    loaded = tf.saved_model.load(str(tmp_path / "models" / NAME / "1"))

    def answer(request):
        rows = [row["images"] for row in request["instances"]]
        signature = loaded.signatures[request["signature_name"]]
        (codes,) = signature(images=tf.constant(rows, tf.uint8)).values()
        return {"predictions": codes.numpy().tolist()}

    variables = run_snippet(blocks("python")[3], serve, "/v1/models/clothing:predict", answer)
    expected = gray_hasher.encode(variables["images"], verbose=0)
    np.testing.assert_array_equal(variables["codes"], expected)


def test_writing_from_python(monkeypatch, gray_hasher, tmp_path):
    from classwise import zoo

    monkeypatch.setattr(zoo, "load", lambda name: gray_hasher)
    monkeypatch.chdir(tmp_path)
    exec(blocks("python")[0], {})
    assert (tmp_path / "models" / "clothing" / "config.pbtxt").is_file()
