"""Cut ten links out of a simulated track, among them the first wrong one, to be told by scrolling.

For simulated people only: which link is wrong is known because nobody real was followed.
"""

import re
from typing import Any

import polars as pl

from onetomany.errors import InputError

LINKS = 10

# where a camera of the kit's terminal hangs: "c13-security-3" -> "Security 3"
_PLACES = {
    "door": ("Door", "출입문"),
    "counters": ("Check-in counters", "수속대"),
    "opening": ("Before security", "보안 검색 앞"),
    "security": ("Security queue", "보안 검색 줄"),
    "lane": ("Security lane", "보안 검색대"),
    "behind-security": ("Behind security", "보안 검색 뒤"),
    "immigration": ("Immigration queue", "출입국 심사 줄"),
    "desk": ("Immigration desk", "출입국 심사대"),
    "hall": ("Hall", "홀"),
    "shops": ("Shops", "상점가"),
    "gates": ("Gates", "탑승구 구역"),
    "gate": ("Gate", "탑승구"),
}
_SIDES = {
    "north": ("north", "북쪽"),
    "south": ("south", "남쪽"),
    "east": ("east", "동쪽"),
    "west": ("west", "서쪽"),
    "mid": ("middle", "가운데"),
}


def track_story(
    dossier: pl.DataFrame, outlines: pl.DataFrame, *, start: float, links: int = LINKS
) -> dict[str, Any]:
    """Return part of one track as JSON, for `prose.show_story`.

    `dossier` has the columns of `dossier.DOSSIER`, `true_id` and `person` (who is followed);
    `outlines` the corners of floor, walls and views (`kind`, `ring`, `step`, `x`, `y`, in m). Times
    are minutes after `start` (s). The part has `links` links, or all if the track has fewer; the
    first wrong one lies in its second half, so that both days are seen.

    Raises InputError for a track without a wrong link: there would be nothing to tell.

    Example:
        >>> track_story(dossier, outlines, start=0.0)["right"]  # doctest: +SKIP
        8
    """
    rows = dossier.sort("t_start", "t_end", maintain_order=True).with_columns(
        right=pl.col("true_id") == pl.col("true_id").shift(),  # null for the first
        own=pl.col("true_id") == pl.col("person"),
    )
    wrong = rows["right"].eq(other=False).fill_null(value=False).arg_true().to_list()
    if not wrong:
        raise InputError("This track has no wrong link: take another passenger, or poorer faces.")
    # the link at row i leads from row i-1: a part of n links has n+1 rows
    first = min(max(0, wrong[0] - links // 2 - 1), max(0, len(rows) - links - 1))
    part = rows.slice(first, links + 1)
    steps = [_step(row, start) for row in part.iter_rows(named=True)]
    told = part.slice(1)  # the links between them
    return {
        "steps": steps,
        "links": len(told),
        "right": int(told["right"].sum()),
        "expected": round(float(told["probability"].sum()), 1),
        "other_sightings": int((~rows["own"]).sum()),
        "sightings": len(rows),
        "plan": _plan(outlines),
    }


def _step(row: dict[str, Any], start: float) -> dict[str, Any]:
    english, korean = _camera_place(row["camera_id"])
    probability = row["probability"]
    return {
        "minute": round((row["t_start"] - start) / 60),
        "place": english,
        "place_ko": korean,
        "x": round(row["x"], 1),
        "y": round(row["y"], 1),
        "sure": None if probability is None else min(99, int(100 * probability)),
        "right": row["right"],
        "own": row["own"],
    }


def _plan(outlines: pl.DataFrame) -> dict[str, Any]:
    shapes = outlines.filter(pl.col("kind").is_in(["floor", "wall", "view"])).sort("ring", "step")
    rings = [
        {
            "kind": ring["kind"][0],
            "points": " ".join(f"{x:g},{y:g}" for x, y in ring.select("x", "y").iter_rows()),
        }
        for ring in shapes.partition_by("ring", maintain_order=True)
    ]
    width, height = (float(outlines[name].max()) for name in ("x", "y"))  # type: ignore[arg-type]
    return {"width": width, "height": height, "rings": rings}


def _camera_place(camera_id: str) -> tuple[str, str]:
    """Return where a camera hangs, in words; its own name if it isn't one of the kit's terminal.

    Example:
        >>> _camera_place("c13-security-3"), _camera_place("lobby")
        (('Security queue 3', '보안 검색 줄 3'), ('lobby', 'lobby'))
    """
    name = re.sub(r"^c\d+-", "", camera_id)
    longest = sorted(_PLACES, key=len, reverse=True)
    kind = next((each for each in longest if name.startswith(each)), "")
    if not kind:
        return camera_id, camera_id
    more = [_SIDES.get(part, (part, part)) for part in name[len(kind) :].split("-") if part]
    english, korean = _PLACES[kind]
    return (
        " ".join([english, *(part[0] for part in more)]),
        " ".join([korean, *(part[1] for part in more)]),
    )
