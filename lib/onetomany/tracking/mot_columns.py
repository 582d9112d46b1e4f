"""Identify the columns of a MOT-like file by their number or by names in the first line."""

import re

import polars as pl

from onetomany.cage.text_tables import is_number
from onetomany.errors import InputError
from onetomany.printing import add_notice
from .numbers_text import Notices, NumbersText

_BASE = ("frame", "id", "left", "top", "width", "height")
COLUMNS = {  # by their number in a line
    6: _BASE,
    7: (*_BASE, "conf"),
    9: (*_BASE, "conf", "class", "visibility"),
    10: (*_BASE, "conf", "x", "y", "z"),
}
_NAMES = {
    "frame": "frame frame_id frameid frame_number frame_no frame_index frame_num frames fn",
    "id": "id track_id trackid target_id object_id obj_id person_id identity track person",
    "left": "left bb_left bbleft bbox_left box_left l x1 xmin x_min",
    "top": "top bb_top bbtop bbox_top box_top y1 ymin y_min",
    "width": "width w bb_width bbwidth bbox_width box_width bbox_w",
    "height": "height h bb_height bbheight bbox_height box_height bbox_h",
    "right": "right bb_right bbox_right x2 xmax x_max",
    "bottom": "bottom bb_bottom bbox_bottom y2 ymax y_max",
    "centre_x": "cx xc x_center x_centre center_x centre_x xcenter",
    "centre_y": "cy yc y_center y_centre center_y centre_y ycenter",
    "conf": "conf confidence score det_conf det_score",
    "class": "class class_id cls category category_id",
    "visibility": "visibility vis visible visibility_ratio",
    "x": "x x_m world_x",
    "y": "y y_m world_y",
    "z": "z z_m world_z",
}
_KNOWN = {name: column for column, names in _NAMES.items() for name in names.split()}
_PIXELS = re.compile(r"_?[(\[/]?(px|pixels?)[)\]]?$")
_AXES = (
    ("left", "width", "right", "centre_x"),  # a side, a size, the other side, the middle
    ("top", "height", "bottom", "centre_y"),
)
_FEWER = {
    5: "is a column for the id missing? detections have -1 there",
    8: "ground truth of MOT16 has 9 values with class and visibility, detections 7 or 10",
}


def arrange_columns(text: NumbersText, notices: Notices) -> dict[str, int]:
    """Return the place of each column in a line.

    Raises InputError if the number of values, or the names, are not those of boxes.
    """
    if text.names:
        return _by_name(text, text.names, notices)
    first = [cells[0] for cells in text.texts]
    many = len(first)
    columns = COLUMNS.get(many)
    words = [cell for cell in first if cell and not is_number(cell)]
    where = f"{text.path}, line {text.line[0]}"
    if columns is None:
        if many >= 15 and words:
            likely = "this looks like KITTI's form; bring frame, id, left, top, width, height, conf"
        elif many >= 12:
            likely = "are decimals written with commas? use points"
        elif many == 1:
            likely = "the values are not separated by commas"
        else:
            likely = _FEWER.get(many, "each line is frame, id, left, top, width, height, conf")
        raise InputError(
            f"{where}: the line has {many} values, and a MOT file has 7, 9 or 10: {likely}."
        )
    if many == 10 and _as_visdrone(text):
        raise InputError(
            f"{text.path}: the last three columns are category, truncation and occlusion, as in "
            "VisDrone, not metres: leave out all but pedestrians, then those columns."
        )
    return {column: place for place, column in enumerate(columns)}


def _as_visdrone(text: NumbersText) -> bool:
    """Return whether x, y, z are whole numbers from 0 to 11, 0 to 1 and 0 to 2, no metres."""
    kinds = [text.numbers[place] for place in (7, 8, 9)]
    tops = (11, 1, 2)
    return kinds[0].max() != 0 and all(
        bool(kind.is_between(0, top).all()) and bool((kind % 1 == 0).all())
        for kind, top in zip(kinds, tops, strict=True)
    )


def _by_name(text: NumbersText, names: tuple[str, ...], notices: Notices) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        column = _KNOWN.get(_PIXELS.sub("", name))
        if column in places:
            raise InputError(
                f"{text.path}: two columns are called '{column}' ({name}): rename one."
            )
        if column:
            places[column] = place
    if "left" not in places and {"x", "y"} <= set(places):  # x, y, w, h
        places["left"], places["top"] = places.pop("x"), places.pop("y")
        add_notice(
            notices,
            "'x' and 'y' are taken as left and top of the box.",
            "'x'와 'y'를 상자의 왼쪽과 위로 보았다.",
        )
    have = set(places)
    wanted = {"frame", "id"} - have
    for side, size, corner, middle in _AXES:
        if not any({*pair} <= have for pair in ((side, size), (side, corner), (middle, size))):
            wanted |= {side, size}
    if wanted:
        raise InputError(
            f"{text.path}, line 1: no column is called {', '.join(sorted(wanted))} (there are "
            f"{', '.join(names)}); name them frame, id, left, top, width, height, conf."
        )
    return places


def boxes_from(numbers: pl.DataFrame, notices: Notices) -> pl.DataFrame:
    """Return boxes with left, top, width and height from corners or centres."""
    for side, size, corner, middle in _AXES:
        if size not in numbers.columns:
            numbers = numbers.with_columns((pl.col(corner) - pl.col(side)).alias(size))
            add_notice(
                notices,
                f"'{corner}' is given instead of '{size}', which is calculated.",
                f"'{size}' 대신 '{corner}'이 있어 계산했다.",
            )
        elif side not in numbers.columns:
            numbers = numbers.with_columns((pl.col(middle) - pl.col(size) / 2).alias(side))
            add_notice(
                notices,
                f"The box's centre is given; '{side}' is calculated.",
                f"상자의 가운데가 적혀 있어 '{side}'를 계산했다.",
            )
    return numbers
