"""Cover all sightings by paths: the successors of greatest weight, each used once."""

from heapq import heappop, heappush

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from .transit import Bodies, Floats, Rows, feasible

MARGIN = 1.0  # log10: a rival that close is at least a tenth as likely
MESSAGES = 30  # exchanged between rivals before probabilities are read


def best_successors(count: int, a: Rows, b: Rows, weight: Floats) -> Rows:
    """Return each sighting's successor, -1 for none, at the greatest sum of weights.

    Links a -> b have weights, (n,); no sighting gets two predecessors. Exact: an assignment in
    which every sighting may also end its track, at weight 0. Sightings are placed one by one along
    the shortest augmenting path (Tomizawa, Networks 1, 1971; Edmonds and Karp, JACM 19:2, 1972),
    which stays within the competing sightings; scipy's solver searches all columns each time and
    would take hours for a million.
    """
    good = weight > 0  # a link below zero is never better than an end and a beginning
    a, b, weight = a[good], b[good], weight[good]
    order = np.lexsort((b, a))
    starts = np.searchsorted(a[order], np.arange(count + 1))
    return np.asarray(_place(starts, b[order], -weight[order]))


@njit(cache=True)
def _place(starts: Rows, columns: Rows, costs: Floats) -> Rows:
    """Return the column of each row, -1 for its own end (cost 0), at the least summed cost.

    `starts` (rows + 1,): row r has the columns and costs from starts[r] to starts[r + 1].
    """
    count = len(starts) - 1
    column_of = np.full(count, -1, np.int64)
    row_of = np.full(count, -1, np.int64)
    of_row, of_column = np.zeros(count), np.zeros(count)  # dual prices
    far = np.full(count, np.inf)
    came_from = np.full(count, -1, np.int64)
    closed = np.zeros(count, np.bool_)
    edges, prices, search = (starts, columns, costs), (of_row, of_column), (far, came_from, closed)
    for new in range(count):
        end, row, column, touched = _shortest_path(new, edges, row_of, prices, search)
        of_row[new] += end
        for other in touched[1:]:
            if closed[other]:
                of_column[other] += far[other] - end
                of_row[row_of[other]] += end - far[other]
        while True:
            before = column_of[row]
            column_of[row] = column
            if column >= 0:
                row_of[column] = row
            if row == new:
                break
            column, row = before, came_from[before]
        for other in touched[1:]:
            far[other], closed[other] = np.inf, False
    return column_of


@njit(cache=True)
def _shortest_path(
    new: int,
    edges: tuple[Rows, Rows, Floats],
    row_of: Rows,
    prices: tuple[Floats, Floats],
    search: tuple[Floats, Rows, NDArray[np.bool_]],
) -> tuple[float, int, int, list[int]]:
    """Find the shortest augmenting path from a new row to a free column or to a row's own end.

    Returns its length, last row and last column (-1: the row's own end), and the columns whose
    state in `search` (distance, row before it, whether closed) has changed, after a -1.
    """
    (starts, columns, costs), (of_row, of_column), (far, came_from, closed) = edges, prices, search
    queue = [(0.0, -1)]  # of (distance, column); -1 is the new row itself
    touched = [-1]
    end, end_row, end_column = np.inf, -1, -1
    while queue:
        distance, column = heappop(queue)
        if distance >= end:
            break
        if column >= 0:
            if closed[column] or distance > far[column]:
                continue
            if row_of[column] < 0:
                return distance, came_from[column], column, touched
            closed[column] = True
        row = new if column < 0 else row_of[column]
        if distance - of_row[row] < end:
            end, end_row, end_column = distance - of_row[row], row, -1
        for edge in range(starts[row], starts[row + 1]):
            other = columns[edge]
            if closed[other]:
                continue
            reach = distance + costs[edge] - of_row[row] - of_column[other]
            if reach < far[other]:
                if far[other] == np.inf:
                    touched.append(other)
                far[other], came_from[other] = reach, row
                heappush(queue, (reach, other))
    return end, end_row, end_column, touched


