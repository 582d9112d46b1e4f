"""Show links made by a one-way-encrypted passport number, and ways to reverse it.

The disclosed fields include one (PIPC decision 2022-007-046). Its algorithm, with or without a
secret, was not disclosed and is not known here. Each function invents the numbers that it hashes or
reverses: none takes a hash from outside.
"""

import hashlib
import hmac
import string
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from timeit import timeit

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.accuracy import open_set_rates
from onetomany.accuracy.identification import SEARCHES
from onetomany.accuracy.intervals import Floats, rate_columns
from onetomany.errors import InputError
from onetomany.faces import synthetic
from onetomany.gallery import pack
from onetomany.gallery.exact import search_matrix
from onetomany.progress import ProgressBar

LINKAGE = {
    "rows": pl.Int64,
    "keys": pl.Int64,
    "keys_linking": pl.Int64,  # keys in two rows or more
    "rows_linked": pl.Int64,  # rows that share their key with another row
    "share_linked": pl.Float64,  # of all rows
    "longest": pl.Int64,  # rows of the key with most rows
    "people": pl.Int64,  # null from here on without the truth in the table
    "people_followed": pl.Int64,  # people two or more of whose rows one key links
    "people_split": pl.Int64,  # people with several rows whose key has changed between them
    "pairs_linked": pl.Float64,  # of all pairs of rows of one person, the share under one key
}
TIMES = {
    "format": pl.String,
    "scheme": pl.String,
    "values": pl.Float64,
    "rate": pl.Float64,  # values tried a second on one core
    "seconds": pl.Float64,
    "measured": pl.Boolean,  # else extrapolated from the measured rate
}
RELINKED = {
    "filter": pl.String,
    "threshold": pl.Float64,
    **rate_columns("relinked"),  # of renewed people
    **rate_columns("false_links"),  # of newcomers, who have no earlier record
    "searched": pl.Float64,  # records, the mean over people
    "renewed": pl.Int64,
    "newcomers": pl.Int64,
}
MOST_DIGITS = 6
KEY_BITS = 128
ROUNDS = 100_000  # of PBKDF2
FILTERS: dict[str, tuple[str, ...]] = {
    "no filter": (),
    "nationality": ("nationality",),
    "nationality, sex": ("nationality", "sex"),
    "nationality, sex, birth year": ("nationality", "sex", "birth_year"),
}


def key_linkage(
    table: pl.DataFrame, key: str = "passport_key", truth: str = "person"
) -> pl.DataFrame:
    """Count the rows linked by equal keys: one row of LINKAGE.

    Counts against the truth need the truth in the table (simulated tables have it). A null key
    links nothing. Raises InputError if the column is missing or there is no row.
    """
    if key not in table.columns or not len(table):
        raise InputError(f"linkage needs a table with rows and the column '{key}'.")
    known = table.filter(pl.col(key).is_not_null())
    sizes = known.group_by(key).len("n")["n"]
    several = sizes.filter(sizes > 1)
    linked = int(several.sum())
    found: dict[str, float | int | None] = {
        "rows": len(table),
        "keys": len(sizes),
        "keys_linking": len(several),
        "rows_linked": linked,
        "share_linked": linked / len(table),
        "longest": int(sizes.max() or 0),  # type: ignore[arg-type]
    }
    if truth in table.columns:
        by_key = known.group_by(truth, key).len("n").group_by(truth)
        linked_rows = by_key.agg(keys=pl.len(), most=pl.col("n").max(), pairs=_pairs("n").sum())
        people = table.group_by(truth).len("rows").join(linked_rows, on=truth, how="left")
        all_pairs = _pairs("rows").sum()
        found |= people.select(
            people=pl.len(),
            people_followed=(pl.col("most") > 1).sum(),
            people_split=(pl.col("keys") > 1).sum(),
            pairs_linked=pl.when(all_pairs > 0).then(pl.col("pairs").sum() / all_pairs),
        ).row(0, named=True)
    return pl.DataFrame([found], schema=LINKAGE)


def _pairs(rows: str) -> pl.Expr:
    """Return twice the pairs of so many rows."""
    count = pl.col(rows).cast(pl.Int64)
    return count * (count - 1)


