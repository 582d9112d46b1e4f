"""Draw synthetic templates of people who don't exist, for sizes without a consented set.

The model is the two-covariance model of speaker and face verification (Brümmer and de Villiers,
'The speaker partitioning problem', Odyssey 2010; Prince and Elder, 'Probabilistic linear
discriminant analysis for inferences about identity', ICCV 2007): a template is the mean of all,
plus a person's own offset, plus one image's deviation from it. People differ in how far and in
which directions their images deviate; the model has a spread for each. All of it is estimated by
moments from real templates and nothing is tuned on the scores, so that the scores can test the
model (`accuracy.realism`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.linalg import null_space
from scipy.optimize import brentq

from onetomany.errors import InputError
from .embedding import require_templates

Vectors = NDArray[np.float32]

SET = "simulated"  # the `image_set` of every synthetic template
STEEPEST = 200.0  # log of the largest over the smallest eigenvalue: one direction remains


@dataclass(frozen=True)
class TemplateModel:
    """How templates of one model spread; see `fit_template_model`.

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

    def digest(self) -> str:
        """Return a SHA-256 of everything that determines the templates drawn."""
        spreads = [self.direction_spread, self.person_spread, self.image_spread]
        parts = (self.mean, self.between, self.within, np.array(spreads))
        return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


@dataclass(frozen=True)
class People:
    """Synthetic people's mean templates, and how much their images vary in each direction.

    Both (people, d).
    """

    places: Vectors
    variation: Vectors

    def first(self, people: int) -> People:
        """Return the first `people` of them."""
        return People(self.places[:people], self.variation[:people])


def fit_template_model(templates: pl.DataFrame) -> TemplateModel:
    """Fit the model to usable templates (as `faces.usable` returns) of one matcher and one set.

    The covariances are the moment estimates of a one-way layout. From few people they are singular
    and their large eigenvalues too large. So they keep their directions and their trace, while the
    eigenvalues fall geometrically, as steeply as an unbiased estimate of the sum of their squares
    says: that sum decides how widely scores spread. Between people it is done across the mean;
    along it, where unit templates hardly vary, the variance is the one measured. The mean of few
    people is too long, by the variance of a mean; it is shortened by that much.

    People with two images show how much images vary, but not whether by direction, person or
    image: all of it then counts as the person's.

    Raises InputError for mixed matchers or sets, templates that contain NaN or infinite numbers,
    or fewer than ten people with two images.
    """
    several = _of_several_images(templates)
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
    mean = centres.mean(axis=0)
    variance = float(((centres - mean) ** 2).sum()) / (people - 1)
    shorter = np.sqrt(max(1 - variance / people / float(mean @ mean), 0.0))
    direction, person, image = _spreads(residuals, who, within)
    model = TemplateModel(
        mean=(mean * shorter).astype(np.float32),
        between=_between(centres, within, freedom, float((1 / counts).mean())),
        within=_factor(within, _squared_spectrum(within, freedom))
        * np.float32(np.exp(-(direction**2 + person**2 + image**2))),
        direction_spread=direction,
        person_spread=person,
        image_spread=image,
        model=several["model"][0],
        fitted_to=several["image_set"][0],
        subjects=people,
        images=images,
    )
    return _require_finite(model)


def _require_finite(model: TemplateModel) -> TemplateModel:
    """Return the model; raise InputError if it contains NaN or infinite numbers."""
    for name in ("mean", "between", "within", "direction_spread", "person_spread", "image_spread"):
        if not np.isfinite(getattr(model, name)).all():
            raise InputError(
                f"The template model's `{name}` contains NaN or infinite numbers: fit it to more "
                "people, or to templates that differ."
            )
    return model


