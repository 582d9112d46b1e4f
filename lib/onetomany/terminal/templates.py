"""Draw a template for each sighting: the person's, plus noise that grows as quality falls.

Templates are synthetic (`faces.synthetic`), fitted to real ones; they belong to no real person. The
extra noise of a poor face is chosen, not fitted: `noise_factor`. `noise` scales all of it, and
`noise_for` finds the noise at which single images reach a wanted true match rate.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.errors import InputError
from onetomany.faces import synthetic
from onetomany.progress import ProgressBar

Templates = NDArray[np.float32]

PEOPLE, STREAM, SESSION = 11, 12, 1  # streams of the seed: who people are, how images stray
CHUNK = 100_000  # sightings at a time
MEASURED = 300  # people whose sightings decide a rate


def noise_factor(quality: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the factor on within-person noise: 1 at quality .5, doubled per half of quality lost.

    Thus 0.5 at quality 1 and 2 at quality 0. Chosen, not measured.
    """
    factor: NDArray[np.float32] = np.exp2(1 - 2 * quality).astype(np.float32)
    return factor


def sighting_templates(
    model: synthetic.TemplateModel, sightings: pl.DataFrame, seed: int, *, noise: float = 1.0
) -> Templates:
    """Return unit templates (sightings, d); row `template_id` belongs to that sighting.

    A template is its person's place plus within-person noise as `faces.synthetic.draw_images` draws
    it, times `noise` and `noise_factor` of the sighting's quality. The same `true_id` is the same
    person at the same seed, whatever the noise. Takes 4 d bytes a sighting. Raises InputError for a
    negative noise, or if `template_id` doesn't number all rows.
    """
    if noise < 0:
        raise InputError("The noise of templates must be 0 or more.")
    rows = sightings.sort("template_id").select("template_id", "true_id", "quality")
    if not np.array_equal(rows["template_id"].to_numpy(), np.arange(len(rows))):
        raise InputError(
            "template_id must number the sightings from 0: make templates before filtering them."
        )
    if rows.is_empty():
        return np.empty((0, model.dimension), np.float32)
    who = rows["true_id"].to_numpy()
    people = synthetic.draw_people(model, int(who.max()) + 1, seed, PEOPLE)
    scale = np.float32(noise) * noise_factor(rows["quality"].to_numpy())
    templates = np.empty((len(rows), model.dimension), np.float32)
    starts = range(0, len(rows), CHUNK)
    for start in ProgressBar(starts, desc="templates", unit="chunk", delay=2, leave=False):
        part = slice(start, start + CHUNK)
        own = who[part]
        rng = synthetic.generator(seed, STREAM + start, SESSION)
        stray = rng.random((len(own), model.dimension), np.float32)
        stray -= np.float32(0.5)
        stray *= np.float32(np.sqrt(12))
        stray *= people.variation[own]
        image = np.exp(model.image_spread * rng.standard_normal((len(own), 1), np.float32))
        stray *= image * scale[part, None]
        vectors = stray @ model.within
        vectors += people.places[own]
        vectors /= np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
        templates[part] = vectors
    return templates


def true_match_rate(templates: Templates, people: NDArray[np.int64], fmr: float) -> float:
    """Return the TMR of single comparisons at a false match rate, over all pairs of templates.

    `people` (n,) says who each row is. The threshold is the lowest at which at most the share `fmr`
    of pairs of two people match. Raises InputError if that allows fewer than ten pairs.
    """
    scores = templates @ templates.T
    one, two = np.triu_indices(len(people), k=1)
    mated = people[one] == people[two]
    values = scores[one, two]
    false, true = values[~mated], values[mated]
    due = int(fmr * len(false))
    if due < 10 or not len(true):
        raise InputError(
            f"FMR {fmr:g} can't be measured with {len(people):,} sightings: give more, of people "
            "who are seen twice."
        )
    cut = np.partition(false, len(false) - due - 1)[len(false) - due - 1]
    return float((true > cut).mean())


def _measured_sample(sightings: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return the sightings of at most MEASURED people, with rows and people renumbered.

    So the people measured differ from those of `sightings` at the same seed.
    """
    people = sightings["true_id"].unique().sort()
    some = people.sample(min(MEASURED, len(people)), seed=seed)
    return (
        sightings.filter(pl.col("true_id").is_in(some.implode()))
        .sort("template_id")
        .with_columns(
            template_id=pl.int_range(pl.len(), dtype=pl.Int64),
            true_id=pl.col("true_id").rank("dense").cast(pl.Int64) - 1,
        )
    )


def noise_for(
    model: synthetic.TemplateModel,
    sightings: pl.DataFrame,
    tmr: float = 0.98,
    fmr: float = 1e-4,
    *,
    seed: int,
    tolerance: float = 0.002,
) -> float:
    """Return the noise at which `sightings` reach a single-image TMR at an FMR, by bisection.

    Measured on the sightings of at most MEASURED people, all pairs of them; use a run reserved for
    calibration. Raises InputError for rates outside 0 to 1, and for a TMR that the model can't
    reach even with almost no noise, since some people look alike.
    """
    if not (0 < tmr < 1 and 0 < fmr < 1):
        raise InputError("noise_for needs a TMR and an FMR between 0 and 1.")
    sample = _measured_sample(sightings, seed)
    who = sample["true_id"].to_numpy()

    def reached(noise: float) -> float:
        templates = sighting_templates(model, sample, seed, noise=noise)
        return true_match_rate(templates, who, fmr)

    low, high = 0.02, 8.0
    best, worst = reached(low), reached(high)
    if not worst <= tmr <= best:
        raise InputError(
            f"A TMR of {tmr:g} at FMR {fmr:g} can't be reached: with noise {low:g} these sightings "
            f"have {best:.3f}, with noise {high:g} {worst:.3f}."
        )
    while high / low > 1.001:
        middle = float(np.sqrt(low * high))
        found = reached(middle)
        if abs(found - tmr) <= tolerance:
            return middle
        low, high = (middle, high) if found > tmr else (low, middle)
    return float(np.sqrt(low * high))
