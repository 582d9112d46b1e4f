"""How the ORL images are prepared: the ten settings tried, on the images that are reported.

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
from onetomany.faces import MATCHERS, Settings, schema
from onetomany.faces.aligning import aligner
from onetomany.faces.embedding import represent, start_worker


@dataclass(frozen=True)
class Preparation:
    """Pixels of replicated border, then enlargement."""

    enlarge: float
    border: int = 0
    interpolation: str = "CUBIC"


TRIED = [
    Preparation(3, 23), Preparation(2, 23), Preparation(1.5, 23), Preparation(1, 23),
    Preparation(3), Preparation(2), Preparation(2, 12), Preparation(2, 32),
    Preparation(2, 23, "LINEAR"), Preparation(2, 23, "LANCZOS4"),
]  # fmt: skip
CHOSEN = Preparation(2)


def template(path: str, how: Preparation, settings: Settings) -> list[float] | None:
    image = cv2.imread(path)
    image = cv2.copyMakeBorder(image, *[how.border] * 4, cv2.BORDER_REPLICATE)
    interpolation = getattr(cv2, f"INTER_{how.interpolation}")
    image = cv2.resize(image, None, fx=how.enlarge, fy=how.enlarge, interpolation=interpolation)
    face = aligner(settings.model, settings.crop)(image)
    return None if face is None else represent([face.pixels], settings)[0]


def measure(
    images: sources.ImageSet, answers: Iterable[list[float] | None], settings: Settings
) -> str:
    frame = images.files.select(
        template_id="image_id",
        subject_id="subject_id",
        image_set=pl.lit("orl"),
        model=pl.lit(settings.model),
        template=pl.Series(list(answers), dtype=schema(settings)["template"]),
    ).drop_nulls("template")
    auc, _, tmr, finer = accuracy.summary(accuracy.compare_all(frame), [1e-3, 1e-4])["value"]
    rank_1 = accuracy.cmc(accuracy.leave_one_out(frame), 1)["identified"][0]
    return f"{len(frame)} | {rank_1:.4f} | {auc:.6f} | {tmr:.4f} | {finer:.4f}"


def main() -> None:
    images = sources.open_images("orl")
    paths = images.files["path"].to_list()
    print("| matcher | enlarged | border, px | interpolation | faces of 400 | rank-1 | AUC |"
          " TMR at FMR 0.1 % | at 0.01 % |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|")
    for settings in map(Settings, MATCHERS):
        with ProcessPoolExecutor(
            mp_context=get_context("spawn"), initializer=start_worker, initargs=(settings,)
        ) as pool:
            for how in TRIED:
                count = len(paths)
                made = pool.map(template, paths, [how] * count, [settings] * count, chunksize=10)
                mark = " **(chosen)**" if how == CHOSEN else ""
                print(
                    f"| {settings.model} | {how.enlarge}x{mark} | {how.border} | "
                    f"{how.interpolation.lower()} | {measure(images, made, settings)} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