@njit(cache=True)
def pairs_reaching(
    scores: NDArray[np.float32], least: NDArray[np.float32], first: Rows, stop: Rows
) -> tuple[Rows, Rows]:
    """Return rows and columns of scores at or above each row's `least`.

    `scores` is (rows, columns); each row's columns run from `first` to `stop` (excluded). No mask
    of all of them is made."""
    count = 0
    for row in range(len(least)):
        for column in range(first[row], stop[row]):
            count += scores[row, column] >= least[row]
    one, two = np.empty(count, np.int64), np.empty(count, np.int64)
    place = 0
    for row in range(len(least)):
        for column in range(first[row], stop[row]):
            if scores[row, column] >= least[row]:
                one[place], two[place] = row, column
                place += 1
    return one, two


def linked_components(count: int, a: Rows, b: Rows) -> Rows:
    """Return the connected component of each of `count` nodes, (count,), by links a - b."""
    graph = csr_array((np.ones(len(a), np.int8), (a, b)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def chain_successors(successor: Rows) -> tuple[Rows, Rows, Rows]:
    """Return each sighting's track number, all sightings by track, and their places there.

    Successors come later in time; tracks are numbered by their first sighting, all arrays (n,)."""
    count = len(successor)
    linked = np.flatnonzero(successor >= 0)
    track = linked_components(count, linked, successor[linked])
    first = np.full(int(track.max(initial=-1)) + 1, count)
    np.minimum.at(first, track, np.arange(count))
    number = np.empty(len(first), np.int64)
    number[np.argsort(first)] = np.arange(len(first))
    track = number[track]
    order = np.argsort(track, kind="stable")
    place = np.empty(count, np.int64)
    place[order] = np.arange(count)
    return track, order, place


def split_collisions(seen: Bodies, successor: Rows, clock: float = 0.0) -> Rows:
    """Cut tracks that would be in two places at once.

    Links are feasible one by one; with overlapping views a sighting can still collide with the one
    after the next. Such a track is cut before the later of the two. `clock` as in `feasible`.
    """
    result = successor.copy()
    while True:
        track, order, _ = chain_successors(result)
        cut = False
        for lag in range(2, len(order)):
            a, b = order[:-lag], order[lag:]
            meets = (track[a] == track[b]) & (seen.start[b] < seen.end[a])
            if not meets.any():
                break
            a, b, before = a[meets], b[meets], order[lag - 1 : -1][meets]
            bad = ~feasible(seen, a, b, clock=clock)
            if bad.any():
                result[before[bad]] = -1
                cut = True
        if not cut:
            return result


def link_probability(
    count: int, a: Rows, b: Rows, weight: Floats, chosen: Rows
) -> tuple[Floats, Rows]:
    """Return each chosen link's probability and its number of rivals within MARGIN.

    The probability is the marginal over all covers of the candidates, by belief propagation
    (Williams and Lau, IEEE Trans. Aerospace and Electronic Systems 50:4, 2014). Links a -> b of
    `count` sightings have log10 weights; `chosen` are places among them.
    """
    odds = 10 ** np.clip(weight, -12, 12)  # bounds that keep sums exact
    free = np.ones(len(odds))  # messages from b to a: how little others need it
    for _ in range(MESSAGES):
        wished = odds * free
        asked = odds / (1 + np.maximum(np.bincount(a, wished, count)[a] - wished, 0))
        free = 1 / (1 + np.maximum(np.bincount(b, asked, count)[b] - asked, 0))
    wished = odds * free
    probability = wished[chosen] / (1 + np.bincount(a, wished, count)[a[chosen]])
    rivals = np.zeros(len(chosen), np.int64)
    for side in (a, b):
        bar = np.full(count, np.inf)
        bar[side[chosen]] = weight[chosen] - MARGIN
        near = np.bincount(side[weight >= bar[side]], minlength=count)
        rivals += near[side[chosen]] - 1
    return probability, rivals
