"""How the ORL images are prepared: the twelve settings tried, on the images that are reported.

`python -m benchmarks.preparation` prints the table of docs/orl-preparation.md. Choosing a setting
by the results on the very images one then reports flatters the result; the table shows by how
much it could.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import cv2
import polars as pl

from onetomany import accuracy, sources
from onetomany.faces import Settings, schema
from onetomany.faces.embedding import start_worker
from onetomany.faces.gate import open_deepface


@dataclass(frozen=True)
class Preparation:
    """Pixels of replicated border, then enlargement, then percent added around a found face."""

    enlarge: float
    border: int = 0
    interpolation: str = "CUBIC"
    expand: int = 0


TRIED = [
    Preparation(3, 23), Preparation(2, 23), Preparation(1.5, 23), Preparation(1, 23),
    Preparation(3), Preparation(2), Preparation(2, 12), Preparation(2, 32),
    Preparation(2, 23, "LINEAR"), Preparation(2, 23, "LANCZOS4"),
    Preparation(2, 23, expand=5), Preparation(2, 23, expand=10),
]  # fmt: skip
CHOSEN = Preparation(2)


def template(path: str, how: Preparation) -> list[float] | None:
    image = cv2.imread(path)
    image = cv2.copyMakeBorder(image, *[how.border] * 4, cv2.BORDER_REPLICATE)
    interpolation = getattr(cv2, f"INTER_{how.interpolation}")
    image = cv2.resize(image, None, fx=how.enlarge, fy=how.enlarge, interpolation=interpolation)
    try:
        found = open_deepface().represent(
            image,
            model_name="Dlib",
            detector_backend="dlib",
            expand_percentage=how.expand,
            l2_normalize=True,
        )
    except ValueError:  # no face found
        return None
    area = [face["facial_area"]["w"] * face["facial_area"]["h"] for face in found]
    return list(found[area.index(max(area))]["embedding"])


def measure(images: sources.ImageSet, answers: Iterable[list[float] | None]) -> str:
    frame = images.files.select(
        template_id="image_id",
        subject_id="subject_id",
        image_set=pl.lit("orl"),
        model=pl.lit("Dlib"),
        template=pl.Series(list(answers), dtype=schema(Settings())["template"]),
    ).drop_nulls("template")
    figures = accuracy.summary(accuracy.compare_all(frame), [1e-3], replicates=2)["value"]
    rank_1 = accuracy.cmc(accuracy.leave_one_out(frame), 1, replicates=2)["identified"][0]
    auc, _, tmr = figures
    return f"{len(frame)} | {rank_1:.4f} | {auc:.5f} | {tmr:.4f}"


def main() -> None:
    images = sources.open_images("orl")
    paths = images.files["path"].to_list()
    print("| enlarged | border, px | interpolation | face expanded | faces of 400 | rank-1 | AUC |"
          " TMR at FMR 0.1 % |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|")
    with ProcessPoolExecutor(
        mp_context=get_context("spawn"), initializer=start_worker, initargs=(Settings(),)
    ) as pool:
        for how in TRIED:
            answers = pool.map(template, paths, [how] * len(paths), chunksize=10)
            mark = " **(chosen)**" if how == CHOSEN else ""
            print(
                f"| {how.enlarge}x{mark} | {how.border} | {how.interpolation.lower()} | "
                f"{how.expand} % | {measure(images, answers)} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
