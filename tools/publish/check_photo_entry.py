"""What is wrong with the entry of a hasher for any photos."""

from collections.abc import Iterator

from classwise.zoo.presets.registry import Preset, Trunk

#: Share of pairs of different kinds within the threshold, and how far off it may be: distances are
#: whole numbers, and of 64 bits one more changes the share by .004.
FALSE_MATCHES, TOLERANCE = 0.01, 0.0025


def pools(preset: Preset, trunk: Trunk) -> Iterator[tuple[bool, str]]:
    """Its pools are told, and at least one photo of each was learned from."""
    for pool in preset.pools:
        name, learned = pool["name"], pool["learned"]
        within = 0 < learned <= pool["photos"]
        yield within, f"{learned} of {pool['photos']} photos of {name} were learned from"
        yield bool(pool["license"]), f"the license of {name} is missing"
        yield len(pool["sha256"]) == 64, f"the SHA-256 of {name} is {pool['sha256']}"


def beside(preset: Preset, trunk: Trunk) -> Iterator[tuple[bool, str]]:
    """Its figures stand beside those of others, and agree with those of its protocol."""
    own = preset.beside[preset.protocol]["hasher"]["map"]
    expected = preset.metrics["map"]["expected"]
    yield abs(own - expected) < 1e-3, f"mAP is {own} and {expected:.4f}"
    for protocol, figures in preset.beside.items():
        for name, found in figures.items():
            for metric, value in found.items() if isinstance(found, dict) else ():
                most = 4 if metric == "nearest_right@4" else 1
                yield 0 <= value <= most, f"{metric} of {name} under {protocol} is {value}"


def threshold(preset: Preset, trunk: Trunk) -> Iterator[tuple[bool, str]]:
    """The threshold lets in as many pairs of different kinds as it says."""
    found = preset.same_kind
    inside = 0 <= found["distance"] < preset.code_length
    yield inside, f"photos within {found['distance']} bits are the same"
    rate = found["false_match_rate"]
    yield abs(rate - FALSE_MATCHES) <= TOLERANCE, f"the rate of false matches is {rate}"


#: What `check_entry.problems` asks of such an entry in place of what it asks of classes.
PHOTOS = (pools, beside, threshold)