def draw_people(model: TemplateModel, people: int, seed: int, stream: int = 0) -> People:
    """Draw n synthetic people from the fitted model; the same seed and stream, the same people."""
    _require_finite(model)
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
    """Draw unit templates (people x images, d), person by person.

    Another session gives other images. Images vary evenly within bounds, not normally: heads turn
    and lights change only so far, and real mated scores have no long lower tail.
    """
    vectors = draw_unscaled(model, people, images, generator(seed, stream, session))
    vectors /= np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return vectors


def draw_unscaled(
    model: TemplateModel, people: People, images: int, rng: np.random.Generator
) -> Vectors:
    """Draw images of each person, (people x images, d), before scaling to length one."""
    _require_finite(model)
    count = len(people.places) * images
    vectors = np.repeat(people.places, images, axis=0)
    noise = rng.random(vectors.shape, np.float32)
    noise -= np.float32(0.5)
    noise *= np.float32(np.sqrt(12))
    noise *= np.repeat(people.variation, images, axis=0)
    noise *= np.exp(model.image_spread * rng.standard_normal((count, 1), np.float32))
    vectors += noise @ model.within
    return vectors


def as_frame(vectors: Vectors, images: int, model: TemplateModel, first: int = 0) -> pl.DataFrame:
    """Return synthetic templates as a frame like `embed`'s; people are numbered from `first`."""
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
    """Return the random generator of one stream and session; no two overlap."""
    # SFC64 is numpy's fastest; a spawn key makes streams independent whatever their order
    sequence = np.random.SeedSequence(seed, spawn_key=(stream, session))
    return np.random.Generator(np.random.SFC64(sequence))


def _of_several_images(templates: pl.DataFrame) -> pl.DataFrame:
    """Return the templates of people with two images; raises as `fit_template_model`."""
    require_templates(templates)
    if templates["model"].n_unique() != 1 or templates["image_set"].n_unique() != 1:
        raise InputError("A template model is fitted to templates of one model and one set.")
    several = templates.filter(pl.len().over("subject_id") > 1)
    if several["subject_id"].n_unique() < 10:
        raise InputError(
            f"{several['subject_id'].n_unique()} people have two or more images: at least 10 are "
            "needed to separate people's differences from images'."
        )
    finite = np.isfinite(several["template"].to_numpy()).all(axis=1)
    if len(bad := np.flatnonzero(~finite)):
        raise InputError(
            f"Template '{several['template_id'][int(bad[0])]}' contains NaN or infinite numbers "
            f"({len(bad)} such): filter with faces.usable before fitting."
        )
    return several


def _squared_spectrum(covariance: NDArray[np.float64], freedom: int) -> float:
    """Return the unbiased estimate of the sum of squared eigenvalues from a sample covariance.

    Bai and Saranadasa, 'Effect of high dimension', Statistica Sinica 6 (1996). It is never below
    that of a flat spectrum.
    """
    trace, square = float(np.trace(covariance)), float((covariance**2).sum())
    scale = freedom**2 / ((freedom - 1) * (freedom + 2))
    return max(scale * (square - trace**2 / freedom), trace**2 / len(covariance))


def _between(
    centres: NDArray[np.float64], within: NDArray[np.float64], freedom: int, share: float
) -> Vectors:
    """Return the factor of the covariance between people, from their centres (people, d).

    A centre still contains a `share` (1 / images) of the within part, which is known with `freedom`
    degrees of freedom.
    """
    mean = centres.mean(axis=0)
    along = mean / np.linalg.norm(mean)
    across = null_space(along[None, :])
    apart = (centres - mean) @ across
    people = len(apart)
    spread = apart.T @ apart / (people - 1)
    noise = across.T @ within @ across
    # unbiased whatever the distribution: Himeno and Yamada, J. Multivariate Analysis 130 (2014)
    fourth = float(((apart**2).sum(axis=1) ** 2).sum()) / (people - 1)
    squared = (people - 1) * (people - 2) * float((spread**2).sum()) + np.trace(spread) ** 2
    squared = (squared - people * fourth) * (people - 1) / (people * (people - 2) * (people - 3))
    squared += share**2 * _squared_spectrum(noise, freedom) - 2 * share * float(
        (spread * noise).sum()
    )
    factor = _factor(spread - share * noise, squared) @ across.T
    radial = float(((centres - mean) @ along).var(ddof=1)) - share * float(along @ within @ along)
    return np.vstack([factor, np.sqrt(max(radial, 0.0)) * along]).astype(np.float32)


