"""What is said once of many codes, where a format has room for a text of one's own."""

from __future__ import annotations

import json
from collections.abc import Sequence

from classwise.zoo.foundation.codes import check_code_length
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.settings import parse_json


def facts_text(code_length: int, model: str, class_names: Sequence[str]) -> str:
    """Returns what a store keeps once for all images, as JSON."""
    return json.dumps(
        {
            "classwise_store": 1,
            "code_length": code_length,
            "model": model,
            "class_names": list(class_names),
        }
    )


def parse_facts(text: str | bytes | None, shown: str) -> dict:
    """Returns what `facts_text` wrote.

    Raises:
        InputError: anything else, or what a newer classwise wrote.
    """
    try:
        facts = parse_json(text or "", shown)
        version = facts["classwise_store"]
        right = isinstance(facts["model"], str) and isinstance(facts["class_names"], list)
        if not right or not all(isinstance(name, str) for name in facts["class_names"]):
            raise TypeError("its facts are of other types")
        facts["code_length"] = check_code_length(facts["code_length"])
    except (InputError, KeyError, TypeError) as error:
        raise InputError(
            f"{shown} holds no codes that classwise wrote; write them with `classwise store`."
        ) from error
    if version != 1:
        raise InputError(f"{shown} was written by a newer classwise; upgrade it.")
    return facts
