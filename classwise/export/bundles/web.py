"""A static page that hashes an image in the browser and ranks a gallery by Hamming distance."""

import json
import shutil
from importlib import resources
from importlib.metadata import version
from pathlib import Path

from classwise.export.bundles.source import BundleSource
from classwise.export.bundles.web_gallery import open_gallery, write_thumbnails
from classwise.export.bundles.web_runtime import write_runtime

PAGE = resources.files("classwise.export.bundles") / "page"
# What every page of photos has.
SHARED = resources.files("classwise.zoo.foundation") / "page"


def write_web(source: BundleSource, folder: Path) -> None:
    """Writes the page, onnxruntime-web, and the gallery's codes and images, around `model.onnx`.

    Files: `index.html`, its style and scripts; `runtime/`; `bundle.json` (what the
    page knows about model and gallery); `codes.bin` (packed codes, one after the other);
    `gallery/00000.png` and on (the very pixels that were hashed).
    """
    hasher = source.hasher
    images = open_gallery(source.gallery, hasher.image_shape)
    write_runtime(folder / "runtime", source.web_runtime)
    hasher.encode(images.batches(256), verbose=0).tofile(folder / "codes.bin")
    write_thumbnails(folder / "gallery", images)
    for file in (*PAGE.iterdir(), *SHARED.iterdir()):
        with resources.as_file(file) as path:
            shutil.copyfile(path, folder / file.name)
    labeled = images.labels is not None
    facts = {
        "name": source.name,
        "classwise_version": version("classwise"),
        "code_length": hasher.code_length,
        "image_shape": hasher.image_shape,
        "facts": {key: str(value) for key, value in source.metadata.items()},
        "gallery": {
            "name": images.name,
            "names": images.ids.tolist(),
            "labels": images.labels.tolist() if labeled else None,
            "class_names": images.class_names,
        },
    }
    text = json.dumps(facts, ensure_ascii=False) + "\n"
    (folder / "bundle.json").write_text(text, encoding="utf-8")
