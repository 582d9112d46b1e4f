"""How often FPIR intervals hold the true rate, counted on templates instead of made-up scores.

`python tests/interval_coverage.py` prints the figures of docs/validation.md;
tests/test_validation.py repeats small parts of it. `python -m benchmarks.coverage` counts every
other rate, on scores with known parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany import accuracy, faces, sources
from onetomany.faces import synthetic

Draw = Callable[[int, int, np.random.Generator], NDArray[np.floating]]
DIMENSIONS, WITHIN = 16, 0.62  # of a plain template; how far its images stray from its person


def trials_of_people(rate: float, people: int, studies: int, seed: int = 1) -> float:
    """Return the share of studies whose interval holds `rate`, with one trial a person."""
    rng = np.random.default_rng(seed)
    held = 0
    for _study in range(studies):
        errors = (rng.random(people) < rate).astype(float)
        found = accuracy.ratio_interval(errors, np.ones(people))
        held += found.low <= rate <= found.high
    return held / studies


def plain(people: int, images: int, rng: np.random.Generator) -> NDArray[np.floating]:
    """Draw unit templates, person by person; all people are alike in how far they stray."""
    vectors = np.repeat(rng.standard_normal((people, DIMENSIONS)), images, axis=0)
    vectors += WITHIN * rng.standard_normal(vectors.shape)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def fitted(model: synthetic.TemplateModel) -> Draw:
    """Return a draw of the kit's synthetic templates, whose people differ in how they stray."""

    def draw(people: int, images: int, rng: np.random.Generator) -> NDArray[np.floating]:
        seed = int(rng.integers(2**31))
        persons = synthetic.draw_people(model, people, seed)
        return synthetic.draw_images(model, persons, images, seed)

    return draw


def searches(
    people: int, images: int, rng: np.random.Generator, draw: Draw = plain, folds: int = 4
) -> pl.DataFrame:
    """Draw, deal and search one open set, as `accuracy.open_set` does."""
    who = np.repeat(np.arange(people), images)
    vectors = draw(people, images, rng)
    group = rng.permutation(people) % folds
    first = np.arange(len(who)) % images == 0
    frames = []
    for fold in range(folds):
        enrolled = first & (group[who] != fold)
        scores = (vectors[~enrolled] @ vectors[enrolled].T).astype(np.float64)
        own = who[~enrolled][:, None] == who[enrolled][None, :]
        mate, mated = np.where(own, scores, -np.inf).max(axis=1), own.any(axis=1)
        others = np.where(own, -np.inf, scores)
        best = np.argsort(-others, axis=1)[:, :2]  # one picture of each enrolled: two people
        top = np.take_along_axis(others, best, axis=1)
        frame = {
            "subject_id": who[~enrolled].astype(str),
            "mated": mated,
            "gallery_size": int(enrolled.sum()),
            "mate_rank": 1 + (scores > mate[:, None]).sum(axis=1),
            "mate_score": mate,
            "other_score": top[:, 0],
            "other_subject": who[enrolled][best[:, 0]].astype(str),
            "next_score": top[:, 1],
        }
        frames.append(pl.DataFrame(frame))
    return pl.concat(frames)


def open_sets(
    people: int,
    images: int,
    targets: tuple[float, ...],
    studies: int,
    *,
    draw: Draw = plain,
    before: int = 300,
    seed: int = 1,
) -> Iterator[tuple[float, float, float]]:
    """Yield for each target the true FPIR, and how often its interval holds it or lies below it.

    The threshold is set, and the truth counted, on `before` other open sets of as many people.
    """
    rng = np.random.default_rng(seed)
    earlier = pl.concat([searches(people, images, rng, draw) for _ in range(before)])
    others = earlier.filter(~pl.col("mated"))["other_score"].to_numpy()
    cuts = np.quantile(others, 1 - np.asarray(targets))
    found = [
        accuracy.open_set_rates(searches(people, images, rng, draw), cuts) for n in range(studies)
    ]
    for place, cut in enumerate(cuts):
        truth = float((others >= cut).mean())
        here = pl.concat([each[place] for each in found])
        held = here.filter(pl.col("fpir_low") <= truth, pl.col("fpir_high") >= truth).height
        below = here.filter(pl.col("fpir_high") < truth).height
        yield truth, held / studies, below / studies


def main() -> None:
    """Print the figures of docs/validation.md."""
    for rate in (0.01, 0.03, 0.1, 0.3):
        for people in (40, 102, 400):
            held = trials_of_people(rate, people, 1000)
            print(f"one trial a person, rate {rate:.0%}, {people} people: {held:.1%}")
    model = synthetic.fit_template_model(faces.usable(faces.embed(sources.open_images("orl"))))
    for name, draw in (("plain", plain), ("fitted", fitted(model))):
        for people, images in ((40, 10), (102, 2), (400, 2)):
            for truth, held, below in open_sets(people, images, (0.03, 0.1, 0.3), 500, draw=draw):
                print(
                    f"FPIR, {name} templates, {people} people, {images} images, true {truth:.3f}: "
                    f"{held:.1%}, too low {below:.1%}"
                )


if __name__ == "__main__":
    main()