@dataclass(frozen=True)
class Reversal:
    """Store an enumerated small space: its values, seconds on one core, and numbers found.

    `found` of the made-up numbers were recovered from their SHA-256."""

    values: int
    seconds: float
    numbers: int
    found: int

    @property
    def rate(self) -> float:
        """Return values hashed and looked up a second."""
        return self.values / self.seconds


def reverse_small_space(digits: int = 5, numbers: int = 1000, seed: int = 0) -> Reversal:
    """Hash made-up numbers of one letter and so many digits, then try every value there is.

    The format is fictional and at most MOST_DIGITS digits long. SHA-256 without a secret. Raises
    InputError for more digits or none.
    """
    if not 1 <= digits <= MOST_DIGITS:
        raise InputError(f"The demonstration is for 1 to {MOST_DIGITS} digits, not {digits}.")
    rng = np.random.default_rng(seed)
    letters = rng.integers(0, 26, numbers).tolist()
    tails = rng.integers(0, 10**digits, numbers).tolist()
    secret = {
        f"{string.ascii_uppercase[letter]}{tail:0{digits}}"
        for letter, tail in zip(letters, tails, strict=True)
    }
    hashes = {hashlib.sha256(value.encode()).digest() for value in secret}
    sha256 = hashlib.sha256
    found: set[bytes] = set()
    started = time.perf_counter()
    # hashes can't be vectorised: an attacker needs one call for each value too
    for values in ProgressBar(_space(digits), desc="letters", total=26, delay=2, leave=False):
        found.update(value for value in values if sha256(value).digest() in hashes)
    seconds = time.perf_counter() - started
    right = {value.decode() for value in found} & secret
    return Reversal(26 * 10**digits, seconds, len(secret), len(right))


def reversal_times(measured: Reversal, formats: dict[str, float]) -> pl.DataFrame:
    """Return the seconds to try every value of a format on one core, by hash (TIMES).

    `formats` names formats and how many values each has. `measured` is the small space; all else is
    EXTRAPOLATED from measured rates: of it for plain SHA-256 (one list serves all numbers) and for
    a salt known beside each record (the same work for every single record); of PBKDF2 with ROUNDS
    rounds and of HMAC, timed here. With a secret key that stays secret an attacker must try
    2^KEY_BITS keys; for the owner of the key the cost is that of plain SHA-256. Real attackers have
    many cores and special hardware.
    """
    slow = 5 / timeit(lambda: hashlib.pbkdf2_hmac("sha256", b"X00000", b"salt", ROUNDS), number=5)
    keyed = 20_000 / timeit(lambda: hmac.digest(b"0" * 16, b"X00000", "sha256"), number=20_000)
    one = ("measured", "SHA-256", measured.values, measured.rate, measured.seconds, True)
    rows: list[tuple[object, ...]] = [one]
    for name, values in formats.items():
        for scheme, tries, rate in (
            ("SHA-256", values, measured.rate),
            ("SHA-256 and a known salt, each record", values, measured.rate),
            (f"PBKDF2, {ROUNDS:,} rounds", values, slow),
            ("HMAC, key known", values, keyed),
            ("HMAC, key unknown", 2.0**KEY_BITS, keyed),
        ):
            rows.append((name, scheme, tries, rate, tries / rate, False))
    return pl.DataFrame(rows, schema=TIMES, orient="row")


