"""Derive gates, one-way zones and waiting areas of a simulated terminal."""

import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray

from onetomany.errors import InputError
from onetomany.terminal import Layout
from .motion import GATES, ONE_WAY, ZONES, Site

Floats = NDArray[np.float64]

PASSAGES = ("security", "immigration")  # stages that people leave by a separate passage
AHEAD_M = 2.0  # the gate line is so far beyond the place of service
LENGTH_M = 4.0  # the passage is one-way from 1 m to so far beyond the place of service
AROUND_M = 1.5  # waiting is allowed so far around queue places


def site_of(layout: Layout, *, waiting: bool = True) -> Site:
    """Return gate lines, one-way passages and waiting areas of a terminal. They are chosen here,
    since no designated area is public.

    A gate line crosses the passage behind each security lane and immigration desk, AHEAD_M beyond
    where people are served, from wall to wall; the passage is one-way up to LENGTH_M. Waiting areas
    are boxes AROUND_M about each queue and each boarding gate; `waiting=False` leaves them out,
    like a system that ignores queues.

    Raises InputError if a gate line would be inside a wall, or a queue doesn't follow the x or the
    y axis.
    """
    gates, one_way, areas = [], [], []
    for point in layout.points:
        spots = np.array(point.spots)
        low, high = spots.min(axis=0) - AROUND_M, spots.max(axis=0) + AROUND_M
        areas.append((point.name, *low, *high))
        if point.stage not in PASSAGES:
            continue
        if len(spots) < 2 or not np.isclose(spots[0], spots[-1]).any():
            raise InputError(f"'{point.name}': its places must form a line along x or y.")
        ahead = np.round((spots[0] - spots[1]) / np.hypot(*(spots[0] - spots[1])))
        ends = _across(layout, spots[0] + AHEAD_M * ahead, ahead)
        gates.append((point.name, *ends.ravel()))
        corners = np.vstack([ends - (AHEAD_M - 1) * ahead, ends + (LENGTH_M - AHEAD_M) * ahead])
        one_way.append((point.name, *corners.min(axis=0), *corners.max(axis=0), *ahead))
    areas += [
        (gate.name, *np.array(gate.box[:2]) - AROUND_M, *np.array(gate.box[2:]) + AROUND_M)
        for gate in layout.gates
    ]
    return Site(
        one_way=pl.DataFrame(one_way, schema=ONE_WAY, orient="row"),
        gates=pl.DataFrame(gates, schema=GATES, orient="row"),
        waiting=pl.DataFrame(areas if waiting else [], schema=ZONES, orient="row"),
    )


def _across(layout: Layout, middle: Floats, ahead: Floats) -> Floats:
    """Return the ends of the line from wall to wall through a place, square to a direction."""
    reach = np.array([-ahead[1], ahead[0]]) * 1e3
    pieces = shapely.get_parts(
        shapely.LineString([middle - reach, middle + reach]).intersection(layout.floor)
    )
    own = [each for each in pieces if each.distance(shapely.Point(middle)) < 1e-9]
    if not own:
        raise InputError(f"A gate line at {middle[0]:g}, {middle[1]:g} m would be inside a wall.")
    return np.array(own[0].coords)
