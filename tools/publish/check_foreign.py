"""What is wrong with what an entry tells of foreign images."""

import math
from collections.abc import Iterator

from classwise.zoo.presets.foreign import FALSE_ALARMS, UNUSUAL
from classwise.zoo.presets.registry import Preset, Trunk

#: Images together, of which entries say how often they make a sentence.
SET = 50
#: So many times the share of its own that lies beyond `usual` has to, on average, of others.
TELLS = 2.5
#: Share of its own images that may look foreign at most.
MOST_FALSE_ALARMS = 0.03


def mean_unusual(found: dict) -> float:
    """Returns the mean share beyond `usual` over data sets."""
    return sum(each["unusual"] for each in found.values()) / len(found)


def is_useful(foreign: dict) -> bool:
    """Returns whether thresholds tell others from its own images."""
    own = max(each["unusual"] for each in foreign["own"].values())
    return mean_unusual(foreign["others"]) >= TELLS * max(own, UNUSUAL)


def foreign(preset: Preset, trunk: Trunk) -> Iterator[tuple[bool, str]]:
    """Its thresholds let its own images pass, and shares are shares; without any, nothing."""
    if not preset.foreign:
        return
    found = preset.foreign
    threshold, usual = found["threshold"], found["usual"]
    tells = threshold is not None
    yield tells == (usual is not None), "one threshold of foreign images is missing"
    yield tells == is_useful(found), "its thresholds of foreign images do not tell, or are missing"
    yield found["calibrated"]["images"] >= 1 / FALSE_ALARMS, "too few images set its threshold"
    yield preset.protocol in found["own"], f"foreign images of {preset.protocol} are missing"
    yield not set(found["own"]) & set(found["others"]), "images are its own and foreign to it"
    for name, shares in (*found["own"].items(), *found["others"].items()):
        for key in ("foreign", "unusual", "told"):
            inside = 0 <= shares[key] <= 1
            yield inside, f"a share of {shares[key]} of {name} is {key}"
        yield shares["foreign"] <= shares["unusual"], f"more of {name} is foreign than unusual"
    if tells:
        finite = math.isfinite(threshold) and math.isfinite(usual) and usual < threshold
        yield finite, f"its thresholds of foreign images are {threshold} and {usual}"
        alarms = found["own"][preset.protocol]["foreign"]
        yield alarms <= MOST_FALSE_ALARMS, f"{alarms:.1%} of its own images look foreign"
