"""Write the summary of a film's run in English and Korean: counts, doubts, known errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from onetomany.sources.films import FilmSheet
    from onetomany.tracking.film import FilmTracks
    from onetomany.tracking.ground import Ground

_SHORT = 1.0  # seconds
_RATES_DIFFER = 0.02
_LISTED = 10  # tracks by number

_WRONG = {
    "hog": (
        "OpenCV's own detector (HOG, 2005) is known to miss people who sit, bend, are half hidden, "
        "cut off by the edge or shown smaller than about {smallest} pixels, and to take upright "
        "things (a parked van, a sign, a post) for people. Two people close together may get one "
        "box. Its confidence is the margin of a classifier, not a probability.",
        "OpenCV에 든 검출기(HOG, 2005년)는 앉거나 굽힌 사람, 반쯤 가려진 사람, 화면 끝에 걸린 "
        "사람, 키가 약 {smallest}픽셀보다 작게 나온 사람을 자주 놓친다. 세워진 물건(주차된 승합차, "
        "표지판, 기둥)을 사람으로 잡기도 한다. 가까이 선 두 사람을 상자 하나로 묶을 수 있다. "
        "신뢰도는 분류기의 여유값일 뿐 확률이 아니다.",
    ),
    "yolox": (
        "YOLOX-S was trained on photographs from the web (COCO 2017). It misses people who are "
        "small, crowded or half hidden, and marks people in posters, mirrors and on screens.",
        "YOLOX-S는 웹에서 모은 사진(COCO 2017)으로 학습했다. 작게 나온 사람, 붐비는 곳의 사람, "
        "반쯤 가려진 사람을 놓치고, 포스터나 거울이나 화면 속 사람도 잡는다.",
    ),
}


_SYNTHETIC = (
    "The film is synthetic: nothing here was measured on real people.",
    "합성 영상이다. 실제 사람을 잰 값은 여기에 없다.",
)


@dataclass(frozen=True)
class _Counts:
    tracks: int
    boxes: int
    together: int  # tracks in one frame at most
    middle: float  # seconds that a track lasted, median
    short: int
    still: list[int]


def film_summary(
    sheet: FilmSheet, found: FilmTracks, ground: Ground | None, detector: str, *, whole: bool
) -> tuple[list[str], list[str]]:
    """Return the summary's paragraphs in English and in Korean."""
    from onetomany.tracking.people_detectors import HOG_HEIGHT

    counts = _counted(found.tracks, sheet.frames_per_second)
    pairs = [_SYNTHETIC] if sheet.kind == "synthetic" else []
    pairs += [_seen(sheet, found, counts), *_doubts(sheet, found, whole=whole)]
    if counts.tracks:
        pairs += [_lasted(counts), *_standing(counts)]
    smallest = f"{HOG_HEIGHT / sheet.enlarge / found.decoded.scale:.0f}"
    english, korean = _WRONG[detector]
    pairs.append((english.format(smallest=smallest), korean.format(smallest=smallest)))
    pairs += _placed(found.tracks, ground)
    pairs.append(
        (
            "No face was looked for, cropped or matched."
            + ("" if sheet.frames_may_be_shown else " By its datasheet no frame was written."),
            "얼굴을 찾거나 오려 내거나 대조하지 않았다."
            + (
                "" if sheet.frames_may_be_shown else " 데이터시트에 따라 화면 그림은 남기지 않았다."
            ),
        )
    )
    pairs.append((f"Credit: {sheet.credit}", f"출처: {sheet.credit}"))
    return [en for en, _ in pairs], [ko for _, ko in pairs]


def _counted(tracks: pl.DataFrame, rate: float) -> _Counts:
    from onetomany.tracking.film import still_tracks

    if not tracks.height:
        return _Counts(0, 0, 0, 0.0, 0, [])
    span = pl.col("frame").max() - pl.col("frame").min() + 1
    lasted = tracks.group_by("id").agg(seconds=span / rate)["seconds"]
    return _Counts(
        len(lasted),
        tracks.height,
        int(tracks.group_by("frame").len()["len"].to_numpy().max()),
        float(np.median(lasted.to_numpy())),
        int((lasted < _SHORT).sum()),
        still_tracks(tracks, frame_rate=rate),
    )


def _seen(sheet: FilmSheet, found: FilmTracks, counts: _Counts) -> tuple[str, str]:
    decoded = found.decoded
    last = decoded.first + decoded.frames - 1
    seconds = decoded.frames / sheet.frames_per_second
    looked = (
        f"Frames {decoded.first:,} to {last:,} of the film were looked at ({seconds:,.1f} s at "
        f"{sheet.frames_per_second:g} frames a second)."
    )
    looked_ko = (
        f"영상의 {decoded.first:,}번부터 {last:,}번 화면까지 보았다(초당 "
        f"{sheet.frames_per_second:g}장, {seconds:,.1f}초)."
    )
    if not counts.tracks:
        return (
            f"Nobody was found. {looked} The film may still show people: the "
            "detector's known errors are listed below.",
            f"찾은 사람이 없다. {looked_ko} 동선이 하나도 없다고 해서 사람이 없었다는 뜻은 아니다. "
            "검출기가 무엇을 놓치는지는 아래에 있다.",
        )
    return (
        f"{counts.tracks:,} tracks, at most {counts.together:,} at once, from {counts.boxes:,} "
        f"boxes. {looked} Numbers are tracks, not people: somebody lost and found again gets a new "
        "number, and two who cross may exchange theirs.",
        f"동선 {counts.tracks:,}개, 한 화면에 많아야 {counts.together:,}개, 상자 {counts.boxes:,}"
        f"개. {looked_ko} 번호는 사람이 아니라 동선이다. 놓쳤다가 다시 찾은 사람은 새 번호를 받고, "
        "엇갈린 두 사람은 번호가 뒤바뀔 수 있다.",
    )


