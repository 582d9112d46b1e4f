"""What fitting to few people leaves open: error rates at any size, of any template model, quickly.

Each probe has a chance that a random person matches it; so many independent people then give
FPIR(N) = mean over probes of 1 - (1 - p)^people. Probes differ as they do, and no gallery is made.
The chances are rare events: people are drawn but for one number, their place on the line towards
the probe, over which the chance is exact (conditional Monte Carlo: Asmussen and Glynn, 'Stochastic
Simulation', Springer 2007, section V.4). So a model can be fitted again and again, to other people,
and its curve drawn each time.

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
from scipy.special import ndtr
from tqdm import tqdm

from ..errors import InputError
from ..faces import synthetic

Floats = NDArray[np.float64]

GRID = 24  # scores at which chances are calculated; between them their logarithm is straight
HIGHEST = 0.1  # the FMR at the lowest of these scores
FARTHEST = 7.0  # standard deviations from the mean score to the highest: an FMR of about 1e-12
LEAST = 1e-300  # a chance of nothing, whose logarithm is still a number
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
    people: int = 600,
    seed: int = 0,
) -> Chances:
    """Return the chances of a false match for so many random probes, each of random people (see above)."""
    own = synthetic.draw_people(model, probes, seed, STREAM)
    shown = synthetic.draw_images(model, own, 1, seed, STREAM, session=2).astype(np.float64)
    enrolled = synthetic.draw_images(model, own, images, seed, STREAM).astype(np.float64)
    mates = np.einsum("pid,pd->pi", enrolled.reshape(probes, images, -1), shown).max(axis=1)
    others = synthetic.draw_people(model, people, seed, STREAM + 1)
    rng = synthetic.generator(seed, STREAM + 1, 1)
    raw = synthetic.stray(model, others, images, rng).astype(np.float64)
    along = _Along(model, shown, others.places.astype(np.float64), raw)
    middle, spread = float(along.scores.mean()), float(along.scores.std())
    low = float(np.quantile(along.scores, 1 - HIGHEST))
    scores = np.linspace(low, min(middle + FARTHEST * spread, 0.999), GRID)
    found = np.array([along.log_chances(score) for score in scores])
    return Chances(scores, found[:, 0], found[:, 1], mates, images)


class _Along:
    """Random people, each free to move along the line that brings them nearest to a probe.

    Where somebody stands on that line is a standard normal number; all else about them is drawn.
    """

    def __init__(
        self, model: synthetic.TemplateModel, probes: Floats, places: Floats, raw: Floats
    ) -> None:
        factor, mean = model.between.astype(np.float64), model.mean.astype(np.float64)
        towards = probes @ factor.T
        self.step = np.linalg.norm(towards, axis=1)  # of the inner product, for one unit moved
        line = towards @ factor / self.step[:, None]
        self.bent = np.einsum("pd,pd->p", line, line)
        images = len(raw) // len(places)
        at = np.repeat((places - mean) @ probes.T / self.step, images, axis=0)
        inner, moved = raw @ probes.T, raw @ line.T
        squared = np.einsum("id,id->i", raw, raw)[:, None]
        self.scores = inner / np.sqrt(squared)
        # the same, for everybody at the middle of the line: (people x images, probes)
        self.inner, self.moved = inner - at * self.step, moved - at * self.bent
        self.squared = squared - 2 * at * moved + at**2 * self.bent
        self.images = images

    def log_chances(self, score: float) -> Floats:
        """Return log chances that one image, and that the best of all, reaches it: (2, probes).

        Where inner + step x >= score sqrt(squared + 2 moved x + bent x²), a quadratic in x.
        """
        lead = self.step**2 - score**2 * self.bent
        half = self.inner * self.step - score**2 * self.moved
        rest = self.inner**2 - score**2 * self.squared
        root = np.sqrt(np.maximum(half**2 - lead * rest, 0))
        reached = half**2 >= lead * rest
        with np.errstate(divide="ignore", invalid="ignore"):
            start = (root - half) / lead  # the upper root, or where lead < 0 the lower
            end = np.where(lead > 0, np.inf, (-half - root) / lead)
        reached &= self.inner + start * self.step >= 0
        start, end = np.where(reached, start, np.inf), np.where(reached, end, np.inf)
        one = (ndtr(-start) - ndtr(-end)).mean(axis=0)
        shape = (-1, self.images, start.shape[1])
        first = start.reshape(shape).min(axis=1)
        last = np.where(reached, end, -np.inf).reshape(shape).max(axis=1)
        several = np.maximum(ndtr(-first) - ndtr(-np.maximum(last, first)), 0).mean(axis=0)
        return np.log(np.maximum([one, several], LEAST))


def threshold_at(found: Chances, fmr: float) -> float:
    """Return the score at which one image of a random person matches a random probe that often.

    Raises InputError for a rate outside the scores calculated.
    """
    rates = _log_mean(found.one)
    if not rates[-1] <= np.log(fmr) <= rates[0]:
        raise InputError(
            f"FMR {fmr:g} lies outside what was calculated ({np.exp(rates[-1]):.1g} to "
            f"{np.exp(rates[0]):.1g}): choose a rate between them."
        )
    return float(np.interp(-np.log(fmr), -rates, found.scores))


def alarms(found: Chances, records: float, scores: Sequence[float] | Floats) -> Floats:
    """Return FPIR at each score, of people not enrolled, in a gallery of so many records."""
    return np.asarray(-np.expm1(-_expected(found, records, scores)).mean(axis=1))


def misses(found: Chances, records: float, score: float) -> float:
    """Return FNIR at rank 1: the share of enrolled probes below the score or behind a stranger."""
    ahead = np.diagonal(_expected(found, records, found.mates))
    return float(1 - (np.exp(-ahead) * (found.mates >= score)).mean())


def threshold_at_fpir(found: Chances, records: float, target: float) -> float:
    """Return the score at which a share `target` of the people not enrolled raise an alarm."""
    rates = np.log(np.maximum(alarms(found, records, found.scores), LEAST))
    return float(np.interp(-np.log(target), -rates, found.scores))


def _expected(found: Chances, records: float, scores: Sequence[float] | Floats) -> Floats:
    """Return how often a match is due for each probe: (scores, probes)."""
    at = np.asarray(scores, dtype=np.float64)
    place = np.clip(np.searchsorted(found.scores, at) - 1, 0, len(found.scores) - 2)
    start, end = found.scores[place], found.scores[place + 1]
    share = ((at - start) / (end - start))[:, None]
    log = (1 - share) * found.several[place] + share * found.several[place + 1]
    log = np.minimum(log, -1e-12)  # a certain match would be due for ever
    return np.asarray(records / found.images * -np.log1p(-np.exp(log)))


def _log_mean(logs: Floats) -> Floats:
    """Return the logarithm of the mean over probes."""
    top = logs.max(axis=1)
    return np.asarray(top + np.log(np.exp(logs - top[:, None]).mean(axis=1)))
