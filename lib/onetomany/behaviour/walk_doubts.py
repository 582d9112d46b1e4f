"""Name likely faults of walks: cells, exchanged columns, speeds seldom people's."""

import re
from pathlib import Path

import polars as pl

from onetomany.errors import InputError
from onetomany.printing import Notice, add_notice
from .plausible import CRAWL, FEW, ROWS, WALK_MOST, Pace

MIXED = 0.2  # share of runners among walkers that a crowd seldom has
EVEN, CLOCK = 0.01, 0.9  # how equal steps are, and which share of them, of a clock
SMOOTHER = 3.0  # how many times shorter steps are if two columns were exchanged
TIMES = 2.5  # how many times faster than the others they are, if feet are mixed with metres
_THOUSANDS = re.compile(r"[-+]?\d{1,3}([,.' \u00a0]\d{3})+([.,]\d+)?")
_TIME = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b.*|.*\d{1,2}:\d\d.*|\d{8}T\d+.*")
_WITH_UNIT = re.compile(r"[-+]?\d+([.,]\d+)?\s*[^\W\d_]+\.?")
_UNIT = re.compile(r"-|s|secs?|seconds|ms|min|h|[cmk]?m|ft|feet|in|px")


def judge_pace(path: Path, pace: Pace, notices: list[Notice], *, stated: bool) -> None:
    """Add notices of how fast people are; refuse two paces that look like units.

    `stated` says that the user named the unit of x and y. Raises InputError with the likely reason.
    """
    if pace.speed is None:
        add_notice(
            notices,
            "All walks are shorter than 3 m, so the file does not show whether it is in metres.",
            "3 m 이상 간 사람이 없어, 단위가 미터인지 파일로는 알 수 없다.",
        )
        return
    add_notice(
        notices,
        f"Taken as metres and seconds: the median of {pace.walkers:,} who walk makes "
        f"{pace.speed:.2g} m/s.",
        f"미터와 초로 보았다. 걷는 {pace.walkers:,}명의 속력 중앙값은 {pace.speed:.2g} m/s다.",
    )
    if not stated:
        _refuse_mixed(path, pace)
    if pace.speed < CRAWL:
        add_notice(
            notices,
            "That is slow: people usually walk at 0.5 to 2 m/s. Check the unit of x and y and the "
            "frames a second before you use any rate below.",
            "느리다. 사람은 보통 0.5~2 m/s로 걷는다. 아래 비율을 쓰기 전에 x와 y의 단위와 초당 "
            "장면 수를 확인해야 한다.",
        )
    elif pace.speed > WALK_MOST:
        add_notice(
            notices,
            f"That is fast for so few people ({pace.walkers:,}): check that x and y are not in "
            "feet before you use any rate below.",
            f"{pace.walkers:,}명뿐인데 빠르다. 아래 비율을 쓰기 전에 x와 y가 피트는 아닌지 "
            "확인해야 한다.",
        )


def _refuse_mixed(path: Path, pace: Pace) -> None:
    """Refuse two paces that look like two units."""
    if pace.walkers >= 2 * FEW and pace.running >= MIXED and pace.ran >= TIMES * pace.rest > 0:
        raise InputError(
            f"{path}: of {pace.walkers:,} who walk, {pace.running:.0%} move at about "
            f"{pace.ran:.2g} m/s and the others at {pace.rest:.2g}: x and y are likely in feet for "
            "some and in metres for others; bring all to one unit (if the runners are real, name "
            "the unit: --unit m).",
            f"{path}: 걷는 {pace.walkers:,}명 가운데 {pace.running:.0%}는 {pace.ran:.2g} m/s쯤, "
            f"나머지는 {pace.rest:.2g} m/s로 움직인다. 한 파일에 피트와 미터가 섞인 듯하니 한 "
            "단위로 맞춰야 한다(실제로 뛴 것이라면 단위를 m로 적는다).",
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


def likely_cause(cell: str) -> tuple[str, str]:
    """Return the likely nature of a cell and the remedy, in English and Korean.

    >>> likely_cause("1,234.5")[0]
    'thousands are separated; write 1234.5'
    """
    text = cell.strip()
    if _THOUSANDS.fullmatch(text):
        return (
            "thousands are separated; write 1234.5",
            "천 단위 구분 기호가 있다. 1234.5처럼 적어야 한다",
        )
    if _TIME.fullmatch(text):
        return (
            "it is a time in a form that could be read in two ways; write year, month, day, as in "
            "2026-01-31T12:00:00.25",
            "날짜나 시각의 형식이 분명하지 않다. 연, 월, 일 순서로 2026-01-31T12:00:00.25처럼 "
            "적어야 한다",
        )
    if _UNIT.fullmatch(text.lower().strip("[]()")):
        return (
            "this is a row of units; delete it and write them into the names, such as x_cm, t_ms",
            "단위만 적힌 줄이다. 지우고 x_cm, t_ms처럼 열 이름에 적어야 한다",
        )
    if _WITH_UNIT.fullmatch(text):
        return (
            "write the unit into the column's name, such as x_cm, and numbers alone below it",
            "단위는 x_cm처럼 열 이름에 적고 그 아래에는 수만 적어야 한다",
        )
    return (
        "leave out people while they are not seen",
        "보이지 않는 동안의 줄은 빼야 한다",
    )
