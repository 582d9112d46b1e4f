"""Paths that cover all sightings: the successors of greatest weight, each used once."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching

from .transit import Bodies, Floats, Rows, feasible

TOGETHER = 1500  # sightings of components solved in one call


def best_successors(count: int, a: Rows, b: Rows, weight: Floats) -> Rows:
    """The successor of each of `count` sightings, -1 for none, so that the summed weight of links
    a -> b, (n,), is greatest and nothing has two predecessors.

    Exact: an assignment in which every sighting may also end its track, at weight 0. What isn't
    connected is solved apart (Jonker and Volgenant's algorithm, Computing 38, 1987, in scipy).
    """
    successor = np.full(count, -1, np.int64)
    good = weight > 0  # a link below zero is never better than an end and a beginning
    a, b, weight = a[good], b[good], weight[good]
    if not len(a):
        return successor
    graph = coo_array((np.ones(len(a), np.int8), (a, b + count)), shape=(2 * count, 2 * count))
    part = connected_components(graph.tocsr(), directed=False)[1][a]
    order = np.lexsort((b, a, part))
    a, b, weight, part = a[order], b[order], weight[order], part[order]
    starts = np.flatnonzero(np.r_[True, part[1:] != part[:-1]])
    sizes = np.diff(np.r_[starts, len(a)])
    alone = starts[sizes == 1]
    successor[a[alone]] = b[alone]
    first, several = 0, np.flatnonzero(sizes > 1)
    links = np.cumsum(sizes[several])
    while first < len(several):
        done = links[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(links, done + 4 * TOGETHER)))
        here = np.concatenate(
            [np.arange(starts[c], starts[c] + sizes[c]) for c in several[first:last]]
        )
        rows, row = np.unique(a[here], return_inverse=True)
        columns, column = np.unique(b[here], return_inverse=True)
        # weights turned into costs above zero; the column of a row's own end costs what 0 would
        most = weight[here].max() + 1
        cost = np.r_[most - weight[here], np.full(len(rows), most)]
        ends = np.arange(len(rows))
        matrix = csr_array(
            (cost, (np.r_[row, ends], np.r_[column, len(columns) + ends])),
            shape=(len(rows), len(columns) + len(rows)),
        )
        matched_row, matched = min_weight_full_bipartite_matching(matrix)
        linked = matched < len(columns)
        successor[rows[matched_row[linked]]] = columns[matched[linked]]
        first = last
    return successor


def chains(successor: Rows) -> tuple[Rows, Rows, Rows]:
    """Tracks of successors that lie later: number of each sighting's track, (n,), numbered by the
    first sighting; all sightings track by track in order; and each one's place in that order."""
    count = len(successor)
    linked = np.flatnonzero(successor >= 0)
    graph = csr_array((np.ones(len(linked), np.int8), (linked, successor[linked])), (count, count))
    track = connected_components(graph, directed=False)[1]
    first = np.full(int(track.max(initial=-1)) + 1, count)
    np.minimum.at(first, track, np.arange(count))
    number = np.empty(len(first), np.int64)
    number[np.argsort(first)] = np.arange(len(first))
    track = number[track]
    order = np.argsort(track, kind="stable")
    place = np.empty(count, np.int64)
    place[order] = np.arange(count)
    return track, order, place


def apart(seen: Bodies, successor: Rows) -> Rows:
    """The same, cut wherever a track would be in two places at once.

    Links are feasible one by one; where views overlap, a sighting can still collide with the one
    after the next. Such a track is cut before the later of the two.
    """
    result = successor.copy()
    while True:
        track, order, _ = chains(result)
        cut = False
        for lag in range(2, len(order)):
            a, b = order[:-lag], order[lag:]
            meets = (track[a] == track[b]) & (seen.start[b] < seen.end[a])
            if not meets.any():
                break
            a, b, before = a[meets], b[meets], order[lag - 1 : -1][meets]
            bad = ~feasible(seen, a, b)
            if bad.any():
                result[before[bad]] = -1
                cut = True
        if not cut:
            return result
