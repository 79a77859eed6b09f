from classwise.export.graph.metadata import describe


def test_everything_that_a_stranger_needs(trained):
    given = {"preset": "p", "protocol": "d-full", "map": 0.5, "code_length": "wrong"}
    props = describe(trained, given, batch=None, outputs=["code"], precision="fp16")
    assert list(props) == sorted(props)
    assert all(isinstance(value, str) for value in props.values())
    assert props["method"] == "vmf"
    assert (props["preset"], props["protocol"], props["map"]) == ("p", "d-full", "0.5")
    assert (props["code_length"], props["precision"], props["unit_length"]) == (
        "12",
        "fp16",
        "true",
    )
    assert "scores" not in props


def test_a_fixed_batch_is_part_of_the_contract(hasher):
    props = describe(hasher, {}, batch=4, outputs=["code"], precision="fp32")
    assert props["input_contract"].startswith("images: uint8 [4, 10, 8, 3], pixels 0-255, RGB")
    assert "method" not in props
