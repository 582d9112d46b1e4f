"""Embedding the ORL images: faces.embed against a plain loop over DeepFace.represent, per network.

The loop runs in a process of its own with deepface as it comes: one model, loaded once, its
loading not counted. Ours is counted whole: starting its processes, loading, reading, writing. Both
use the same weights; deepface can't run SFace's 8-bit file as the package carries it, so it is given
the same file with the picture as its only input.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from onetomany import faces, sources
from onetomany.faces.sface_network import only_the_picture
from onetomany.sources.weights import deepface_home

LOOP = """
import json, os, sys, time
os.environ["DEEPFACE_HOME"], model, detector, weights = sys.argv[1:5]
os.environ["DEEPFACE_BACKEND_ENGINE"] = "onnx"
import cv2
from deepface import DeepFace
from deepface.commons import weight_utils

files = json.loads(weights)
weight_utils.download_weights_if_necessary = lambda file_name, *_, **__: files[file_name]

def represent(path):
    image = cv2.resize(
        cv2.imread(path), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    return DeepFace.represent(
        image, model_name=model, detector_backend=detector, l2_normalize=True)[0]["embedding"]

paths = json.load(sys.stdin)
represent(paths[0])
start, templates = time.perf_counter(), {}
for path in paths:
    try:
        templates[path] = represent(path)
    except ValueError:
        pass
json.dump({"seconds": time.perf_counter() - start, "templates": templates}, sys.stdout)
"""


def run(folder: Path) -> None:
    images = sources.open_images("orl")
    for name in faces.MATCHERS:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            loop = _loop(name, images, Path(place))
        start = time.perf_counter()
        ours = faces.embed(images, faces.Settings(name))
        seconds = time.perf_counter() - start
        box = faces.embed(images, faces.Settings(name, "box"))
        by_path = dict(zip(images.files["path"], box["template"].to_list(), strict=True))
        found = {path for path, template in by_path.items() if template is not None}
        assert found == set(loop["templates"]), "the two don't find the same faces"
        gap = max(
            np.abs(np.subtract(by_path[path], loop["templates"][path])).max() for path in found
        )
        count = len(images.files)
        print(f"embedding {count} images with {name}")
        print(
            f"  loop over DeepFace.represent   {count / loop['seconds']:8.1f} images/s, "
            f"{len(found)} faces"
        )
        print(
            f"  faces.embed, start to end      {count / seconds:8.1f} images/s, "
            f"{ours['reason'].null_count()} faces"
        )
        print(f"  ratio                          {loop['seconds'] / seconds:8.2f}")
        print(f"  largest difference, deepface's crop on both sides {gap:.1e}\n")


def _loop(name: str, images: sources.ImageSet, folder: Path) -> dict:
    weights = {}
    for file in sources.model(name).files:
        path = sources.install_weights(name)[file.name]
        if file.known_as and "recognition" in file.name:
            (folder / file.known_as).write_bytes(only_the_picture(path.read_bytes()))
            path = folder / file.known_as
        weights[file.known_as or file.name] = str(path)
    detector = sources.model(name).preprocessing.detector
    command = [sys.executable, "-c", LOOP, str(deepface_home()), name, detector]
    paths = json.dumps(images.files["path"].to_list())
    answer = subprocess.run(
        [*command, json.dumps(weights)], input=paths, capture_output=True, text=True, check=True
    )
    return dict(json.loads(answer.stdout.splitlines()[-1]))
