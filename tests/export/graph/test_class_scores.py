import keras
import numpy as np
import pytest

from classwise import export, losses, zoo
from classwise.export.graph.class_scores import class_scores, describe_scores, has_scores


def naive_posterior(embedding, centers, normalize, factor):
    """Computes the class posterior of one image by the densities of METHODS, class by class."""
    if normalize:
        log_densities = [factor * np.dot(center, embedding) for center in centers]
    else:
        log_densities = [-factor * np.sum((embedding - center) ** 2) / 2 for center in centers]
    densities = np.exp(np.array(log_densities) - max(log_densities))
    return densities / densities.sum()


@pytest.mark.parametrize(
    ("normalize", "loss", "factor", "formula"),
    [
        (False, losses.DCWHLoss(inverse_variance=0.3), 0.3, "b = 0.3"),
        (True, losses.VonMisesFisherLoss(concentration=5.0), 5.0, "k = 5.0"),
    ],
)
def test_scores_equal_the_posterior(make_hasher, images, normalize, loss, factor, formula):
    hasher = make_hasher(normalize=normalize, seed=2)
    hasher.compile(loss=loss)
    embedding = keras.ops.convert_to_numpy(hasher(images[:9], training=False))
    scores = keras.ops.convert_to_numpy(class_scores(hasher, embedding))
    centers = keras.ops.convert_to_numpy(hasher.class_centers.centers)
    expected = [naive_posterior(row, centers, normalize, factor) for row in embedding]
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-6)
    assert formula in describe_scores(hasher)


def test_a_hasher_without_a_class_wise_loss_has_no_scores(hasher, make_hasher, tmp_path):
    other = make_hasher()
    other.compile(loss="mse")
    for model in (hasher, other):
        assert not has_scores(model)
        with pytest.raises(zoo.InputError, match=r"class-wise loss.*compile"):
            export.to_onnx(model, tmp_path / "a.onnx", outputs=["scores"])
        with pytest.raises(zoo.InputError, match="class-wise loss"):
            export.to_onnx(model, tmp_path / "a.onnx", with_centers=True)
    assert not list(tmp_path.iterdir())
