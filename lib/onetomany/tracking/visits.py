"""Simulate templates whose noise is shared within one visit.

Light, pose and expression last for a while, so a person's images of one visit have noise in common.
Here a visit is a run of sightings of one person, each within GAP seconds of the one before.
Averaging then removes less noise than with independent images.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.errors import InputError
from onetomany.faces import synthetic
from onetomany.terminal.templates import PEOPLE, SESSION, STREAM, noise_factor, sighting_templates
from .likelihood import Rows, Vectors

GAP = 300.0  # s between sightings of one visit, at most; chosen
VISITS = 13  # stream of the seed: noise of visits


def visit_numbers(sightings: pl.DataFrame) -> Rows:
    """Return the number of each row's visit, (n,), by `true_id`, `t_start` and `t_end`.

    >>> seen = pl.DataFrame({"true_id": [4, 4, 4], "t_start": [0.0, 30.0, 900.0],
    ...                      "t_end": [9.0, 35.0, 910.0]})
    >>> visit_numbers(seen).tolist()
    [0, 0, 1]
    """
    rows = sightings.with_row_index("row").sort("true_id", "t_start", "t_end")
    apart = pl.col("t_start") - pl.col("t_end").shift() > GAP
    other = pl.col("true_id") != pl.col("true_id").shift()
    rows = rows.with_columns(visit=(apart | other).fill_null(value=False).cum_sum())
    return np.asarray(rows.sort("row")["visit"].cast(pl.Int64).to_numpy())


def visit_templates(
    model: synthetic.TemplateModel,
    sightings: pl.DataFrame,
    seed: int,
    *,
    noise: float = 1.0,
    share: float = 0.5,
) -> Vectors:
    """Return simulated templates, (sightings, d), whose noise is shared within a visit.

    `share` of the variance of the noise is the visit's, the rest each sighting's own; a single
    image has the same noise as with `terminal.sighting_templates`, which is this with a share of 0.
    Raises InputError as that does, and for a share outside 0 to 1.
    """
    if not 0 <= share <= 1:
        raise InputError(f"The share of the noise is {share:g}: give 0 to 1.")
    alone = sighting_templates(model, sightings, seed, noise=noise)
    if share == 0 or sightings.is_empty():
        return alone
    rows = sightings.sort("template_id")
    who, visit = rows["true_id"].to_numpy(), visit_numbers(rows)
    people = synthetic.draw_people(model, int(who.max()) + 1, seed, PEOPLE)
    own = _even(synthetic.generator(seed, STREAM, SESSION), (len(rows), model.dimension))
    common = _even(
        synthetic.generator(seed, VISITS, SESSION), (int(visit.max()) + 1, model.dimension)
    )
    stray = np.float32(np.sqrt(1 - share)) * own + np.float32(np.sqrt(share)) * common[visit]
    widely = np.exp(
        model.image_spread
        * synthetic.generator(seed, VISITS, SESSION + 1).standard_normal((len(rows), 1), np.float32)
    )
    scale = np.float32(noise) * noise_factor(rows["quality"].to_numpy())[:, None]
    vectors = (stray * people.variation[who] * widely * scale) @ model.within + people.places[who]
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit.astype(np.float32)


def _even(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Draw uniform values of variance 1, as in `synthetic.draw_images`."""
    return (rng.random(shape, np.float32) - np.float32(0.5)) * np.float32(np.sqrt(12))