def _doubts(sheet: FilmSheet, found: FilmTracks, *, whole: bool) -> list[tuple[str, str]]:
    """Return differences between the film's header and its datasheet, and frames left out."""
    from onetomany.tracking.film import LAST_FRAME, UNEVEN

    decoded, rate, doubts = found.decoded, sheet.frames_per_second, []
    if decoded.rate and abs(decoded.rate / rate - 1) > _RATES_DIFFER:
        doubts.append(
            (
                f"The file's header says {decoded.rate:g} frames a second, the datasheet "
                f"{rate:g}: times here follow the datasheet. All speeds depend on which is right.",
                f"파일 머리글에는 초당 {decoded.rate:g}장, 데이터시트에는 {rate:g}장으로 적혀 "
                "있다. 시각은 데이터시트를 따랐다. 어느 쪽이 맞느냐에 따라 모든 속도가 달라진다.",
            )
        )
    if decoded.uneven > UNEVEN:
        doubts.append(
            (
                f"{decoded.uneven:.0%} of the frames are unevenly spaced in time by the file's own "
                "clock: times counted by frames are off.",
                f"파일에 적힌 시각으로 보면 화면의 {decoded.uneven:.0%}가 고르지 않은 간격이다. "
                "화면 수로 센 시각은 어긋나 있다.",
            )
        )
    if whole and decoded.frames == LAST_FRAME and decoded.claimed != LAST_FRAME:
        doubts.append(
            (
                f"Only the first {LAST_FRAME:,} frames were looked at.",
                f"처음 {LAST_FRAME:,}장만 보았다.",
            )
        )
    elif whole and decoded.claimed > decoded.frames:
        doubts.append(
            (
                f"The header promises {decoded.claimed:,} frames and {decoded.frames:,} could be "
                "decoded: the file may be cut off.",
                f"머리글에는 {decoded.claimed:,}장이 있다고 적혀 있으나 {decoded.frames:,}장만 "
                "읽혔다. 파일이 잘렸을 수 있다.",
            )
        )
    return doubts


def _lasted(counts: _Counts) -> tuple[str, str]:
    return (
        f"Half of the tracks lasted {counts.middle:.1f} s or less. Tracks shorter than {_SHORT:g} "
        f"s: {counts.short:,}.",
        f"동선의 절반은 {counts.middle:.1f}초 안에 끝났다. {_SHORT:g}초를 넘기지 못한 동선은 "
        f"{counts.short:,}개다.",
    )


def _standing(counts: _Counts) -> list[tuple[str, str]]:
    if not counts.still:
        return []
    named = ", ".join(map(str, counts.still[:_LISTED]))
    more = f" (+{len(counts.still) - _LISTED:,})" if len(counts.still) > _LISTED else ""
    return [
        (
            f"Tracks of 5 s or more that kept their place: {named}{more}. Look at them in the "
            "frames: they may be things.",
            f"5초 넘게 한자리에 머문 동선: {named}{more}번. 사람이 아니라 물건일 수 있으니 "
            "화면에서 확인해야 한다.",
        )
    ]


def _placed(tracks: pl.DataFrame, ground: Ground | None) -> list[tuple[str, str]]:
    if ground is None:
        return [
            (
                "The datasheet has no ground calibration: nothing here is in metres, and no speed "
                "or rule of behaviour can be computed.",
                "데이터시트에 바닥 기준점이 없어 미터로 나타낸 값이 없다. 속도와 행동 규칙도 "
                "계산할 수 없다.",
            )
        ]
    off = tracks["x"].null_count()
    tested, tested_ko = (
        "The calibration is four points or a matrix, so nothing tests it.",
        "기준이 점 네 개 또는 행렬뿐이라 검산할 수 없다.",
    )
    if ground.residual is not None:
        tested = f"The calibration's points fit within {ground.residual:.2f} m on average."
        tested_ko = f"기준점의 평균 오차는 {ground.residual:.2f}m다."
    return [
        (
            f"{tested} A box's lower edge is taken for the feet; {off:,} of {tracks.height:,} "
            "boxes have no place on the ground. trajectories.csv has places averaged over a "
            "second.",
            f"{tested_ko} 상자 아래쪽을 발로 보았고, 상자 {tracks.height:,}개 가운데 {off:,}개는 "
            "바닥 위의 자리를 정할 수 없었다. trajectories.csv의 자리는 앞뒤 1초를 평균한 값이다.",
        )
    ]