def _factor(covariance: NDArray[np.float64], squared: float) -> Vectors:
    """Return a factor F of the covariance (F.T @ F) with geometrically falling eigenvalues.

    Directions and trace are the sample's; the eigenvalues' squares add up to `squared`, or to as
    little as a flat spectrum has.
    """
    axes = np.linalg.eigh(covariance)[1][:, ::-1]
    trace, places = max(float(np.trace(covariance)), 0.0), np.linspace(0, 1, len(covariance))
    wanted = squared / trace**2 if trace else 0.0

    def values(steepness: float) -> NDArray[np.float64]:
        falling = np.exp(-steepness * places)
        return np.asarray(falling / falling.sum())

    def excess(steepness: float) -> float:
        return float((values(steepness) ** 2).sum()) - wanted

    if excess(STEEPEST) <= 0:
        steepness = STEEPEST
    else:
        steepness = float(brentq(excess, 0.0, STEEPEST)) if excess(0.0) < 0 else 0.0
    return np.ascontiguousarray((axes * np.sqrt(trace * values(steepness))).T.astype(np.float32))


def _spreads(
    residuals: NDArray[np.float64], who: NDArray[np.int64], within: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Return the log spreads by direction, person and image, from the images' residuals.

    A lognormal factor of log spread t on a length gives its square a relative variance of
    exp(4 t²) - 1. Each spread is the part of a relative variance that the noise of `draw_images`
    doesn't explain. Direction and image need people with three images.
    """
    people = int(who.max()) + 1
    traces, squares, noise = np.empty(people), np.full(people, np.nan), np.empty(people)
    inside = np.full((people, 2), np.nan)
    for person in range(people):
        own = residuals[who == person]
        freedom = len(own) - 1
        covariance = own.T @ own / freedom
        traces[person] = np.trace(covariance)
        noise[person], among = _noise(len(own))
        if freedom > 1 and traces[person] > 0:
            squares[person] = _squared_spectrum(covariance, freedom) / traces[person] ** 2
            lengths = (own**2).sum(axis=1) * len(own) / freedom
            inside[person] = lengths.var(ddof=1) / traces[person] ** 2, among
    if not traces.mean() > 0:
        raise InputError("Each person's images have the same template: use different images.")
    pooled = _squared_spectrum(within, len(residuals) - people) / np.trace(within) ** 2
    known = np.isfinite(squares)
    spectrum = float(squares[known].mean()) if known.any() else pooled
    steady = float(traces.var(ddof=1) / traces.mean() ** 2 - spectrum * noise.mean())
    image = float((inside[known, 0] - spectrum * inside[known, 1]).mean()) if known.any() else 0.0
    parts = (spectrum / pooled - 1, steady, image)
    direction, person_spread, image_spread = (np.sqrt(np.log1p(max(p, 0.0))) / 2 for p in parts)
    return float(direction), float(person_spread), float(image_spread)


def _noise(images: int) -> tuple[float, float]:
    """Return the variance of squared lengths that evenly distributed noise alone causes.

    It is given per squared spectrum: of the mean squared length of a person's images about their
    centre, and among these images.
    """
    n, kurtosis, own = images, -1.2, 1 - 1 / images
    each = 2 * own**2 + kurtosis * (own**4 + (n - 1) / n**4)
    two = 2 / n**2 + kurtosis * (2 * own**2 / n**2 + (n - 2) / n**4)
    return 2 / (n - 1) + kurtosis / n, (each - two) * (n / (n - 1)) ** 2
