from classwise.zoo.errors import InputError, unknown_name


def test_the_nearest_name_is_suggested():
    error = unknown_name("preset", "dcwh_cifar", ["vmf_cifar100", "dcwh_cifar10"])
    assert isinstance(error, InputError)
    assert "did you mean 'dcwh_cifar10'?" in str(error)
    assert "Known: dcwh_cifar10, vmf_cifar100." in str(error)


def test_nothing_near_is_suggested():
    assert "did you mean" not in str(unknown_name("method", "xyz", ["dcwh"]))
    assert "Known: none." in str(unknown_name("preset", "x", []))
