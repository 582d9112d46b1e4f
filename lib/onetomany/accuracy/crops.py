"""Compare one network on two crops of the same pictures."""

import polars as pl

from onetomany.errors import InputError
from onetomany.faces import CROPS, Settings, embed, usable
from onetomany.sources import ImageSet
from .verification import compare_all, summary

FINEST = 1e-3  # the FMR to compare at, where the set can resolve it


def tmr_by_crop(images: ImageSet, model: str) -> pl.DataFrame:
    """Return a model's TMR under each crop, on the pictures whose face both crops found.

    Columns: `crop` (as in `faces.CROPS`), `fmr` (0.001, or one false match in all if there are
    fewer than 1,000 comparisons of different people), `pictures`, `people`, then `value`, `low`,
    `high` and `method` of TMR at that FMR, as `summary` gives them.

    Raises InputError if fewer than two people are left to compare.
    """
    made = {crop: usable(embed(images, Settings(model, crop))) for crop in CROPS}
    shared = set.intersection(*(set(frame["template_id"]) for frame in made.values()))
    rows = []
    for crop, frame in made.items():
        kept = frame.filter(pl.col("template_id").is_in(shared))
        if kept["subject_id"].n_unique() < 2:
            raise InputError(
                f"Two crops of {model} can't be compared: both found a face of fewer than two "
                "people."
            )
        comparisons = compare_all(kept)
        fmr = max(FINEST, 1 / int((~comparisons["mated"]).sum()))
        rows.append(
            summary(comparisons, [fmr])
            .tail(1)
            .select(
                pl.lit(crop).alias("crop"),
                pl.lit(fmr).alias("fmr"),
                pl.lit(len(kept)).alias("pictures"),
                pl.lit(kept["subject_id"].n_unique()).alias("people"),
                "value",
                "low",
                "high",
                "method",
            )
        )
    return pl.concat(rows)
