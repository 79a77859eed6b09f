"""Computes the digests of every protocol's splits from the real data sets, and records them.

python -m tools.publish.record_protocol_digests [--data-dir DIR]
"""

import argparse
import json

from classwise.zoo.datasets.protocol_digests import DIGESTS_FILE, digest
from classwise.zoo.datasets.protocols import PROTOCOLS, ROLES
from classwise.zoo.datasets.splits import load_split
from classwise.zoo.foundation.files import replacing_file


def compute_digests(data_dir: str | None = None) -> dict[str, dict[str, dict]]:
    """Returns `{protocol: {role: {"images": number, "sha256": digest}}}` of all protocols."""
    digests = {}
    for dataset in sorted({protocol.dataset for protocol in PROTOCOLS.values()}):
        train, test = (load_split(dataset, split, data_dir) for split in ("train", "test"))
        for protocol in PROTOCOLS.values():
            if protocol.dataset == dataset:
                images = protocol.split(train, test)
                ids = {role: images.record_ids(role) for role in ROLES}
                digests[protocol.name] = {
                    role: {"images": len(ids[role]), "sha256": digest(ids[role])} for role in ROLES
                }
    return digests


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", help="where TFDS keeps its data")
    digests = compute_digests(parser.parse_args().data_dir)
    with replacing_file(DIGESTS_FILE) as temporary:
        temporary.write_text(json.dumps(digests, indent=2, sort_keys=True) + "\n")