def _renewal_searches(
    model: synthetic.TemplateModel,
    people: pl.DataFrame,
    renewed: int,
    *,
    columns: Sequence[str] = (),
    seed: int = 0,
) -> tuple[pl.DataFrame, float]:
    """Search faces across a change of passport: SEARCHES and the records compared with each.

    SYNTHETIC templates. `people` has `nationality`, `sex` and `birth_year`, a row a person. All but
    the last `renewed` have a record under an old key. The first `renewed` come with a new passport
    and a new picture (mated); as many last ones come for the first time (non-mated). Each is
    searched among the old records that agree in `columns`, which a renewal doesn't change; the mean
    number of these is the second value. The template model has no ageing: pictures taken years
    apart are less alike than these, so the share relinked is too high.

    Raises InputError for fewer than one, or more than half of the people renewed.
    """
    total = len(people)
    if not 1 <= renewed <= total // 2:
        raise InputError(f"From 1 to half of the {total} people can be renewed, not {renewed}.")
    drawn = synthetic.draw_people(model, total, seed)
    old = synthetic.draw_images(model, drawn, 1, seed)[: total - renewed]
    new = synthetic.draw_images(model, drawn, 1, seed, session=2)
    who = np.concatenate([np.arange(renewed), np.arange(total - renewed, total)])
    cells = pack(people.select(columns)) if columns else np.zeros(total, np.uint32)
    mate = np.full(len(who), np.nan)
    mate[:renewed] = np.einsum("ij,ij->i", new[who[:renewed]], old[:renewed])
    other, searched = np.full(len(who), -np.inf), np.zeros(len(who))
    above = np.zeros(len(who), np.int64)
    for rows, records in _blocks(cells, who, total - renewed):
        searched[rows] = len(records)
        if len(records):
            own = search_matrix(old[records], new[who[rows]], 2)
            is_mate = (records[own[1]] == who[rows][:, None]) & (own[1] >= 0)
            other[rows] = np.where(is_mate, -np.inf, own[0]).max(axis=1)
            # the second best shows whether anybody ranks before the mate
            above[rows] = other[rows] > np.nan_to_num(mate[rows], nan=np.inf)
    return _as_searches(who, mate, other, above, total - renewed), float(searched.mean())


def _as_searches(
    who: NDArray[np.int64], mate: Floats, other: Floats, above: NDArray[np.int64], size: int
) -> pl.DataFrame:
    """Return SEARCHES of these people; a probe without a mate's score is non-mated."""
    frame = pl.DataFrame({"who": who, "above": above, "mate": mate, "other": other})
    found = frame.with_columns(mated=pl.col("mate").is_not_nan()).select(
        fold=pl.lit(0),
        probe_id=pl.format("x{}/new", "who"),
        subject_id=pl.format("x{}", "who"),
        mated="mated",
        gallery_size=pl.lit(size),
        mate_rank=pl.when("mated").then(1 + pl.col("above")),
        mate_score=pl.when("mated").then("mate"),
        other_score="other",
    )
    return found.select(pl.col(name).cast(kind) for name, kind in SEARCHES.items())


def relinked(
    model: synthetic.TemplateModel,
    people: pl.DataFrame,
    renewed: int,
    threshold: float,
    *,
    seed: int = 0,
) -> pl.DataFrame:
    """Return the share of people with a new key whom face and columns link again (RELINKED).

    A person is relinked if their own old record comes first and at or above the threshold (1 - FNIR
    at rank 1); a newcomer is falsely linked if any record reaches it (FPIR). One row for each of
    FILTERS, with 95 % intervals over people. See `_renewal_searches`.
    """
    rows = []
    for name, columns in FILTERS.items():
        searches, searched = _renewal_searches(model, people, renewed, columns=columns, seed=seed)
        rate = open_set_rates(searches, [threshold])
        each = rate.row(0, named=True)
        rows.append(
            {
                "filter": name,
                "threshold": threshold,
                "relinked": 1 - each["fnir"],
                "relinked_low": 1 - each["fnir_high"],
                "relinked_high": 1 - each["fnir_low"],
                "false_links": each["fpir"],
                "false_links_low": each["fpir_low"],
                "false_links_high": each["fpir_high"],
                "searched": searched,
                "renewed": renewed,
                "newcomers": renewed,
            }
        )
    return pl.DataFrame(rows, schema=RELINKED)


def _space(digits: int) -> Iterator[list[bytes]]:
    """Yield every value of the fictional format, letter by letter."""
    tails = [f"{tail:0{digits}}".encode() for tail in range(10**digits)]
    for letter in string.ascii_uppercase:
        first = letter.encode()
        yield [first + tail for tail in tails]


def _blocks(
    cells: NDArray[np.uint32], who: NDArray[np.int64], records: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield places in `who` that share a cell, and the cell's first records."""
    order = np.argsort(cells[:records], kind="stable")
    held = cells[:records][order]
    for cell in np.unique(cells[who]):
        first, last = np.searchsorted(held, [cell, cell + np.uint32(1)])
        yield np.flatnonzero(cells[who] == cell), order[first:last]
