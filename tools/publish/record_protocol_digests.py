"""Computes the digests of protocols' splits from the real data sets, and records them.

python -m tools.publish.record_protocol_digests [PROTOCOL ...] [--data-dir DIR]
"""

import argparse
import json
from collections.abc import Iterable

from classwise.zoo.datasets.protocol_digests import DIGESTS_FILE, digest, stored_digests
from classwise.zoo.datasets.protocols import PROTOCOLS, ROLES, get_protocol
from classwise.zoo.datasets.splits import load_split
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import replacing_file


def compute_digests(names: Iterable[str], data_dir: str | None = None) -> dict[str, dict]:
    """Returns `{protocol: {role: {"images": number, "sha256": digest}}}` of protocols.

    Args:
        names: of protocols.
        data_dir: as in `load_split`.
    """
    digests = {}
    for (dataset, splits), protocols in by_images(names).items():
        given = [load_split(dataset, split, data_dir) for split in splits]
        for protocol in protocols:
            images = protocol.split(*given)
            ids = {role: images.record_ids(role) for role in ROLES}
            digests[protocol.name] = {
                role: {"images": len(ids[role]), "sha256": digest(ids[role])} for role in ROLES
            }
    return digests


def by_images(names: Iterable[str]) -> dict[tuple, list]:
    """Returns the protocols that share out the same splits of a data set, by these."""
    found = {}
    for protocol in map(get_protocol, names):
        found.setdefault((protocol.dataset, protocol.splits), []).append(protocol)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "names",
        nargs="*",
        metavar="PROTOCOL",
        help="(default: all but those that are held to published sizes)",
    )
    parser.add_argument("--data-dir", metavar="DIR", help="folder of the data sets")
    options = parser.parse_args()
    try:
        recorded = [name for name, protocol in PROTOCOLS.items() if not protocol.published]
        computed = compute_digests(options.names or recorded, options.data_dir)
    except InputError as error:
        parser.exit(2, f"record_protocol_digests: {error}\n")
    known = {name: roles for name, roles in stored_digests().items() if name in PROTOCOLS}
    with replacing_file(DIGESTS_FILE) as temporary:
        temporary.write_text(json.dumps(known | computed, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
