"""Candidate search over the same real gallery: Gallery.search against DeepFace.find.

DeepFace.find embeds its probe itself, so its embedding is timed apart in the same run and taken
off; its datastore is built beforehand and not refreshed. Both return the ten best of all.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
import time
from pathlib import Path
from statistics import median

from onetomany import faces, sources
from onetomany.faces import embedding, gate
from onetomany.gallery import gallery_of

PROBES = 40


def run(folder: Path) -> None:
    import cv2

    images = sources.open_images("orl")
    templates = faces.usable(faces.embed(images))
    gate.load_model("Dlib")
    deepface = gate.open_deepface()
    files = images.files.filter(images.files["image_id"].is_in(templates["template_id"].to_list()))
    with tempfile.TemporaryDirectory(dir=folder) as crops:
        for name, path, digest in files.select("image_id", "path", "sha256").iter_rows():
            face = embedding.largest_face(path, digest, faces.Settings(), images.datasheet.enlarge)
            assert not isinstance(face, str), face
            target = Path(crops) / f"{name.replace('/', '-')}.png"
            cv2.imwrite(str(target), face.pixels)
        probes = sorted(map(str, Path(crops).glob("*.png")))[:: len(files) // PROBES][:PROBES]
        how = {"model_name": "Dlib", "detector_backend": "skip"}
        find = {
            **how,
            "db_path": crops,
            "k": 10,
            "threshold": 2.0,
            "silent": True,
            "refresh_database": False,
            "return_type": "dict",
        }
        with contextlib.redirect_stderr(io.StringIO()):
            deepface.find(probes[0], **{**find, "refresh_database": True})  # builds the datastore

        whole = [_seconds(lambda p=p: deepface.find(p, **find)) for p in probes]
        alone = [_seconds(lambda p=p: deepface.represent(p, **how)) for p in probes]
    theirs = median(whole) - median(alone)

    gallery = gallery_of(templates, images.datasheet)
    wanted = templates[:: len(templates) // PROBES][:PROBES].iter_slices(1)
    single = [_seconds(lambda p=p: gallery.search(p, k=10)) for p in wanted]
    batch = min(_seconds(lambda: gallery.search(templates, k=10)) for _ in range(5))
    print(f"candidate search, ten best of {len(gallery)} enrolled")
    print(f"  DeepFace.find, less its embedding  {theirs * 1e3:8.3f} ms a probe")
    print(f"  Gallery.search, one probe          {median(single) * 1e3:8.3f} ms a probe")
    print(f"  Gallery.search, all at once        {batch / len(templates) * 1e3:8.3f} ms a probe")
    print(f"  ratio, one probe                   {theirs / median(single):8.1f}")
    print(f"  ratio, all at once                 {theirs / (batch / len(templates)):8.1f}")


def _seconds(work: object) -> float:
    start = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - start
