"""What fitting to few people leaves open: error rates at any size, of any template model, quickly.

A gallery of synthetic people asks each probe for the chance that one of them matches it; so many
independent people then give FPIR(N) = mean over probes of 1 - (1 - p)^people, people differ as they
do, and no gallery needs to be made. The chances are rare events: they are found by importance
sampling, the places of people being moved towards the probe and weighted back (Siegmund, Annals of
Statistics 4:673, 1976). So a model can be fitted again and again to other people and its curve
drawn each time.

`refits` fits to random halves of the people. Half-sampling without replacement has the spread that
another sample of the whole size would have (McCarthy, Review of the ISI 37:239, 1969; Shao and Wu,
Annals of Statistics 17:1176, 1989). Drawing people with replacement would not do: copies of a
person leave fewer directions, and the fitted spectrum would be that of the sample, not of people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tqdm import tqdm

from ..errors import InputError
from ..faces import synthetic

Floats = NDArray[np.float64]

GRID = 24  # scores at which chances are calculated; between them their logarithm is straight
LEVELS = (0.1, 1e-12)  # the FMR at the lowest and, about, at the highest of these scores
STREAM = (1 << 30) + 2  # of people here; galleries have the streams below, `growth` uses the two


@dataclass(frozen=True)
class Chances:
    """How likely a person is to match a probe at each score.

    `scores` (grid,) rise. `one` and `several` (grid, probes) are the logarithms of the chance that
    an image of a random person, and that the best of `images` of one, scores as high with the
    probe. `mates` (probes,) is the best of `images` of the probe's own person.
    """

    scores: Floats
    one: Floats
    several: Floats
    mates: Floats
    images: int


def chances(
    model: synthetic.TemplateModel,
    images: int = 3,
    *,
    probes: int = 512,
    people: int = 2_000,
    seed: int = 0,
) -> Chances:
    """Return the chances of a false match for so many random probes, by importance sampling."""
    own = synthetic.draw_people(model, probes, seed, STREAM)
    shown = synthetic.draw_images(model, own, 1, seed, STREAM, session=2).astype(np.float64)
    enrolled = synthetic.draw_images(model, own, images, seed, STREAM).astype(np.float64)
    mates = np.einsum("pid,pd->pi", enrolled.reshape(probes, images, -1), shown).max(axis=1)
    others = synthetic.draw_people(model, people, seed, STREAM + 1)
    rng = synthetic.generator(seed, STREAM + 1, 1)
    raw = synthetic.stray(model, others, images, rng).astype(np.float64)
    tilt = _Tilt(model, shown, others.places.astype(np.float64), raw, images)
    scores = np.linspace(*tilt.range(), GRID)
    found = np.array([tilt.log_chances(score) for score in scores])
    return Chances(scores, found[:, 0], found[:, 1], mates, images)


class _Tilt:
    """Random people moved towards each probe, by as much as it takes to reach a score."""

    def __init__(
        self,
        model: synthetic.TemplateModel,
        probes: Floats,
        places: Floats,
        raw: Floats,
        images: int,
    ) -> None:
        factor, self.images = model.between.astype(np.float64), images
        mean = model.mean.astype(np.float64)
        step = probes @ factor.T @ factor  # (probes, d): where one unit of tilt moves a place
        self.variance = np.einsum("pd,pd->p", probes, step)  # of the inner product with the probe
        self.away = (places - mean) @ probes.T  # (people, probes)
        self.inner, self.moved = raw @ probes.T, raw @ step.T  # (people x images, probes)
        self.squared = np.einsum("id,id->i", raw, raw)[:, None]
        self.steps = np.einsum("pd,pd->p", step, step)
        self.mean, self.cross = probes @ mean, step @ mean

    def range(self) -> tuple[float, float]:
        """Return scores between which everything of interest happens."""
        plain = self.inner / np.sqrt(self.squared)
        low, middle = np.quantile(plain, [1 - LEVELS[0], 0.5])
        # a normal tail is the lighter one: what goes further is cut off at a score of one
        reach = -_normal_quantile(LEVELS[1]) / -_normal_quantile(LEVELS[0])
        return float(low), float(min(middle + 1.3 * reach * (low - middle), 0.999))

    def log_chances(self, score: float) -> Floats:
        """Return log chances that one image, and that the best of all, reaches it: (2, probes)."""
        amount = self._amount(score)
        inner = self.inner + amount * self.variance
        length = self.squared + 2 * amount * self.moved + amount**2 * self.steps
        reached = inner >= score * np.sqrt(length)
        weight = np.exp(-amount * self.away - amount**2 * self.variance / 2)
        by_person = reached.reshape(-1, self.images, reached.shape[1])
        found = [(weight * each).mean(axis=0) for each in (by_person.mean(1), by_person.any(1))]
        with np.errstate(divide="ignore"):
            return np.log(np.array(found))

    def _amount(self, score: float) -> Floats:
        """Return the tilt at which the average person has about that score, by bisection."""
        low, high = np.zeros(len(self.mean)), np.full(len(self.mean), 1e4)
        square = self.squared.mean()
        for _ in range(60):
            middle = (low + high) / 2
            length = np.sqrt(square + 2 * middle * self.cross + middle**2 * self.steps)
            short = self.mean + middle * self.variance < score * length
            low, high = np.where(short, middle, low), np.where(short, high, middle)
        return np.asarray(low)


def _normal_quantile(level: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(level)
