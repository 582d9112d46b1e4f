"""Doubt speeds that are possible, but seldom people's: told in a notice, or refused if mixed."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from onetomany.errors import InputError
from onetomany.printing import Notice, add_notice
from .plausible import CRAWL, FEW, ROWS, WALK_MOST, Pace

MIXED = 0.2  # share of runners among walkers that a crowd seldom has
EVEN, CLOCK = 0.01, 0.9  # how equal steps are, and which share of them, of a clock
SMOOTHER = 3.0  # how many times shorter steps are if two columns were exchanged
TIMES = 2.5  # how many times faster than the others they are, if feet are mixed with metres


def add_doubts(path: Path, pace: Pace, notices: list[Notice], *, stated: bool) -> None:
    """Add a notice if people are slow or fast throughout; refuse two paces that look like units.

    `stated` says that the user named the unit of x and y. Raises InputError with the likely reason.
    """
    if pace.speed is None:
        return
    mixed = pace.walkers >= 2 * FEW and pace.running >= MIXED and pace.ran >= TIMES * pace.rest > 0
    if mixed and not stated:
        raise InputError(
            f"{path}: of {pace.walkers:,} who walk, {pace.running:.0%} move at about "
            f"{pace.ran:.2g} m/s and the others at {pace.rest:.2g}: x and y are likely in feet for "
            "some and in metres for others; bring all to one unit (if the runners are real, name "
            "the unit: --unit m).",
            f"{path}: 걷는 {pace.walkers:,}명 가운데 {pace.running:.0%}는 {pace.ran:.2g} m/s쯤, "
            f"나머지는 {pace.rest:.2g} m/s로 움직인다. 한 파일에 피트와 미터가 섞인 듯하니 한 "
            "단위로 맞출 것(실제로 뛴 것이라면 단위를 m로 정할 것).",
        )
    if pace.speed < CRAWL:
        add_notice(
            notices,
            "That is slow: people usually walk at 0.5 to 2 m/s. Check the unit of x and y and the "
            "frames a second before you use any rate below.",
            "느리다. 사람은 보통 0.5~2 m/s로 걷는다. 아래 비율을 쓰기 전에 x와 y의 단위와 초당 "
            "장면 수를 확인할 것.",
        )
    elif pace.speed > WALK_MOST:
        add_notice(
            notices,
            f"That is fast for so few people ({pace.walkers:,}): check that x and y are not in "
            "feet before you use any rate below.",
            f"{pace.walkers:,}명뿐인데 빠르다. 아래 비율을 쓰기 전에 x와 y가 피트는 아닌지 "
            "확인할 것.",
        )


def refuse_exchanged(path: Path, frame: pl.DataFrame) -> None:
    """Refuse walks (id, t, x, y) that become smooth if id and t are exchanged.

    Some sets write the time or frame first. Raises InputError.
    """
    _refuse_clock_in_place(path, frame)
    numbers = frame.select("x", "y", "t", id=pl.col("id").cast(pl.Float64, strict=False))
    if frame.height < ROWS or numbers["id"].null_count():
        return
    here, exchanged = _step(numbers, "id", "t"), _step(numbers, "t", "id")
    if here is not None and exchanged is not None and SMOOTHER * exchanged < here:
        raise InputError(
            f"{path}: positions go on smoothly only if id and t are exchanged ({exchanged:.2g} "
            f"instead of {here:.2g} m from one to the next): the time or frame is likely in the "
            "id's column; write a first line that names the columns, such as frame,id,x,y.",
            f"{path}: id와 t를 바꾸어야 위치가 매끄럽게 이어진다(다음 위치까지 {here:.2g} m가 "
            f"아니라 {exchanged:.2g} m). 시간이나 장면 번호가 id 자리에 있는 듯하다. "
            "frame,id,x,y처럼 열 이름을 적은 첫 줄을 넣을 것.",
        )


def _refuse_clock_in_place(path: Path, frame: pl.DataFrame) -> None:
    """Refuse walks whose x or y goes on in equal steps, as a clock does, and whose t doesn't."""
    ordered = frame.sort("id", "t")
    same = pl.col("id") == pl.col("id").shift()
    steps = ordered.select(pl.col("t", "x", "y").diff().abs(), same=same).filter("same")
    if steps.height < ROWS:
        return
    even = {
        name: steps.select(((pl.col(name) / pl.col(name).median() - 1).abs() < EVEN).mean()).item()
        for name in ("t", "x", "y")
    }
    for name in ("x", "y"):
        if (even[name] or 0) > CLOCK and (even["t"] or 0) < 1 - CLOCK:
            raise InputError(
                f"{path}: {name} goes on in equal steps, as a clock does, and t does not: the two "
                "columns are likely exchanged.",
                f"{path}: {name}가 시계처럼 일정하게 늘고 t는 그렇지 않다. 두 열이 바뀐 듯하다.",
            )


def _step(numbers: pl.DataFrame, who: str, when: str) -> float | None:
    """Return the median distance between consecutive positions of one `who`."""
    ordered = numbers.sort(who, when)
    far = (pl.col("x").diff() ** 2 + pl.col("y").diff() ** 2).sqrt()
    steps = ordered.select(far=far, same=pl.col(who) == pl.col(who).shift()).filter("same")["far"]
    return None if not len(steps) else float(steps.median())  # type: ignore[arg-type]
