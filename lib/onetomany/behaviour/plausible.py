"""Check that positions are people's, in metres and seconds, before any rate is computed.

People walk at 0.5 to 2 m/s. In a wrong unit they seem to move 100 times as fast (centimetres), 3.3
times as fast (feet) or 25 times slower (frames taken for seconds). The check measures the speed of
people who cover some distance, over a second or four positions, so that a jitter of centimetres
doesn't count. It takes the speed at which a person covers half of their way, so that people who
mostly queue are judged by their walking.
"""

from dataclasses import dataclass

import polars as pl

from onetomany.errors import InputError

SPRINT = 12.0  # m/s, faster than people run (Bolt reached 12.4 over 20 m)
SLACK = 2.0  # m by which annotated positions jump
WALK_MOST = 2.2  # m/s: half of a crowd is not faster, except in a race
FEW = 3  # least people for judging a crowd's speed
FEET = 7.0  # m/s: walkers in feet seem no faster
RUN = 2.6  # m/s: nobody walks so fast
TRAVELS = 3.0  # m: somebody who gets so far walks
FASTER = 0.97  # share of a person's speeds beyond which they may be jumps
CRAWL = 0.65  # m/s: slower walkers, with times counted 1, 2, 3, mean frames
ROWS, OWN = 20, 0.8  # positions from which on, and share of them above which, ids show nothing
TWO_UNITS, MORE = 0.1, 20.0  # share of long steps, and how many times longer, of two units
NARROW = 1.05  # m: three people don't fit into a scene this narrow


@dataclass(frozen=True)
class Pace:
    """Store how people move: median `speed` (m/s) of the `walkers`.

    `speed` is None if nobody covers some distance. `running` is the share of walkers at RUN or
    more, `ran` their median speed, `rest` that of the others.
    """

    speed: float | None = None
    walkers: int = 0
    running: float = 0.0
    ran: float = 0.0
    rest: float = 0.0


def _measure_pace(frame: pl.DataFrame, steps: pl.Series) -> Pace:
    """Return how people move, from positions by person and time with their stretches.

    `steps` are the times (s) between two positions of a person.
    """
    far = frame.group_by("person").agg(
        reach=((pl.col("x").max() - pl.col("x").min()) ** 2
               + (pl.col("y").max() - pl.col("y").min()) ** 2).sqrt()
    ).filter(pl.col("reach") >= TRAVELS)["person"]  # fmt: skip
    lasts = frame.group_by("stretch").agg(pl.col("t").max() - pl.col("t").min())["t"]
    lasts = lasts.filter(lasts > 0)
    if not lasts.len():
        return Pace()
    usual = float(lasts.median()) / 2  # type: ignore[arg-type]
    over = max(min(1.0, usual), 4 * float(steps.median()))  # type: ignore[arg-type]
    moving = _over(frame.filter(pl.col("person").is_in(far.implode())), over)
    # a jump counts as a fast step, otherwise one jump could be half of a way
    step_far = pl.min_horizontal("speed", pl.col("speed").quantile(FASTER))
    covered = step_far.cum_sum() / step_far.sum()
    speeds = (
        moving.sort("person", "speed")
        .filter(covered.over("person") >= 0.5)
        .group_by("person")
        .agg(pl.col("speed").first())["speed"]
    )
    if not len(speeds):
        return Pace()
    fast, slow = speeds.filter(speeds >= RUN), speeds.filter(speeds < RUN)
    middle, ran, rest = (
        float(each.median()) if len(each) else 0.0  # type: ignore[arg-type]
        for each in (speeds, fast, slow)
    )
    return Pace(middle, len(speeds), len(fast) / len(speeds), ran, rest)


def find_jumps(frame: pl.DataFrame) -> pl.DataFrame:
    """Return impossible steps: the frame's rows with `far` (m) and `dt` (s)."""
    same = pl.col("person") == pl.col("person").shift()  # also after a time unseen
    dt = pl.col("t").diff()
    far = (pl.col("x").diff() ** 2 + pl.col("y").diff() ** 2).sqrt()
    return frame.with_columns(far=far, dt=dt).filter(same, far > SPRINT * dt + SLACK)


def check_units(frame: pl.DataFrame, gap_s: float, *, seconds: bool = False) -> Pace:
    """Refuse positions that can't be metres and seconds; return how people move.

    `seconds` says that times are known to be seconds: then a very slow crowd is accepted. Raises
    InputError with the likely reason.
    """
    people = frame["person"].n_unique()
    same = pl.col("person") == pl.col("person").shift()
    steps = frame.select(dt=pl.col("t").diff(), same=same).filter("same")["dt"]
    _check_steps(frame.height, people, steps, gap_s, seconds)
    found = _measure_pace(frame, steps) if len(steps) else Pace()
    low_high = frame.select(
        (pl.col("x").max() - pl.col("x").min()).alias("x"),
        (pl.col("y").max() - pl.col("y").min()).alias("y"),
    )
    if people >= FEW and low_high.select(pl.max_horizontal("x", "y")).item() <= NARROW:
        raise InputError(
            f"All {people:,} people stay within {NARROW:g} m: x and y are likely kilometres, "
            "degrees or shares of the picture, not metres.",
            f"{people:,}명 모두가 {NARROW:g} m 안에 있다. x와 y가 미터가 아니라 킬로미터, 도, "
            "또는 화면의 "
            "비율인 듯하다.",
        )
    if found.speed is not None:
        _check_speed(found, found.speed, not seconds and bool((frame["t"] % 1 == 0).all()))
    return found


