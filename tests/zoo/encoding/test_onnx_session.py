import pytest

from classwise.zoo import InputError
from classwise.zoo.encoding.onnx_session import PROVIDERS, open_session, running_provider

onnxruntime = pytest.importorskip("onnxruntime")


@pytest.fixture
def with_cuda_built_in(monkeypatch):
    """ONNX Runtime as its GPU build is where no GPU is: it lists CUDA, and runs on the CPU."""
    built_in = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: built_in)


def test_the_cpu_runs_by_default(make_onnx_file):
    assert running_provider(open_session(make_onnx_file())) == "cpu"
    assert running_provider(open_session(make_onnx_file(), ["cpu"], require_provider=True)) == "cpu"


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_provider_that_falls_back_is_found_out(make_onnx_file, with_cuda_built_in):
    assert running_provider(open_session(make_onnx_file(), ["cuda", "cpu"])) == "cpu"
    with pytest.raises(InputError, match=r"'cuda' does not run here, 'cpu' would"):
        open_session(make_onnx_file(), ["cuda", "cpu"], require_provider=True)


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_cuda_computes_in_float32(make_onnx_file, with_cuda_built_in, monkeypatch):
    asked = []
    whole = onnxruntime.InferenceSession

    def session(path, options, providers):
        asked.append(providers)
        return whole(path, options, providers=providers)

    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    open_session(make_onnx_file(), ["cuda", "cpu"])
    cuda = ("CUDAExecutionProvider", {"use_tf32": "0"})
    assert asked == [[cuda, ("CPUExecutionProvider", {})]]


@pytest.mark.filterwarnings("ignore:Specified provider")
@pytest.mark.parametrize(("provider", "loads"), [("cuda", 1), ("tensorrt", 0), ("cpu", 0)])
def test_libraries_are_loaded_for_cuda_without_a_word(
    make_onnx_file, with_cuda_built_in, monkeypatch, capsys, provider, loads
):
    calls = []

    def preload_dlls():
        calls.append(print("Failed to load libcublas"))

    monkeypatch.setattr(onnxruntime, "preload_dlls", preload_dlls)
    open_session(make_onnx_file(), [provider])
    assert len(calls) == loads  # this build lists no TensorRT
    assert capsys.readouterr().out == ""


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_an_onnx_runtime_that_loads_no_libraries(make_onnx_file, with_cuda_built_in, monkeypatch):
    monkeypatch.delattr(onnxruntime, "preload_dlls")
    assert running_provider(open_session(make_onnx_file(), ["cuda"])) == "cpu"


def test_a_required_provider_runs_every_batch(make_onnx_file):
    """ONNX Runtime would otherwise go on on the CPU when one fails."""
    assert not open_session(make_onnx_file(), ["cpu"], require_provider=True)._enable_fallback


def test_a_provider_that_the_build_lacks(make_onnx_file):
    assert running_provider(open_session(make_onnx_file(), ["coreml"])) == "cpu"
    with pytest.raises(InputError, match="'coreml' does not run here"):
        open_session(make_onnx_file(), ["coreml"], require_provider=True)


@pytest.mark.parametrize(
    ("providers", "message"), [(["cdua"], "did you mean 'cuda'"), ([], "providers is empty")]
)
def test_wrong_providers(make_onnx_file, providers, message):
    with pytest.raises(InputError, match=message):
        open_session(make_onnx_file(), providers)


def test_every_provider_is_one_that_onnx_runtime_knows():
    assert set(PROVIDERS.values()) <= set(onnxruntime.get_all_providers())


def test_files_that_cannot_be_read(make_onnx_file, tmp_path):
    with pytest.raises(InputError, match="There is no ONNX file"):
        open_session(tmp_path / "none.onnx")
    whole = make_onnx_file().read_bytes()
    for content in (b"", b"\x89PNG\r\n", whole[: len(whole) // 2]):
        (tmp_path / "a.onnx").write_bytes(content)
        with pytest.raises(InputError, match="is not an ONNX file"):
            open_session(tmp_path / "a.onnx")


@pytest.mark.parametrize(("spinning", "entry"), [(True, "0"), (False, "1")])
def test_whether_threads_spin(make_onnx_file, spinning, entry):
    options = open_session(make_onnx_file(), spinning=spinning).get_session_options()
    assert options.get_session_config_entry("session.force_spinning_stop") == entry
