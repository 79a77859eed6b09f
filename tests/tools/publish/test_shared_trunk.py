"""Hashers on one trunk get together what each gets alone."""

import numpy as np
import pytest

from classwise.zoo import Hasher, InputError, resnet
from classwise.zoo.encoding.encoders import KerasEncoder
from classwise.zoo.evaluation.evaluate import encode_protocol
from tools.publish.shared_trunk import encode_together


def test_together_hashers_get_what_each_gets_alone(protocol_images):
    images = protocol_images((8, 8, 1))
    backbone = resnet(8, (8, 8, 1), width=2)
    names = images.queries.class_names
    hashers = [
        Hasher(backbone, 12, 10, normalize=True, class_names=names),
        Hasher(backbone, 16, 10, class_names=names),
        Hasher(backbone, 8, 10, class_names=names, hidden_units=6),
        Hasher(backbone, 3, 7),
    ]
    every = encode_together(hashers, images)
    for hasher, sets in zip(hashers, every, strict=True):
        alone = encode_protocol(KerasEncoder(hasher), images)
        for key in ("query_codes", "database_codes", "query_labels", "database_labels"):
            np.testing.assert_array_equal(getattr(sets, key), getattr(alone, key), err_msg=key)
        for key in ("query_embeddings", "database_embeddings"):
            np.testing.assert_allclose(getattr(sets, key), getattr(alone, key), atol=1e-6)
        assert (sets.code_length, sets.distance) == (alone.code_length, alone.distance)
        if alone.centers is None:
            assert sets.centers is None
        else:
            np.testing.assert_array_equal(sets.centers, alone.centers)
    assert every[-1].centers is None


def test_other_trunks_are_refused(protocol_images):
    hashers = [Hasher(resnet(8, (8, 8, 1), width=2), 4, 2) for _ in range(2)]
    larger = Hasher(resnet(8, (9, 9, 1), width=2), 4, 2)
    larger.backbone.set_weights(hashers[0].backbone.get_weights())
    for other in (hashers[1], larger):
        with pytest.raises(InputError, match="different trunks"):
            encode_together([hashers[0], other], protocol_images((8, 8, 1)))


def test_images_are_counted_once(protocol_images):
    backbone = resnet(8, (8, 8, 1), width=2)
    counted = []
    encode_together([Hasher(backbone, 4, 2)] * 3, protocol_images((8, 8, 1)), counted.append)
    assert sum(counted) == 130
