"""Join parallel strands of one person's day under cameras with overlapping views.

Cameras that see a person at once make sightings that overlap in time. Two strands of strong links
then weigh more than one path that goes back and forth between the cameras in a chance order. Two
tracks whose times cross are joined if one body could make all sightings of both, and if their faces
match well enough to outweigh the number of tracks that cross in time.
"""

from collections.abc import Callable

import numpy as np

from .cover import chain_successors
from .transit import Bodies, Rows, feasible

LONGEST = 400  # sightings of two tracks above which not all pairs of them are compared

Face = Callable[[Rows, Rows], float]  # log10 ratio of one track's images against the other's


def join_strands(
    seen: Bodies, successor: Rows, links: tuple[Rows, Rows], face: Face, *, clock: float = 0.0
) -> Rows:
    """Return successors, (n,), with crossing tracks joined if one person is likelier than two.

    `links` are the candidate links, rows a and b, of which some join two tracks. Sightings are in
    order of time. `clock` as in `transit.feasible`.
    """
    track, order, _ = chain_successors(successor)
    starts = np.searchsorted(track[order], np.arange(int(track.max(initial=-1)) + 1))
    rows = dict(enumerate(np.split(order, starts[1:]))) if len(order) else {}
    begin = np.array([each[0] for each in rows.values()])
    end = np.array([each[-1] for each in rows.values()])
    where = {number: number for number in rows}

    def now(number: int) -> int:
        while where[number] != number:
            number = where[number]
        return number

    a, b = links
    apart = track[a] != track[b]
    pairs, count = np.unique(
        np.sort(np.stack([track[a[apart]], track[b[apart]]]), axis=0), axis=1, return_counts=True
    )
    for place in np.argsort(-count, kind="stable"):
        one, two = (now(int(each)) for each in pairs[:, place])
        if one == two or not _crosses(seen, rows[one], rows[two], clock):
            continue
        crossing = ((begin <= rows[one][-1]) & (end >= rows[one][0])).sum() - 1
        if face(rows[one], rows[two]) > np.log10(max(crossing, 1)):
            rows[one] = np.sort(np.concatenate([rows[one], rows.pop(two)]))
            where[two] = one
    result = np.full_like(successor, -1)
    for own in rows.values():
        result[own[:-1]] = own[1:]
    return result


def _crosses(seen: Bodies, one: Rows, two: Rows, clock: float) -> bool:
    """Return whether two tracks cross in time and one body could make both."""
    if one[-1] < two[0] or two[-1] < one[0]:
        return False  # one after the other: the cover has decided that
    if len(one) + len(two) > LONGEST:
        return False
    i, j = (each.ravel() for each in np.meshgrid(one, two))
    return bool(feasible(seen, np.minimum(i, j), np.maximum(i, j), clock=clock).all())
