"""Check sightings of many cameras before people are followed through them.

The effect of a wrong clock, unit or template on tracks looks like a finding; so these are refused,
with the row and the likely cause. Times in frames or milliseconds, and places in feet or degrees,
look like a strange crowd. Beside a labelled run of the same cameras they show: its sightings last
as long, and its cameras see places as far apart.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.errors import InputError
from onetomany.sources.tables import require_columns, values_in_words
from .transit import TransitModel, distances_between

WANTED = ("sighting_id", "camera_id", "t_start", "t_end")
LONGEST = 1800.0  # s, the longest median of sightings; longer ones are in another unit
EPOCH_MS = 1e11  # s since 1970 is 1.7e9 today
VIEW = 300.0  # m across: half of all cameras see less, a street's length
UNIT = 1e-2  # largest difference of a template's length from 1 (half-precision numbers: 1e-3)
HOUR = 3600.0
FEW = 20  # least sightings of a camera, or of a run, for judging its clock or its units
TIMES = 12  # as long as others, sightings and recording: a camera of another unit of time
DAY = 24 * HOUR
ALIKE = 8  # values of a template that are compared first
LONGER = 6.0  # times the labelled run's median sighting, that no other crowd explains
WIDER = 1.8  # times the labelled run's distances between cameras: less than feet for metres
NEAR = 2.0  # m: cameras nearer to each other say nothing about a unit


def check_sightings(sightings: pl.DataFrame, templates: NDArray[np.floating] | None = None) -> None:
    """Refuse impossible sightings, naming the row (from 1) and the likely cause.

    `sightings`: sighting_id, camera_id, t_start, t_end (s), and optionally x, y (m) and
    template_id, a row of `templates` (n, d), which are of length 1.

    Raises InputError for a missing column or value, an id that occurs twice, an end before its
    start, times or places in another unit, one camera on another time zone, and templates that
    contain no numbers or are not of length 1.

    >>> check_sightings(pl.DataFrame({"sighting_id": [1], "camera_id": ["a"], "t_start": [0.0],
    ...                               "t_end": [2.0]}))
    """
    require_columns(sightings, WANTED, "Sightings")
    for name in ("t_start", "t_end"):
        kind = sightings.schema[name]
        if not kind.is_numeric():
            raise InputError(
                f"Sightings: {name} contains {values_in_words(kind)}, not seconds: bring all "
                "cameras to one time zone, then subtract the first time."
            )
    places: list[str] = [name for name in ("x", "y") if name in sightings.columns]
    for name in (*WANTED, *places):
        bad = sightings[name].is_null()
        if sightings.schema[name].is_float():
            bad |= ~sightings[name].is_finite().fill_null(value=True)
        _refuse(bad, f"'{name}' is missing or not finite: leave the sighting out")
    _refuse(
        ~sightings["sighting_id"].is_first_distinct(),
        "a sighting_id that occurred before: two lists were joined, or a row occurs twice",
    )
    _refuse(
        sightings["t_end"] < sightings["t_start"],
        "t_end is before t_start: the two are exchanged, or a clock was set back",
    )
    if sightings.height:
        _check_own_unit(sightings)
        _check_times(sightings)
        _check_views(sightings, places)
        _check_zones(sightings)
    if templates is not None:
        _check_templates(sightings, templates)


def check_linkable(sightings: pl.DataFrame) -> None:
    """Refuse sightings without the columns, or with qualities, that linking needs.

    Raises InputError with the column, or the row (from 1) and the likely cause.
    """
    wanted = ("sighting_id", "camera_id", "x", "y", "quality", "template_id")
    require_columns(sightings, wanted, "Sightings")
    if not sightings["sighting_id"].dtype.is_integer():
        raise InputError(
            f"Sightings: sighting_id contains {values_in_words(sightings['sighting_id'].dtype)}: "
            "number the sightings 0, 1, 2."
        )
    for name in ("x", "y", "quality"):
        kind = sightings[name].dtype
        if not kind.is_numeric():
            raise InputError(
                f"Sightings: {name} contains {values_in_words(kind)}: read the column as numbers."
            )
    quality = sightings["quality"]
    bad = ~quality.is_between(0, 1).fill_null(value=False)
    if bad.any():
        row = int(bad.arg_true()[0])
        value = quality[row]
        likely = "; is it in percent?" if value is not None and 1 < value <= 100 else ""
        raise InputError(
            f"Sightings, row {row + 1}: quality is {value}, and 0 is a useless face, 1 a perfect "
            f"one{likely} ({int(bad.sum()):,} rows in all)."
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


def _check_times(sightings: pl.DataFrame) -> None:
    lasts = float((sightings["t_end"] - sightings["t_start"]).median())  # type: ignore[arg-type]
    latest = float(sightings["t_end"].cast(pl.Float64).abs().max())  # type: ignore[arg-type]
    if latest > EPOCH_MS or lasts > LONGEST:
        raise InputError(
            f"Sightings last {lasts:g} s in the median, up to t = {latest:.4g}: t_start and t_end "
            "are likely in milliseconds or frames; divide them by 1,000 or by the frame rate."
        )


def _check_views(sightings: pl.DataFrame, places: list[str]) -> None:
    if len(places) < 2:
        return
    seen = sightings.group_by("camera_id").agg(
        pl.len(), *(pl.col(name).quantile(0.95) - pl.col(name).quantile(0.05) for name in places)
    )
    wide = seen.filter(pl.col("len") >= FEW).select(pl.max_horizontal(places)).to_series()
    if wide.len() and float(wide.median()) > VIEW:  # type: ignore[arg-type]
        raise InputError(
            f"Half of the cameras see people over more than {float(wide.median()):,.0f} m: "  # type: ignore[arg-type]
            "x and y are likely in centimetres or pixels; bring them to metres."
        )


def _check_own_unit(sightings: pl.DataFrame) -> None:
    """Refuse a camera whose sightings and whose recording last many times longer than the others'.

    Before counters people wait for minutes, so the length of sightings alone shows nothing.
    """
    cameras = (
        sightings.group_by("camera_id")
        .agg(
            pl.len(),
            lasts=(pl.col("t_end") - pl.col("t_start")).median(),
            spans=pl.col("t_end").max() - pl.col("t_start").min(),
        )
        .filter(pl.col("len") >= FEW)
        .sort("spans")
    )
    if cameras.height < 3:
        return
    usual = {name: float(cameras[name].median()) for name in ("lasts", "spans")}  # type: ignore[arg-type]
    last = cameras.row(-1, named=True)
    if all(last[name] > TIMES * usual[name] > 0 for name in usual):
        raise InputError(
            f"Camera {last['camera_id']!r} sees people for {last['lasts']:,.4g} s in the median, "
            f"the others for {usual['lasts']:,.3g}, and records "
            f"{last['spans'] / usual['spans']:,.0f} times as long: its times are likely in "
            "milliseconds or frames; bring them to seconds."
        )


def _check_zones(sightings: pl.DataFrame) -> None:
    """Refuse cameras whose times are whole hours off most others and fit once moved.

    Also a camera more than a day off all others.
    """
    ranges = (
        sightings.group_by("camera_id")
        .agg(pl.len(), low=pl.col("t_start").min(), high=pl.col("t_end").max())
        .filter(pl.col("len") >= FEW)
        .sort("camera_id")
    )
    if ranges.height < 3:
        return
    middle = [float(ranges[name].median()) for name in ("low", "high")]  # type: ignore[arg-type]
    usual = ranges.filter((pl.col("low") <= middle[1]) & (pl.col("high") >= middle[0]))
    if usual.height * 2 <= ranges.height:
        return
    low, high = (float(usual[name].median()) for name in ("low", "high"))  # type: ignore[arg-type]
    for row in ranges.join(usual, on="camera_id", how="anti").iter_rows(named=True):
        apart = row["low"] - low
        hours = round(apart / (HOUR / 2)) / 2
        near = 0.25 * (high - low)
        moved = abs(apart - hours * HOUR), abs(row["high"] - high - hours * HOUR)
        when = "after" if hours > 0 else "before"
        if 0 < abs(hours) <= 14 and max(moved) <= near:
            raise InputError(
                f"Camera {row['camera_id']!r} sees people only {abs(hours):g} hours {when} "
                "the others: its clock is likely on another time zone; bring its times to the "
                "others', or let clocks.associate_setting_clocks set it."
            )
        if abs(apart) > max(DAY - HOUR, high - low):
            raise InputError(
                f"Camera {row['camera_id']!r} sees people only {abs(apart) / DAY:,.1f} days {when} "
                "the others: its date is wrong, or its times count from another moment; bring "
                "them to the others'."
            )


def _check_templates(sightings: pl.DataFrame, templates: NDArray[np.floating]) -> None:
    if templates.ndim != 2 or templates.dtype.kind != "f":
        raise InputError(
            f"Templates must be a table (n, d) of fractional numbers, and have {templates.ndim} "
            f"dimensions of {templates.dtype}: give the face model's output."
        )
    length = np.sqrt(np.einsum("ij,ij->i", templates, templates, dtype=np.float64))
    bad = ~(np.abs(length - 1) <= UNIT)  # NaN is bad too
    if "template_id" in sightings.columns:
        _check_template_ids(sightings, len(templates))
        bad &= np.isin(np.arange(len(templates)), sightings["template_id"].to_numpy())
    if not bad.any():
        _check_placeholders(sightings, templates)
        return
    row = int(np.flatnonzero(bad)[0])
    if not np.isfinite(length[row]):
        likely = "has a value that is not finite: no face was found, leave its sighting out"
    elif length[row] == 0:
        likely = "is all zeros: no face was found, leave its sighting out"
    else:
        likely = f"has the length {length[row]:.3g}, not 1: divide each template by its length"
    raise InputError(f"Template {row} of {len(templates):,} {likely} ({bad.sum():,} in all).")


def _check_template_ids(sightings: pl.DataFrame, many: int) -> None:
    named = sightings["template_id"]
    if not named.dtype.is_integer():
        raise InputError(
            f"Sightings: template_id contains {values_in_words(named.dtype)}: number the rows of "
            "the templates 0, 1, 2."
        )
    _refuse(named.is_null(), "'template_id' is missing: leave out sightings without a face")
    _refuse(
        (named < 0) | (named >= many),
        f"template_id is not one of 0 to {many - 1:,}, the rows of the templates given",
    )
    _refuse(
        ~named.is_first_distinct(),
        "a template_id that occurred before: each sighting has a template of its own",
    )


def _check_placeholders(sightings: pl.DataFrame, templates: NDArray[np.floating]) -> None:
    """Refuse one template for several people: those whom one camera sees at the same time."""
    if "template_id" not in sightings.columns or not sightings.height:
        return
    # templates that differ do so in their first values
    start = templates[sightings["template_id"].to_numpy(), :ALIKE].astype(np.float64)
    keys = [f"v{n}" for n in range(start.shape[1])]
    rows = (
        sightings.select("camera_id", "t_start", "t_end", "template_id")
        .with_row_index("row")
        .hstack(pl.DataFrame(start, schema=keys))
        .sort("camera_id", *keys, "t_start")
    )
    same = pl.all_horizontal(pl.col(name) == pl.col(name).shift() for name in ("camera_id", *keys))
    before = pl.col("template_id").shift()
    twice = rows.with_columns(before=before).filter(
        same & (pl.col("t_start") < pl.col("t_end").shift())
    )
    equal = [
        bool((templates[a] == templates[b]).all())
        for a, b in twice.select("template_id", "before").iter_rows()
    ]
    twice = twice.filter(pl.Series(equal, dtype=pl.Boolean)).sort("row")
    if twice.height:
        first = twice.row(0, named=True)
        raise InputError(
            f"Sightings, row {first['row'] + 1}: template {first['template_id']} is the same "
            "numbers as that of another person before the camera at the same time "
            f"({twice.height:,} rows in all): likely a placeholder where no face was found; leave "
            "these sightings out."
        )


def _refuse(bad: pl.Series, fault: str) -> None:
    if (first := bad.fill_null(value=False).arg_true()).len():
        more = f" ({first.len():,} rows in all)" if first.len() > 1 else ""
        raise InputError(f"Sightings, row {int(first[0]) + 1}: {fault}{more}.")
