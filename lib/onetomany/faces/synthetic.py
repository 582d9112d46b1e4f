"""Synthetic templates, for sizes of which no consented set exists. They are nobody's.

The two-covariance model of speaker and face verification (Brümmer and de Villiers, 'The speaker
partitioning problem', Odyssey 2010; Prince and Elder, 'Probabilistic linear discriminant analysis
for inferences about identity', ICCV 2007): a template is the mean of all, plus where a person
stands, plus how one image of that person strays. Spreads are added, since people differ in how far
and in which directions their images stray. Everything is estimated by moments from real templates,
nothing is tuned on the scores, so that the scores can tell how good the model is
(`accuracy.realism`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import InputError

Vectors = NDArray[np.float32]

SET = "simulated"  # the `image_set` of every synthetic template


@dataclass(frozen=True)
class TemplateModel:
    """How templates of one model spread; see `fit`.

    `mean` (d,); `between` and `within` (d, d) factors: a row of standard normals times one has
    the covariance between people, or between images of one person. The spreads are the standard
    deviations of the logarithm of factors on the within part: by person and direction, by person,
    and by image.
    """

    mean: Vectors
    between: Vectors
    within: Vectors
    direction_spread: float
    person_spread: float
    image_spread: float
    model: str
    fitted_to: str
    subjects: int
    images: int

    @property
    def dimension(self) -> int:
        return len(self.mean)


@dataclass(frozen=True)
class People:
    """Where synthetic people stand, and how much their images vary in each direction.

    Both (people, d).
    """

    places: Vectors
    variation: Vectors

    def first(self, people: int) -> People:
        """The first so many of them."""
        return People(self.places[:people], self.variation[:people])


def fit(templates: pl.DataFrame) -> TemplateModel:
    """Estimate the model from usable templates (as `faces.usable` returns) of one model and set.

    The covariances are the moment estimates of a one-way layout. Forty people leave a covariance
    of rank 39 whose spectrum is too uneven (large eigenvalues too large); both are therefore
    mixed with a multiple of the identity so far that the sum of squared eigenvalues, which
    decides how widely scores spread, is the unbiased one (Ledoit and Wolf, JMVA 88:2, 2004).

    Raises InputError for mixed models or sets, or fewer than ten people with two images.
    """
    if templates["model"].n_unique() != 1 or templates["image_set"].n_unique() != 1:
        raise InputError("A template model is fitted to templates of one model and one set.")
    several = templates.filter(pl.len().over("subject_id") > 1)
    if several["subject_id"].n_unique() < 10:
        raise InputError(
            f"{several['subject_id'].n_unique()} people have two or more images: at least 10 are "
            "needed to tell people's differences from images'."
        )
    vectors = several["template"].to_numpy().astype(np.float64)
    who = several["subject_id"].rank("dense").to_numpy().astype(np.int64) - 1
    counts = np.bincount(who)
    people, images = len(counts), len(who)
    centres = np.zeros((people, vectors.shape[1]))
    np.add.at(centres, who, vectors)
    centres /= counts[:, None]
    residuals = vectors - centres[who]
    freedom = images - people
    within = residuals.T @ residuals / freedom
    apart = centres - centres.mean(axis=0)
    # a centre of n images still holds 1/n of the within part
    between = apart.T @ apart / (people - 1) - within * (1 / counts).mean()
    direction, person, image = _spreads(residuals, who, within)
    return TemplateModel(
        mean=vectors.mean(axis=0).astype(np.float32),
        between=_factor(_shrunk(between, people - 1)),
        within=_factor(_shrunk(within, freedom))
        * np.float32(np.exp(-(direction**2 + person**2 + image**2))),
        direction_spread=direction,
        person_spread=person,
        image_spread=image,
        model=several["model"][0],
        fitted_to=several["image_set"][0],
        subjects=people,
        images=images,
    )


def draw_people(model: TemplateModel, people: int, seed: int, stream: int = 0) -> People:
    """So many new people. The same seed and stream give the same people, wherever made."""
    rng = generator(seed, stream, 0)
    shape = (people, model.dimension)
    places = rng.standard_normal(shape, np.float32) @ model.between + model.mean
    variation = model.direction_spread * rng.standard_normal(shape, np.float32)
    variation += model.person_spread * rng.standard_normal((people, 1), np.float32)
    return People(places, np.exp(variation, out=variation))


def draw_images(
    model: TemplateModel,
    people: People,
    images: int,
    seed: int,
    stream: int = 0,
    *,
    session: int = 1,
) -> Vectors:
    """Unit templates (people x images, d), person by person; another session, other images.

    Images stray evenly within bounds, not normally: a head turns and lights change only so far,
    and real mated scores have no long lower tail.
    """
    rng = generator(seed, stream, session)
    count = len(people.places) * images
    vectors = np.repeat(people.places, images, axis=0)
    noise = rng.random(vectors.shape, np.float32)
    noise -= np.float32(0.5)
    noise *= np.float32(np.sqrt(12))
    noise *= np.repeat(people.variation, images, axis=0)
    noise *= np.exp(model.image_spread * rng.standard_normal((count, 1), np.float32))
    vectors += noise @ model.within
    vectors /= np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return vectors


def as_frame(vectors: Vectors, images: int, model: TemplateModel, first: int = 0) -> pl.DataFrame:
    """Synthetic templates as `faces.embed` returns templates; people are numbered from `first`."""
    person = np.arange(len(vectors)) // images + first
    image = np.arange(len(vectors)) % images + 1
    return pl.DataFrame(
        {
            "subject_id": pl.Series(person).cast(pl.String),
            "image": pl.Series(image).cast(pl.String),
            "template": pl.Series(vectors, dtype=pl.Array(pl.Float32, model.dimension)),
        }
    ).select(
        template_id=pl.format("x{}/{}", "subject_id", "image"),
        subject_id=pl.format("x{}", "subject_id"),
        image_set=pl.lit(SET),
        model=pl.lit(model.model),
        template="template",
    )


def generator(seed: int, stream: int, session: int) -> np.random.Generator:
    """Random numbers of one stream and session; no two of them overlap."""
    # SFC64 is numpy's fastest; a spawn key makes streams independent whatever their order
    sequence = np.random.SeedSequence(seed, spawn_key=(stream, session))
    return np.random.Generator(np.random.SFC64(sequence))


def _squared_spectrum(covariance: NDArray[np.float64], freedom: int) -> float:
    """The unbiased estimate of the sum of squared eigenvalues from a sample covariance.

    Bai and Saranadasa, 'Effect of high dimension', Statistica Sinica 6 (1996). Never below that
    of a flat spectrum.
    """
    trace, square = float(np.trace(covariance)), float((covariance**2).sum())
    scale = freedom**2 / ((freedom - 1) * (freedom + 2))
    return max(scale * (square - trace**2 / freedom), trace**2 / len(covariance))


def _shrunk(covariance: NDArray[np.float64], freedom: int) -> NDArray[np.float64]:
    """Mixed with the identity until the squared eigenvalues add up to their unbiased estimate."""
    size = len(covariance)
    trace, square = float(np.trace(covariance)), float((covariance**2).sum())
    flat = trace**2 / size
    wanted = _squared_spectrum(covariance, freedom)
    keep = min(np.sqrt((wanted - flat) / (square - flat)), 1.0) if square > flat else 0.0
    return keep * covariance + (1 - keep) * trace / size * np.eye(size)


def _factor(covariance: NDArray[np.float64]) -> Vectors:
    """A factor F with F.T @ F = covariance; what is below zero by estimation error is zero."""
    values, axes = np.linalg.eigh(covariance)
    return np.ascontiguousarray((axes * np.sqrt(np.clip(values, 0, None))).T.astype(np.float32))


def _spreads(
    residuals: NDArray[np.float64], who: NDArray[np.int64], within: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Log spreads by direction, person and image, from how images stray from their person.

    A lognormal factor of log spread t on a length gives its square a relative variance of
    exp(4 t²) - 1; each spread is what is left of a relative variance after what normal noise
    explains.
    """
    people = int(who.max()) + 1
    traces, squares, inside = np.empty(people), np.empty(people), np.empty(people)
    for person in range(people):
        own = residuals[who == person]
        freedom = len(own) - 1
        covariance = own.T @ own / freedom
        traces[person] = np.trace(covariance)
        squares[person] = _squared_spectrum(covariance, freedom) if freedom > 1 else np.nan
        lengths = (own**2).sum(axis=1) * len(own) / freedom
        inside[person] = lengths.var(ddof=1) / traces[person] ** 2
    pooled = _squared_spectrum(within, len(residuals) - people) / np.trace(within) ** 2
    own_spectrum = float(np.nanmean(squares / traces**2))
    image = float(inside.mean()) - 2 * own_spectrum
    each = len(residuals) / people
    steady = float(traces.var(ddof=1) / traces.mean() ** 2) - 2 * own_spectrum / (each - 1)
    direction = own_spectrum / pooled - 1
    spreads = [np.sqrt(np.log1p(max(part, 0.0))) / 2 for part in (direction, steady, image)]
    return float(spreads[0]), float(spreads[1]), float(spreads[2])
