from classwise.zoo.foundation.errors import InputError, unknown_name


def test_the_nearest_name_is_suggested():
    error = unknown_name("preset", "dcwh_cifar", ["vmf_cifar100", "dcwh_cifar10"])
    assert isinstance(error, InputError)
    assert "did you mean 'dcwh_cifar10'?" in str(error)
    assert "Known: dcwh_cifar10, vmf_cifar100." in str(error)


def test_upper_case_is_no_other_name():
    assert "did you mean 'cifar10'?" in str(unknown_name("data set", "CIFAR10", ["cifar10"]))


def test_of_many_names_the_nearest_are_listed():
    error = str(unknown_name("preset", "p7", [f"p{n}0" for n in range(30)]))
    assert error.startswith("Unknown preset 'p7'; did you mean 'p70'? The nearest: p70, ")
    assert error.endswith(", and 20 others.")


def test_nothing_near_is_suggested():
    assert "did you mean" not in str(unknown_name("method", "xyz", ["dcwh"]))
    assert "Known: none." in str(unknown_name("preset", "x", []))
