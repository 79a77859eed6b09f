import numpy as np
import pytest

from classwise import export, zoo
from classwise.export.graph.model import Model, Signature, Tensor
from classwise.export.proof.same_tensors import same_tensors


def model(images=("batch", 4, 4, 1), **outputs) -> Model:
    tensors = {name: Tensor(*value) for name, value in outputs.items()}
    inputs = {"images": Tensor("uint8", images)}
    return Model("made", "none", [Signature("", inputs, tensors, lambda batch: {})])


EMBEDDING = ("float32", ("batch", 12))
CODE = ("uint8", ("batch", 2))


def test_embedding_and_code_belong_together():
    same_tensors(model(embedding=EMBEDDING), model(code=CODE))
    same_tensors(model(code=CODE), model(embedding=EMBEDDING))
    same_tensors(model(embedding=EMBEDDING), model((3, 4, 4, 1), code=("uint8", (3, 2))))
    with pytest.raises(export.ParityError, match=r"code is uint8 \[batch, 3\], not uint8"):
        same_tensors(model(embedding=EMBEDDING), model(code=("uint8", ("batch", 3))))


@pytest.mark.parametrize(
    "images", [("batch", 4, 5, 1), ("n", 4, 4, 1), ("batch", "height", 4, 1), ("batch", 4, 4)]
)
def test_other_images(images):
    with pytest.raises(export.ParityError, match="images is"):
        same_tensors(model(embedding=EMBEDDING), model(images, embedding=EMBEDDING))


@pytest.mark.parametrize(
    "outputs", [{}, {"logits": EMBEDDING}, {"embedding": EMBEDDING, "mask": CODE}]
)
def test_outputs_of_another_project(outputs):
    with pytest.raises(zoo.InputError, match="a hasher exported by classwise takes"):
        model(**outputs).check_contract()


@pytest.mark.parametrize(
    ("tensors", "sentence"),
    [
        ({"images": ("batch", "height", 4, 1)}, r"images uint8 \[batch, height, 4, 1\]; .* uint8"),
        ({"images": ("batch", 4, 4)}, "uint8 with 4 axes"),
        ({"embedding": ("float32", (12,))}, "float32 with 2 axes"),
        ({"embedding": ("float16", ("batch", 12))}, "has embedding float16"),
        ({"embedding": EMBEDDING, "code": ("int8", ("batch", 2))}, "has code int8"),
    ],
)
def test_tensors_of_another_kind(tensors, sentence):
    images = tensors.pop("images", ("batch", 4, 4, 1))
    with pytest.raises(zoo.InputError, match=sentence):
        model(images, **(tensors or {"embedding": EMBEDDING})).check_contract()
    model(embedding=EMBEDDING, code=CODE).check_contract()


def test_a_model_without_signatures():
    with pytest.raises(zoo.InputError, match="no signature to call"):
        Model("empty", "none", []).check_contract()


def test_tensors_are_readable():
    assert str(Tensor("uint8", ("batch", 2))) == "uint8 [batch, 2]"
    assert np.dtype(Tensor(*CODE).dtype) == np.uint8
