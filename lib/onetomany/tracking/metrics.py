"""How well tracks keep people apart and together.

`identity` scores tracks made of sightings by the ID measures of Ristani et al. ('Performance
measures and a data set for multi-target, multi-camera tracking', ECCV workshops 2016): each true
person is given at most one track and each track at most one person, so that as many sightings as
possible agree. IDF1 is the share that then agrees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching

from ..errors import InputError

BLOCK = 1024  # persons matched at once: whole components of the graph, so the result is the same


@dataclass(frozen=True)
class Identity:
    """Sightings that agree (`idtp`), that are in a track of somebody else (`idfp`), that their own
    track lacks (`idfn`); how often a person's track changed (`switches`).
    """

    idtp: int
    idfp: int
    idfn: int
    switches: int

    @property
    def idf1(self) -> float:
        """2 idtp / (sightings of persons + sightings in tracks); 0 where there are none."""
        return self.idtp / max(1.0, self.idtp + (self.idfp + self.idfn) / 2)

    @property
    def idp(self) -> float:
        """The share of the sightings in tracks that agree."""
        return self.idtp / max(1, self.idtp + self.idfp)

    @property
    def idr(self) -> float:
        """The share of the persons' sightings that agree."""
        return self.idtp / max(1, self.idtp + self.idfn)


def identity(sightings: pl.DataFrame) -> Identity:
    """Identity over a whole system of sightings, each of one person and in one track.

    `sightings`: `true_id` (null: nobody, a false detection) and `track_id` (null: in no track) of
    any type, one row a sighting, in order of time. A million sightings of 100,000 persons take
    seconds: only pairs that ever met are weighed, each connected component of them by itself.

    Raises InputError where a column is missing.
    """
    if missing := {"true_id", "track_id"} - set(sightings.columns):
        raise InputError(f"identity needs a column {' and '.join(sorted(missing))}.")
    frame = sightings.select("true_id", "track_id")
    both = frame.drop_nulls()
    met = (
        both.group_by("true_id", "track_id")
        .len()
        .select(
            (pl.col("true_id").rank("dense") - 1).alias("person"),
            (pl.col("track_id").rank("dense") - 1).alias("track"),
            pl.col("len").cast(pl.Float64).alias("times"),
        )
        .sort("person", "track")
    )
    agreed = _most_agreement(met)
    persons = frame.height - frame["true_id"].null_count()
    tracked = frame.height - frame["track_id"].null_count()
    changed = pl.col("track_id") != pl.col("track_id").shift().over("true_id")
    switches = both.select(changed.sum()).item()
    return Identity(agreed, tracked - agreed, persons - agreed, int(switches))


def _most_agreement(met: pl.DataFrame) -> int:
    """The greatest sum of `times` over pairs in which no person and no track stands twice.

    A pair that met more often than its two best alternatives together is in some best solution:
    such pairs are taken first, which falls apart most components; the rest is solved exactly.
    """
    taken = 0.0
    while met.height:
        rivals = met.with_columns(
            (pl.col("times").sort(descending=True).get(1, null_on_oob=True))
            .over(side)
            .fill_null(0)
            .alias(f"second_{side}")
            for side in ("person", "track")
        )
        sure = rivals.filter(
            (pl.col("times") == pl.col("times").max().over("person"))
            & (pl.col("times") == pl.col("times").max().over("track"))
            & (pl.col("times") >= pl.col("second_person") + pl.col("second_track"))
        ).unique("person", maintain_order=True)
        sure = sure.unique("track", maintain_order=True)
        if not sure.height:
            break
        taken += sure["times"].sum()
        met = met.join(sure, on="person", how="anti").join(sure, on="track", how="anti")
    return round(taken + sum(_matched(block) for block in _blocks(met)))


def _blocks(met: pl.DataFrame) -> list[pl.DataFrame]:
    """The pairs dealt into whole connected components, about BLOCK persons together."""
    if not met.height:
        return []
    person = met["person"].rank("dense").to_numpy().astype(np.int64) - 1
    track = met["track"].rank("dense").to_numpy().astype(np.int64) - 1
    persons = int(person.max()) + 1
    nodes = persons + int(track.max()) + 1
    graph = coo_array((np.ones(met.height), (person, persons + track)), shape=(nodes, nodes))
    label = connected_components(graph, directed=False)[1][person]
    size = np.bincount(label[np.unique(person, return_index=True)[1]])
    block: NDArray[np.int64] = (np.cumsum(size) // BLOCK)[label]
    return met.with_columns(block=pl.Series(block)).partition_by("block", maintain_order=True)


def _matched(met: pl.DataFrame) -> float:
    person = met["person"].rank("dense").to_numpy().astype(np.int64) - 1
    track = met["track"].rank("dense").to_numpy().astype(np.int64) - 1
    persons, tracks = int(person.max()) + 1, int(track.max()) + 1
    # each person also has a place of its own worth nothing; weights are all raised by 1, since
    # the solver takes 0 for "no edge", and every full matching holds one edge a person
    own = np.arange(persons)
    weights = csr_array(
        coo_array(
            (
                np.concatenate([met["times"].to_numpy() + 1, np.ones(persons)]),
                (np.concatenate([person, own]), np.concatenate([track, tracks + own])),
            ),
            shape=(persons, tracks + persons),
        )
    )
    rows, columns = min_weight_full_bipartite_matching(weights, maximize=True)
    return float(weights[rows, columns].sum() - persons)
