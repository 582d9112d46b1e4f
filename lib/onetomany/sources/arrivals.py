"""Draw a SIMULATED table of arrivals as long as the disclosed one; its people don't exist.

Published sources give the margins of arrivals by nationality, sex and age (`travellers`), the
yearly totals of foreign arrivals, the two windows and the two numbers of records (`case`). The
dependence between them is unpublished and assumed: see `ArrivalsPlan` and `arrival_bounds`.
docs/arrivals.md lists both. A chunk of the table contains whole people and can be drawn alone.
"""

import io
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.errors import InputError, IntegrityError
from onetomany.progress import ProgressBar
from . import case, travellers
from .files import write_whole

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

QUASI_IDENTIFIERS = ("nationality", "sex", "birth_year", "arrival_date", "port")
PORTS = ("port A", "port B", "port C")  # fictional: arrivals by port have no source here
SEXES = ("F", "M")
KOREAN = "KOR"
SIMULATED = (
    "arrivals of nobody; how columns hang together, trips and ports are assumed 가상의 입국 기록"
)
IPF_ROUNDS, IPF_CLOSE = 1000, 1e-12
YEAR_DAYS = 365.25


@dataclass(frozen=True)
class ArrivalsPlan:
    """A table of `rows` records, `koreans` of them of Koreans.

    Assumptions: a person has 1, 2, 3 ... records with geometric probabilities, `mean_trips` on
    average (the ratio of records to people was never disclosed); a passport lasts `validity`
    years and is renewed when it ends; trips choose one of PORTS with `ports` probabilities,
    and their dates within the window, independently of one another; nationality, sex and age
    depend on each other by `dependence` (`arrival_bounds`); Koreans have the sexes and ages of
    foreigners.
    """

    rows: int
    koreans: int
    mean_trips: float = 3.0
    validity: float = 10.0
    ports: tuple[float, float, float] = (0.7, 0.2, 0.1)
    dependence: float = 0.0
    chunk: int = 2_000_000
    seed: int = 2019

    def __post_init__(self) -> None:
        if not (0 <= self.koreans <= self.rows and 1 <= self.rows < 1 << 32 and self.chunk >= 1):
            raise InputError(
                "A plan needs 1 to 4.29 billion rows, no more Koreans than rows, and a chunk of 1 "
                "row or more."
            )
        if self.mean_trips < 1 or self.validity < 1 or self.dependence < 0:
            raise InputError(
                "A plan needs a mean of 1 trip or more, a validity of 1 year or more and a "
                "dependence of 0 or more."
            )
        if min(self.ports) < 0 or not np.isclose(sum(self.ports), 1):
            raise InputError(f"The shares of the three ports must add up to 1, not {self.ports}.")

    @property
    def chunks(self) -> int:
        return -(-self.rows // self.chunk)


def disclosed_plan(rows: int | None = None, **changes: float) -> ArrivalsPlan:
    """Return the plan of the disclosed table, or of `rows` rows in the same proportion.

    `changes` are other fields of `ArrivalsPlan`.

    >>> disclosed_plan(1_776).koreans
    576
    """
    figures = case.case_numbers()
    total = case.records_given(figures)
    rows = rows or round(total)
    koreans = round(rows * case.figure_value(figures, "koreans_records") / total)
    return ArrivalsPlan(rows, koreans, **changes)  # type: ignore[arg-type]


def _joint_model(dependence: float, seed: int = 2019) -> pl.DataFrame:
    """Return the MODEL of `arrival_bounds`: `nationality`, `sex`, `age`, `probability`; 368 rows.

    It is fitted to its margins by iterative proportional fitting (Deming and Stephan, Annals of
    Mathematical Statistics 11:4, 1940).
    """
    names, margins = _margins()
    rng = np.random.default_rng(seed)
    table = np.ones([len(each) for each in margins])
    for left, right in ((0, 1), (0, 2), (1, 2)):
        shape = [table.shape[axis] if axis in (left, right) else 1 for axis in range(3)]
        table *= np.exp(dependence * rng.standard_normal(shape))
    table = fitted(table, [each / each.sum() for each in margins])
    grid = np.meshgrid(*(np.arange(len(each)) for each in names), indexing="ij")
    return pl.DataFrame(
        {
            column: names[axis][pl.Series(grid[axis].ravel())]
            for axis, column in enumerate(("nationality", "sex", "age"))
        }
    ).with_columns(probability=pl.Series(table.ravel()))


def fitted(table: Floats, margins: Sequence[Floats]) -> Floats:
    """Scale a table along each axis in turn until it has the margins (IPF).

    Raises InputError if the margins' totals differ, or the table can't be fitted to them.
    """
    totals = [float(each.sum()) for each in margins]
    if not np.allclose(totals, totals[0]):
        raise InputError(f"The margins of a table must have the same total, not {totals}.")
    axes = range(table.ndim)
    for _ in range(IPF_ROUNDS):
        gap = 0.0
        for axis, wanted in zip(axes, margins, strict=True):
            now = table.sum(axis=tuple(other for other in axes if other != axis))
            gap = max(gap, float(np.abs(now - wanted).max()) / totals[0])
            with np.errstate(divide="ignore", invalid="ignore"):
                factor = np.where(wanted > 0, wanted / now, 0.0)
            table = table * factor.reshape([-1 if other == axis else 1 for other in axes])
        if gap < IPF_CLOSE:
            return table
    raise InputError("No table with these zeros has these margins: change either.")


def frechet_bounds(margins: Sequence[Floats | Ints], total: float) -> tuple[Floats, Floats]:
    """Return the least and the greatest count of each cell, given only the margins.

    Fréchet and Hoeffding's bounds: max(0, sum of margins - (n - 1) total) and the smallest
    margin. Some table attains each bound, though not all at once. Two arrays, one axis a margin.
    """
    grids = np.meshgrid(*(np.asarray(each, np.float64) for each in margins), indexing="ij")
    if any(grid.min() < 0 or grid.max() > total for grid in grids):
        raise InputError("A margin's counts must be from 0 to the total.")
    lower: Floats = np.maximum(0, np.sum(grids, axis=0) - (len(grids) - 1) * total)
    return lower, np.min(grids, axis=0)


def arrival_bounds(dependence: float = 0.0, seed: int = 2019) -> pl.DataFrame:
    """Return the modelled arrivals of 2018 and 2019, with the bounds that the margins set.

    The model is a table with the published margins. Without `dependence` the three are independent.
    With it, the log odds of each pair of values (nationality with sex, nationality with age, sex
    with age) are moved by normal draws of that standard deviation. At 1, two nationalities' odds
    of a sex typically differ by a factor of four.

    Columns `nationality`, `sex`, `age`, `modelled`, `lower`, `upper` (arrivals). The total is that
    of the nationality table, which includes crew, whose sex and age the other two lack: the model
    removes the same share from every nationality, the bounds allow any nationality for them.
    """
    _, margins = _margins()
    lower, upper = frechet_bounds(margins, float(margins[0].sum()))
    return _joint_model(dependence, seed).select(
        "nationality",
        "sex",
        "age",
        modelled=pl.col("probability") * float(margins[1].sum()),
        lower=pl.Series(lower.ravel()),
        upper=pl.Series(upper.ravel()),
    )


def _arrivals_chunk(plan: ArrivalsPlan, number: int) -> pl.DataFrame:
    """Draw one chunk, sorted by date of arrival; the same chunk on every call.

    Columns `person` (the true person, which no disclosed table contains), `passport_key` (in place
    of a one-way-encrypted passport number), and QUASI_IDENTIFIERS.
    """
    # a spawn key makes chunks independent whatever their order
    sequence = np.random.SeedSequence(plan.seed, spawn_key=(number,))
    rng = np.random.Generator(np.random.SFC64(sequence))
    start, end = number * plan.chunk, min((number + 1) * plan.chunk, plan.rows)
    koreans = plan.koreans * end // plan.rows - plan.koreans * start // plan.rows
    first = _people(plan, koreans, True, start, rng)
    others = _people(plan, end - start - koreans, False, start + koreans, rng)
    columns = {name: np.concatenate([first[name], others[name]]) for name in first}
    order = np.argsort(columns["day"], kind="stable")
    drawn = {name: column[order] for name, column in columns.items()}
    key = drawn["person"].astype(np.uint64) << np.uint64(6)
    return pl.DataFrame(
        {
            "person": drawn["person"].astype(np.uint32),
            "passport_key": _mixed(key, drawn["passport"], plan.seed),
            "nationality": _named((*_margins()[0][0], KOREAN), drawn["nation"]),
            "sex": _named(SEXES, drawn["sex"]),
            "birth_year": drawn["birth"].astype(np.int16),
            "arrival_date": pl.Series(drawn["day"].astype(np.int32) + _EPOCH).cast(pl.Date),
            "port": _named(PORTS, drawn["port"]),
        }
    )


def _named(names: tuple[str, ...], places: NDArray[np.generic]) -> pl.Series:
    return pl.Series(names, dtype=pl.Enum(names))[pl.Series(places)]


def draw_arrivals(plan: ArrivalsPlan) -> pl.DataFrame:
    """Draw the whole table in memory, about 30 bytes a row."""
    numbers = ProgressBar(range(plan.chunks), desc="arrivals", unit="chunk", delay=2, leave=False)
    return pl.concat([_arrivals_chunk(plan, number) for number in numbers])


def write_arrivals(plan: ArrivalsPlan, folder: Path, threads: int = 2) -> Path:
    """Write the table as Parquet files, one a chunk; whole files already there are kept.

    An interrupted run resumes. Raises InputError if the folder contains another plan's table.
    """
    folder.mkdir(parents=True, exist_ok=True)
    about = folder / "plan.json"
    if about.exists() and _read_plan(folder) != plan:
        raise InputError(
            f"{folder} contains a table of another plan: remove it, or name another folder."
        )
    write_whole(about, json.dumps(asdict(plan)).encode())
    missing = [number for number in range(plan.chunks) if not _is_whole(plan, folder, number)]
    with ThreadPoolExecutor(threads) as pool:
        written = pool.map(lambda number: _write_part(plan, folder, number), missing)
        bar = ProgressBar(written, desc="arrivals written", unit="chunk", total=plan.chunks)
        bar.update(plan.chunks - len(missing))
        for _ in bar:
            pass
    return folder


def scan_arrivals(folder: Path) -> pl.LazyFrame:
    """Return a written table as a lazy frame, which need not fit in memory.

    Raises InputError if there is none, IntegrityError if a part is missing or short.
    """
    plan = _read_plan(folder)
    if lost := [each for each in range(plan.chunks) if not _is_whole(plan, folder, each)]:
        raise IntegrityError(
            f"{_part(folder, lost[0])} is missing or too short ({len(lost)} parts in all): write "
            "the table again; whole parts are kept."
        )
    return pl.scan_parquet([_part(folder, number) for number in range(plan.chunks)])


_EPOCH = (date(2005, 1, 1) - date(1970, 1, 1)).days  # days are counted from 2005 while drawing


def _margins() -> tuple[list[pl.Series], list[Ints]]:
    """Return values and arrivals of nationality, sex and age."""
    table = travellers.margins()
    parts = [table.filter(margin=name).sort("value") for name in ("nationality", "sex", "age")]
    return [part["value"] for part in parts], [part["arrivals"].to_numpy() for part in parts]


@cache
def _windows(koreans: bool) -> tuple[Floats, Floats]:
    """Return cumulative shares and the days (from 2005) at which they are reached.

    Foreigners follow the yearly totals of arrivals, evenly within a year; Koreans, for whom no
    totals are known here, are even over the whole window.
    """
    figures = case.case_numbers()
    row = figures.filter(id="koreans_records" if koreans else "foreigners_records")
    first, last = (row[name].item() for name in ("period_start", "period_end"))
    origin = date(2005, 1, 1)
    if koreans:
        edges = [(first - origin).days, (last - origin).days + 1]
        return np.array([0.0, 1.0]), np.array(edges, np.float64)
    counted = case.arrivals_in_window(figures).sort("id")
    ends = [date(int(name[-4:]) + 1, 1, 1) for name in counted["id"][:-1]]
    edges = [(each - origin).days for each in (first, *ends)] + [(last - origin).days + 1]
    shares = counted["counted"].to_numpy().cumsum()
    return np.append(0, shares / shares[-1]), np.array(edges, np.float64)


@cache
def _cells(dependence: float) -> tuple[Floats, pl.DataFrame]:
    """Return cumulative probabilities of `_joint_model`, and each cell's values as numbers."""
    table = _joint_model(dependence)
    names, _ = _margins()
    bounds = table["age"].str.split("-")
    oldest = str(travellers.OLDEST)
    numbers = table.select(
        nation=pl.col("nationality").cast(pl.Enum(names[0])).to_physical(),
        sex=pl.col("sex").cast(pl.Enum(SEXES)).to_physical(),
        youngest=bounds.list.first().cast(pl.Int64),
        oldest=bounds.list.last().replace("", oldest).cast(pl.Int64),
    )
    ends = table["probability"].to_numpy().cumsum()
    return ends / ends[-1], numbers


def _people(
    plan: ArrivalsPlan, rows: int, koreans: bool, first: int, rng: np.random.Generator
) -> dict[str, NDArray[np.generic]]:
    """Draw people whose trips fill exactly `rows` rows; the last may lose some trips."""
    trips = rng.geometric(1 / plan.mean_trips, rows)
    trips = trips[: int(np.searchsorted(np.cumsum(trips), rows)) + 1]
    trips[-1:] -= trips.sum() - rows
    ends, cells = _cells(plan.dependence)
    cell = np.minimum(np.searchsorted(ends, rng.random(len(trips)), side="right"), len(ends) - 1)
    own = {name: cells[name].to_numpy()[cell] for name in cells.columns}
    age = rng.integers(own["youngest"], own["oldest"], endpoint=True)
    shares, edges = _windows(koreans)
    day = np.interp(rng.random(rows), shares, edges).astype(np.int64)
    # the published ages are of people as they arrive: they are right for one trip of each
    starts = np.cumsum(trips) - trips
    birth = _year(day[starts]) - age
    person = np.repeat(np.arange(len(trips)), trips)
    unborn = np.flatnonzero(_year(day) < birth[person])
    later = day[starts][person[unborn]]
    day[unborn] = later + (rng.random(len(unborn)) * (edges[-1] - later)).astype(np.int64)
    validity = round(plan.validity * YEAR_DAYS)
    issued = rng.integers(0, validity, len(trips))
    nation = np.full(len(trips), len(_margins()[0][0])) if koreans else own["nation"]
    port = np.searchsorted(np.cumsum(plan.ports)[:2], rng.random(rows), side="right")
    return {
        "person": person + first,
        "nation": nation[person].astype(np.uint8),
        "sex": own["sex"][person].astype(np.uint8),
        "birth": birth[person],
        "day": day.astype(np.uint16),
        "passport": (day + issued[person]) // validity,
        "port": port.astype(np.uint8),
    }


def _year(day: Ints) -> Ints:
    dates = day.astype("timedelta64[D]") + np.datetime64("2005-01-01")
    return dates.astype("datetime64[Y]").astype(np.int64) + 1970


def _mixed(
    person: NDArray[np.uint64], passport: NDArray[np.generic], seed: int
) -> NDArray[np.uint64]:
    """Return a key for each passport, never the same for two, in place of a one-way hash.

    The mix is SplitMix64 (Steele, Lea, Flood, OOPSLA 2014); no passport number goes into it.
    """
    z = person + passport.astype(np.uint64) + np.uint64(seed % (1 << 20)) * np.uint64(1 << 40)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _part(folder: Path, number: int) -> Path:
    return folder / f"part-{number:05}.parquet"


def _write_part(plan: ArrivalsPlan, folder: Path, number: int) -> None:
    buffer = io.BytesIO()
    _arrivals_chunk(plan, number).write_parquet(buffer, compression="zstd", compression_level=1)
    write_whole(_part(folder, number), buffer.getvalue())


def _is_whole(plan: ArrivalsPlan, folder: Path, number: int) -> bool:
    path = _part(folder, number)
    if not path.exists():
        return False
    expected = min(plan.chunk, plan.rows - number * plan.chunk)
    try:
        return bool(pl.scan_parquet(path).select(pl.len()).collect().item() == expected)
    except pl.exceptions.PolarsError:
        return False


def _read_plan(folder: Path) -> ArrivalsPlan:
    try:
        fields = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{folder} has no table of arrivals: make one with write_arrivals."
        ) from error
    return ArrivalsPlan(**(fields | {"ports": tuple(fields["ports"])}))
