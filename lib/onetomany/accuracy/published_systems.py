"""Compare how FNIR at a fixed FPIR grows with the gallery: measured systems and our model."""

import numpy as np
import polars as pl

from onetomany.errors import InputError
from .refit import widened

SMALL, LARGE = 1_600_000, 12_000_000  # gallery sizes of which NIST publishes both
EXPONENTS = {
    "algorithm": pl.String,
    "developer": pl.String,
    "submitted": pl.Date,
    "small": pl.Float64,  # FNIR at the smaller gallery
    "large": pl.Float64,
    "exponent": pl.Float64,  # FNIR grows as N to this power between the two sizes
}


def growth_exponents(
    systems: pl.DataFrame,
    fpir: float | None = 0.003,
    *,
    image_set: str = "Mugshot",
    sizes: tuple[int, int] = (SMALL, LARGE),
) -> pl.DataFrame:
    """Return how fast each measured system's FNIR grows between two gallery sizes (`EXPONENTS`).

    `systems` is a frame of `sources.measured.measured_systems`; `fpir` None takes rank 1 without a
    threshold. FNIR has four decimals, so the exponent of a small one is coarse.

    Raises InputError if no system was measured at both sizes.
    """
    chosen = systems.filter(
        pl.col("fpir").is_null() if fpir is None else pl.col("fpir") == fpir,
        pl.col("years_apart").is_null(),
        gallery=image_set,
        probe=image_set,
    )
    small, large = (chosen.filter(gallery_size=size) for size in sizes)
    joined = small.join(large, on="algorithm", suffix="_large").filter(
        (pl.col("fnir") > 0) & (pl.col("fnir_large") > 0)
    )
    if not len(joined):
        raise InputError(f"No system was measured at both {sizes[0]:,} and {sizes[1]:,}.")
    return joined.select(
        "algorithm",
        "developer",
        "submitted",
        small="fnir",
        large="fnir_large",
        exponent=(pl.col("fnir_large") / pl.col("fnir")).log() / np.log(sizes[1] / sizes[0]),
    ).cast(EXPONENTS)  # type: ignore[arg-type]


def modelled_exponents(
    again: pl.DataFrame, fpir: float = 0.003, *, sizes: tuple[int, int] = (SMALL, LARGE)
) -> pl.DataFrame:
    """Return the same exponent for each model of `refit.refits`.

    Columns `refit` (0 is the model of all people), `small`, `large`, `exponent`.

    Raises InputError if the refits lack a size, or one has no miss.
    """
    rates = again.filter(measure="fnir at fpir", level=fpir).pivot(
        on="size", index="refit", values="rate"
    )
    names = [str(size) for size in sizes]
    if not {*names} <= {*rates.columns} or not (rates.select(names) > 0).to_numpy().all():
        raise InputError(
            f"FNIR at FPIR {fpir:g} is needed at {sizes[0]:,} and {sizes[1]:,}, above 0: make the "
            "refits for these sizes."
        )
    small, large = names
    exponent = (pl.col(large) / pl.col(small)).log() / np.log(sizes[1] / sizes[0])
    return rates.select("refit", small=pl.col(small), large=pl.col(large), exponent=exponent).sort(
        "refit"
    )


def two_measures(systems: pl.DataFrame, developers: list[str], fpir: float = 0.003) -> pl.DataFrame:
    """Return FNIR of the developers' systems at rank 1 and at a fixed FPIR, by date.

    `systems` has one image set and gallery size. Returns `algorithm`, `developer`, `submitted`,
    `rank_1`, `held`; systems that lack either figure are left out.
    """
    own = systems.filter(pl.col("developer").is_in(developers))
    first = own.filter(pl.col("fpir").is_null()).select("algorithm", rank_1="fnir")
    held = own.filter(fpir=fpir).select("algorithm", "developer", "submitted", held="fnir")
    both = held.join(first, on="algorithm")
    return both.select("algorithm", "developer", "submitted", "rank_1", "held").sort(
        "submitted", "algorithm"
    )


def modelled_misses(again: pl.DataFrame, fpir: float = 0.003) -> pl.DataFrame:
    """Return the model's FNIR at each gallery size, at a fixed FPIR, with its refits' spread.

    Takes `refit.refits` of one kind of gallery; returns `gallery_size`, `fnir` (of the model of all
    people), `low` and `high` (confidence interval from the refits).
    """
    rates = again.filter(measure="fnir at fpir", level=fpir)
    whole = rates.filter(refit=0).select(gallery_size="size", fnir="rate")
    exact = whole.with_columns(fnir_low="fnir", fnir_high="fnir")
    wide = widened(exact.with_columns(target=pl.lit(fpir)), again, "fnir at fpir", "fnir", "target")
    return wide.select("gallery_size", "fnir", low="fnir_low", high="fnir_high").sort(
        "gallery_size"
    )