def _check_steps(
    positions: int, people: int, steps: pl.Series, gap_s: float, seconds: bool
) -> None:
    """Refuse ids that never recur, positions too seldom, and two units of time in one file.

    `steps` are the times between two positions of a person.
    """
    if positions >= ROWS and people > OWN * positions:
        raise InputError(
            f"{positions:,} positions have {people:,} ids, so nobody can be followed: the "
            "columns are in another order, or each position has an id of its own.",
            f"위치 {positions:,}개에 id가 {people:,}개라 아무도 따라갈 수 없다. 열의 순서가 "
            "다르거나 위치마다 다른 id가 붙어 있다.",
        )
    if not len(steps):
        return
    step = float(steps.median())  # type: ignore[arg-type]
    if step > gap_s:
        often = f"give a position at least every {gap_s:g} s"
        likely, likely_ko = f"they are taken too seldom; {often}", "위치를 너무 드물게 적었다"
        if not seconds:
            likely = (
                "t is likely in milliseconds or frames (divide it by 1,000 or by the frame rate), "
                f"or positions are taken too seldom ({often})"
            )
            likely_ko = (
                "t가 밀리초나 장면 번호인 듯하다. 1,000이나 초당 장면 수로 나누어야 한다. 초가 "
                "맞다면 위치를 너무 드물게 적은 것이다"
            )
        raise InputError(
            f"A person's positions are {step:g} apart in t, as seconds too far to follow anybody "
            f"(at most {gap_s:g}): {likely}.",
            f"한 사람의 위치가 t로 {step:g}씩 떨어져 있어, 초라면 따라갈 수 없다(많아야 "
            f"{gap_s:g}). {likely_ko}.",
        )
    _refuse_two_units(steps, step, gap_s)


def _refuse_two_units(steps: pl.Series, step: float, gap_s: float) -> None:
    """Refuse times of which many are far apart, beside their median `step`."""
    late = steps.filter(steps > gap_s)
    usual = float(late.median() or 0)  # type: ignore[arg-type]
    if len(late) > TWO_UNITS * len(steps) and usual > MORE * step:
        raise InputError(
            f"{len(late):,} of {len(steps):,} steps in t are about {usual:.4g}, the "
            f"others {step:.3g}: t is likely in seconds in one part of the file and in "
            "milliseconds or frames in another.",
            f"t의 간격 {len(steps):,}개 가운데 {len(late):,}개는 {usual:.4g}쯤이고 "
            f"나머지는 {step:.3g}이다. 한 파일에 초와 밀리초(또는 장면 번호)가 섞인 듯하다.",
        )


def _check_speed(found: Pace, speed: float, counted: bool) -> None:
    if speed > SPRINT or (speed > WALK_MOST and found.walkers >= FEW):
        likely, likely_ko = (
            (
                "feet (times 0.3048 are metres), or t runs too fast (the wrong frame rate), or "
                "positions shake",
                "x와 y가 피트(0.3048을 곱하면 미터)이거나, 초당 장면 수가 틀렸거나, 위치가 심하게 "
                "흔들리는 듯하다.",
            )
            if speed < FEET
            else (
                "centimetres, millimetres, inches or pixels (one of the two is enough), or t in "
                "minutes, or the frame rate too high",
                "x나 y가 센티미터, 밀리미터, 인치, 픽셀이거나, t가 분이거나, 초당 장면 수가 너무 "
                "큰 듯하다.",
            )
        )
        raise InputError(
            f"The median of {found.walkers:,} who walk moves at {speed:.3g} m/s, and people walk "
            f"at 0.5 to 2: x and y are likely in {likely}.",
            f"걷는 {found.walkers:,}명의 속력 중앙값이 {speed:.3g} m/s다. 사람은 0.5~2 m/s로 "
            f"걷는다. {likely_ko}",
        )
    if counted and speed < CRAWL:
        raise InputError(
            f"The median of {found.walkers:,} who walk moves at {speed:.2g} m/s, and t has whole "
            "numbers only: t likely counts frames; divide it by the frame rate (if it is seconds, "
            "say so: --fps 1, or seconds=True).",
            f"걷는 {found.walkers:,}명의 속력 중앙값이 {speed:.2g} m/s이고 t가 모두 정수다. t가 "
            "장면 번호인 듯하다. 초당 장면 수로 나누어야 한다(초가 맞으면 초당 장면 수에 1을 "
            "적는다).",
        )


def _over(frame: pl.DataFrame, seconds: float) -> pl.DataFrame:
    """Return the speed from the first position at least `seconds` earlier to each position."""
    earlier = frame.select("stretch", key=pl.col("t"), t_0="t", x_0="x", y_0="y")
    return (
        frame.with_columns(key=pl.col("t") - seconds + 1e-6)
        .join_asof(earlier, on="key", by="stretch", strategy="backward", check_sortedness=False)
        .filter(pl.col("t_0").is_not_null())
        .with_columns(
            speed=((pl.col("x") - pl.col("x_0")) ** 2 + (pl.col("y") - pl.col("y_0")) ** 2).sqrt()
            / (pl.col("t") - pl.col("t_0"))
        )
    )
