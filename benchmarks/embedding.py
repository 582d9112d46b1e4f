"""Embedding 400 real images: faces.embed against a plain loop over DeepFace.represent.

The loop runs in a process of its own with deepface as it comes: one model, loaded once, its
loading not counted. Ours is counted whole: starting its processes, loading, reading, writing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from onetomany import faces, sources
from onetomany.sources.weights import deepface_home

LOOP = """
import json, os, sys, time
os.environ["DEEPFACE_HOME"] = sys.argv[1]
import cv2
from deepface import DeepFace

def represent(path):
    image = cv2.resize(
        cv2.imread(path), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    return DeepFace.represent(
        image, model_name="Dlib", detector_backend="dlib", l2_normalize=True)[0]["embedding"]

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
    sources.install_weights("Dlib")
    command = [sys.executable, "-c", LOOP, str(deepface_home())]
    paths = json.dumps(images.files["path"].to_list())
    answer = subprocess.run(command, input=paths, capture_output=True, text=True, check=True)
    loop = json.loads(answer.stdout.splitlines()[-1])

    start = time.perf_counter()
    ours = faces.embed(images)
    seconds = time.perf_counter() - start

    by_path = dict(zip(images.files["path"], ours["template"].to_list(), strict=True))
    found = {path for path, template in by_path.items() if template is not None}
    assert found == set(loop["templates"]), "the two don't find the same faces"
    gap = max(np.abs(np.subtract(by_path[path], loop["templates"][path])).max() for path in found)
    count = len(images.files)
    print(f"embedding {count} images ({len(found)} faces)")
    print(f"  loop over DeepFace.represent   {count / loop['seconds']:8.1f} images/s")
    print(f"  faces.embed, start to end      {count / seconds:8.1f} images/s")
    print(f"  ratio                          {loop['seconds'] / seconds:8.2f}")
    print(f"  largest difference of templates {gap:.1e}\n")
