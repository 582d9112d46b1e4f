"""Check that sightings can be linked, and are in the units of the labelled run.

Times in frames or milliseconds, and places in feet or degrees, look like a strange crowd. Beside a
labelled run of the same cameras they show: its sightings last as long, and its cameras see places
as far apart.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from onetomany.errors import InputError
from onetomany.sources.tables import require_columns
from .transit import TransitModel, distances_between

LONGER = 6.0  # times the labelled run's median sighting, that no other crowd explains
WIDER = 1.8  # times the labelled run's distances between cameras: less than feet for metres
FEW = 20  # sightings
NEAR = 2.0  # m: cameras nearer to each other say nothing about a unit


def check_linkable(sightings: pl.DataFrame) -> None:
    """Refuse sightings without the columns, or with qualities, that linking needs.

    Raises InputError with the column, or the row (from 1) and the likely cause.
    """
    wanted = ("sighting_id", "camera_id", "x", "y", "quality", "template_id")
    require_columns(sightings, wanted, "Sightings")
    if not sightings["sighting_id"].dtype.is_integer():
        raise InputError(
            f"Sightings: sighting_id contains {sightings['sighting_id'].dtype}: number the "
            "sightings 0, 1, 2."
        )
    for name in ("x", "y", "quality"):
        kind = sightings[name].dtype
        if not kind.is_numeric():
            raise InputError(f"Sightings: {name} contains {kind}, not numbers: read it as numbers.")
    quality = sightings["quality"]
    bad = ~quality.is_between(0, 1).fill_null(value=False)
    if bad.any():
        row = int(bad.arg_true()[0])
        value = quality[row]
        likely = "; is it in percent?" if value is not None and 1 < value <= 100 else ""
        raise InputError(
            f"Sightings, row {row + 1}: quality is {value}, and 0 is a useless face, 1 a perfect "
            f"one{likely} ({int(bad.sum()):,} such rows)."
        )


def check_against_run(sightings: pl.DataFrame, transit: TransitModel) -> None:
    """Refuse sightings in other units than the labelled run that `transit` was learned from.

    Raises InputError with both figures and the likely unit.
    """
    if sightings.height < FEW:
        return
    lasts = float((sightings["t_end"] - sightings["t_start"]).median())  # type: ignore[arg-type]
    if min(lasts, transit.lasts) > 0:
        ratio = lasts / transit.lasts
        if not 1 / LONGER < ratio < LONGER:
            likely = "milliseconds or frames" if ratio > 1 else "minutes or hours"
            raise InputError(
                f"Sightings last {lasts:.3g} s in the median, and {transit.lasts:.3g} s in the "
                f"labelled run: t_start and t_end are likely in {likely}; bring them to seconds."
            )
    ours = distances_between(sightings, transit.cameras)
    far = np.isfinite(ours) & (transit.distance > NEAR)
    if not far.any():
        return
    wider = float(np.median(ours[far] / transit.distance[far]))
    if not 1 / WIDER < wider < WIDER:
        likely = "centimetres or feet" if wider > 1 else "kilometres or degrees"
        raise InputError(
            f"Cameras see places {wider:.3g} times as far from each other as in the labelled run: "
            f"x and y are likely in {likely}; bring them to metres."
        )
