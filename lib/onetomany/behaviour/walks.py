"""Read a user's walks: CSV with id, t, x, y, or MOT text with metres on the ground.

Units come from an option or from the names of columns (x_cm, x/m, t_ms, frame), never from a guess.
The resulting speeds are compared with human walking speeds (`plausible`).
"""

import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from onetomany.errors import InputError
from onetomany.printing import add_notice
from onetomany.tracking.mot import open_mot
from onetomany.tracking.numbers_text import Notices, NumbersText, read_numbers
from .motion import GAP_S, row_place, split_stretches
from .plausible import Pace, check_units, find_jumps
from .walk_doubts import judge_pace, likely_cause, refuse_exchanged

MAX_BYTES = 512 << 20
UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001, "km": 1000.0, "ft": 0.3048}
MANY_JUMPS = 0.2  # share of people with impossible steps above which the file is refused
_TIMES = {"s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e-3, "min": 60.0}
_NAMES = {
    "id": "id person person_id pers_id persid ped_id pedestrian_id pedestrian track_id trackid "
    "track agent_id agent true_id hypothesis object_id obj_id name",
    "t": "t time timestamp ts clock",
    "frame": "frame frame_id frameid frame_number frame_no fr",
    "x": "x pos_x x_pos world_x",
    "y": "y pos_y y_pos world_y",
}
_KNOWN = {name: column for column, names in _NAMES.items() for name in names.split()}
_WITH_UNIT = re.compile(r"^(.+?)[_/(\[ ]+([a-z]+)[)\]]?$")


@dataclass(frozen=True)
class Walks:
    """Store positions in metres and seconds: `frame` has id, t, x, y, line.

    `notices` report unusual things in the file; `left_out` has `id` and `reason` of people whose
    positions can't be one person's. `seconds` says that the unit of time was given.
    """

    frame: pl.DataFrame
    notices: Notices
    left_out: pl.DataFrame
    pace: Pace
    seconds: bool

    @property
    def people(self) -> pl.Series:
        """Return everybody whose walk is used, once, in order."""
        return self.frame["id"].unique().sort()


def read_walks(path: Path, *, unit: str | None = None, fps: float | None = None) -> Walks:
    """Read walks from CSV (id, t, x, y) or from MOT text whose x and y are metres.

    `unit` is that of x and y (UNITS; metres unless it or a column's name says otherwise); `fps` the
    frames a second, if t counts frames. Times may be ISO 8601, either all with a time zone or all
    without. Raises InputError, naming file and line, for values that are missing or not numbers,
    for somebody at two places at once, and for speeds that show wrong units.
    """
    if unit is not None and unit not in UNITS:
        raise InputError(
            f"There is no unit '{unit}': give one of {', '.join(UNITS)}.",
            f"없는 단위다: '{unit}'. {', '.join(UNITS)} 가운데 하나를 적는다.",
        )
    if fps is not None and not 0 < fps <= 1000:
        raise InputError(
            f"The frames a second are {fps:g}: give a number above 0 and up to 1,000.",
            f"초당 장면 수 {fps:g}: 0보다 크고 1,000 이하인 수를 적는다.",
        )
    text = read_numbers(path, max_bytes=MAX_BYTES, kind="a list of walks")
    if _is_mot(text):
        frame, notices = _from_mot(path, fps)
        scale, known = UNITS[unit or "m"], True
    else:
        notices = list(text.notices)
        frame, scale, known = _from_table(text, unit, fps, notices)
    frame = frame.with_columns(pl.col("x", "y") * scale)
    refuse_exchanged(path, frame)
    found = _checked(path, frame, notices, known)
    judge_pace(path, found.pace, notices, stated=unit is not None)
    return found


def _checked(path: Path, frame: pl.DataFrame, notices: Notices, known: bool) -> Walks:
    try:
        ordered = split_stretches(frame, "id")
        bad = find_jumps(ordered)
        people = ordered["person"].n_unique()
        wrong = bad.group_by("person", maintain_order=True).first()
        rest = ordered.filter(~pl.col("person").is_in(wrong["person"].implode()))
        found = check_units(rest if rest.height else ordered, GAP_S, seconds=known)
    except InputError as error:
        raise InputError(f"{path}: {error}", f"{path}: {error.ko}" if error.ko else "") from None
    places = [row_place(frame, row) for row in wrong.iter_rows(named=True)]
    reasons = wrong.select(
        id="person",
        reason=pl.format(
            "{}: {} m in {} s",
            pl.Series(places, dtype=pl.String),
            pl.col("far").round(1),
            pl.col("dt").round(3),
        ),
    )
    if len(reasons) > MANY_JUMPS * people:
        raise InputError(
            f"{path}: {len(reasons):,} of {people:,} people move impossibly, the first at "
            f"{reasons['reason'][0]}: are x and y in metres and t in seconds? If so, ids were "
            "given to several people.",
            f"{path}: {people:,}명 가운데 {len(reasons):,}명이 사람이 낼 수 없는 움직임을 "
            "보인다(처음은 "
            f"{reasons['reason'][0]}). x와 y가 미터, t가 초인가? 그렇다면 여러 사람에게 같은 "
            "id가 붙어 있다.",
        )
    used = frame.filter(~pl.col("id").is_in(reasons["id"].implode()))
    return Walks(used, notices, reasons, found, known)


def _is_mot(text: NumbersText) -> bool:
    if text.names is None:
        return len(text.texts) in (9, 10)
    return any(name.startswith(("bb_", "bbox_")) for name in text.names)


def _from_mot(path: Path, fps: float | None) -> tuple[pl.DataFrame, Notices]:
    boxes, notices = open_mot(path)
    if boxes["x"].null_count() == boxes.height:
        raise InputError(
            f"{path} has boxes in pixels and no x and y in metres: rules need a ground "
            "calibration.",
            f"{path}에는 픽셀 상자만 있고 미터로 된 x, y가 없다. 규칙에는 바닥 보정이 필요하다.",
        )
    if fps is None:
        raise _needs_rate(path)
    lost = boxes["x"].null_count()
    if lost:
        add_notice(
            notices,
            f"{lost:,} of {boxes.height:,} boxes have no metres and are left out.",
            f"상자 {boxes.height:,}개 가운데 {lost:,}개는 미터 좌표가 없어 뺐다.",
        )
    frame = boxes.drop_nulls(["x", "y"]).select(
        "id", t=(pl.col("frame") - 1) / fps, x="x", y="y",
        line=pl.format("with frame {}", "frame"),
    )  # fmt: skip
    return frame, notices


def _from_table(
    text: NumbersText, unit: str | None, fps: float | None, notices: Notices
) -> tuple[pl.DataFrame, float, bool]:
    places, units = _columns(text, notices)
    remarked = _frame_rate(text)
    if remarked and fps is None and "t" not in places:
        fps = remarked
        add_notice(
            notices,
            f"{fps:g} frames a second, as a comment in the file says.",
            f"초당 {fps:g}장면. 파일의 설명 줄에 적힌 값이다.",
        )
    columns = {name: _numbers(text, places[name], name) for name in ("x", "y")}
    columns["id"] = text.texts[places["id"]]
    text.refuse(columns["id"] == "", "the id is missing", ko="id가 없다")
    times, known = _times(text, places, units, fps)
    frame = pl.DataFrame({**columns, "t": times, "line": text.line})
    if (number := frame["id"].cast(pl.Int64, strict=False)).null_count() == 0:
        frame = frame.with_columns(id=number)
    named = units.get("x", unit or "m")
    if named != units.get("y", named):
        raise InputError(
            f"{text.path}: x is in {named}, y in {units['y']}: give both in one unit.",
            f"{text.path}: x는 {named}, y는 {units['y']}다. 한 단위로 맞춰야 한다.",
        )
    if named not in UNITS:
        raise InputError(
            f"{text.path}: x is in '{named}': give one of {', '.join(UNITS)}.",
            f"{text.path}: x의 단위가 '{named}'다. {', '.join(UNITS)} 가운데 하나여야 한다.",
        )
    if unit and "x" in units and unit != named:
        raise InputError(
            f"{text.path}: --unit says {unit}, the names of columns say {named}.",
            f"{text.path}: 고른 단위는 {unit}, 열 이름의 단위는 {named}다.",
        )
    return frame, UNITS[named], known


def _columns(text: NumbersText, notices: Notices) -> tuple[dict[str, int], dict[str, str]]:
    """Return the places of id, t or frame, x, y, and the units in their names."""
    many = len(text.texts)
    names = text.names or _remarked_names(text, many)
    if names is None:
        if many != 4:
            raise InputError(
                f"{text.path}: {many} columns without names: write a first line such as id,t,x,y.",
                f"{text.path}: 이름 없는 열이 {many}개다. 첫 줄에 id,t,x,y처럼 이름을 적어야 한다.",
            )
        add_notice(
            notices,
            "Columns have no names and are taken as id, t, x, y.",
            "열에 이름이 없어 id, t, x, y 순서로 보았다.",
        )
        names = ("id", "t", "x", "y")
    places: dict[str, int] = {}
    units: dict[str, str] = {}
    for place, name in enumerate(names):
        found = _KNOWN.get(name)
        told = _WITH_UNIT.match(name)
        if found is None and told and told[1] in _KNOWN:
            found, units[_KNOWN[told[1]]] = _KNOWN[told[1]], told[2]
        if found in places:
            raise InputError(
                f"{text.path}: two columns are taken as {found}: name one of them.",
                f"{text.path}: {found}로 볼 열이 둘이다. 하나의 이름을 바꾸어야 한다.",
            )
        if found:
            places[found] = place
    missing = [name for name in ("id", "x", "y") if name not in places]
    if "t" not in places and "frame" not in places:
        missing.append("t")
    if missing:
        raise InputError(
            f"{text.path}: no column is called {', '.join(missing)} (there are "
            f"{', '.join(names)}); name them id, t, x, y.",
            f"{text.path}: {', '.join(missing)} 열이 없다(있는 열: {', '.join(names)}). 이름을 "
            "id, t, x, y로 적어야 한다.",
        )
    return places, units


def _remarked_names(text: NumbersText, many: int) -> tuple[str, ...] | None:
    """Return names in a comment, as in files of crowd experiments: # id frame x/m y/m z/m."""
    for remark in reversed(text.remarks):
        names = tuple(re.split(r"[\s,;]+", remark.strip("#%/ \t").lower()))
        if len(names) == many and sum(name.split("/")[0] in _KNOWN for name in names) >= 4:
            return names
    return None


def _frame_rate(text: NumbersText) -> float | None:
    for remark in text.remarks:
        if told := re.search(r"frame\s*rate\D*(\d+(?:\.\d+)?)", remark, re.I):
            return float(told[1])
    return None


def _times(
    text: NumbersText, places: dict[str, int], units: dict[str, str], fps: float | None
) -> tuple[pl.Series, bool]:
    """Return seconds, and whether their unit was given."""
    if "frame" in places and "t" not in places:
        if fps is None:
            raise _needs_rate(text.path)
        return _numbers(text, places["frame"], "frame") / fps, True
    told = units.get("t")
    if told is not None and told not in _TIMES:
        raise InputError(
            f"{text.path}: t is in '{told}': give one of {', '.join(_TIMES)}.",
            f"{text.path}: t의 단위가 '{told}'다. {', '.join(_TIMES)} 가운데 하나여야 한다.",
        )
    cells = text.texts[places["t"]]
    if cells.str.contains(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d").any():
        return _clock(text, cells), True
    times = _numbers(text, places["t"], "t")
    if fps is not None:
        if told is not None or bool((times % 1 != 0).any()):
            raise InputError(
                f"{text.path}: --fps is for times that count frames, and t is in seconds already.",
                f"{text.path}: t가 이미 초로 되어 있다. 초당 장면 수는 장면을 셀 때만 적는다.",
            )
        return times / fps, True
    return times * _TIMES[told or "s"], told is not None


def _needs_rate(path: Path) -> InputError:
    return InputError(
        f"{path} counts frames: give the frames a second, such as --fps 25.",
        f"{path} 파일은 시각 대신 장면 번호를 적었다. 초당 장면 수를 적어야 한다(예: 25).",
    )


def _clock(text: NumbersText, cells: pl.Series) -> pl.Series:
    """Return seconds from ISO 8601 times, all with a time zone or all without."""
    zone = cells.str.contains(r"(Z|[+-]\d\d:?\d\d)$")
    odd = zone if zone.sum() * 2 <= len(zone) else ~zone
    kind = (
        "has a time zone, others have none" if zone.sum() * 2 <= len(zone) else "has no time zone"
    )
    if zone.any() and not zone.all():
        text.refuse(
            odd,
            f"the time {kind}: write all with their offset, such as +09:00",
            ko="시간대가 적힌 시각과 적히지 않은 시각이 섞여 있다. 모두 +09:00처럼 적어야 한다",
        )
    plain = cells.str.replace("T", " ", literal=True).str.replace(r"Z$", "+00:00")
    form = "%Y-%m-%d %H:%M:%S%.f" + ("%:z" if zone.all() else "")
    times = plain.str.to_datetime(form, strict=False, time_zone="UTC" if zone.all() else None)
    text.refuse(
        times.is_null(),
        "the time can't be read: write 2026-01-31T12:00:00.25",
        ko="시각을 읽을 수 없다. 2026-01-31T12:00:00.25처럼 적어야 한다",
    )
    return (times - times.min()).dt.total_microseconds() / 1e6


def _numbers(text: NumbersText, place: int, name: str) -> pl.Series:
    numbers = text.numbers[place]
    bad = ~numbers.is_finite().fill_null(value=False)
    if bad.any():
        en, ko = likely_cause(text.texts[place][int(bad.arg_true()[0])])
        text.refuse(
            bad,
            f"'{name}' is not a number ({{value}}); {en}",
            place,
            ko=f"'{name}' 값이 수가 아니다({{value}}). {ko}",
        )
    return numbers
