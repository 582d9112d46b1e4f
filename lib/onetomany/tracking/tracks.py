"""Store links between sightings and the tracks they form, whatever way of linking made them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from onetomany.sources.tables import fill_schema, require_columns
from .cover import linked_components
from .transit import Rows

LINKS: dict[str, Any] = {
    "sighting_a": pl.Int64,
    "sighting_b": pl.Int64,  # the next of the same hypothesis; with `naive`, any other of it
    "score": pl.Float64,  # cosine of the two templates
    "llr_face": pl.Float64,  # bounded log10 LR of the images before and after; null with `naive`
    "llr_transit": pl.Float64,  # bounded log10 LR of the time between; null with `naive`
    "llr_bounded": pl.Float64,  # their sum
    "probability": pl.Float64,  # that it is right, all links together; null with `naive`
    "rivals": pl.Int64,  # other links of either sighting within MARGIN of this one
    "feasible": pl.Boolean,  # one body could make both
    "method": pl.String,  # "path cover" or "naive"
}
TRACKS: dict[str, Any] = {
    "hypothesis": pl.Int64,  # a number for one supposed person, not a name
    "sightings": pl.List(pl.Int64),  # in order of time
    "weakest_link": pl.Float64,  # lowest llr_bounded; null for a single sighting and with `naive`
    "alternatives": pl.Int64,  # rivals of its links, all together
}


@dataclass(frozen=True)
class Association:
    """Store frames of LINKS and TRACKS."""

    links: pl.DataFrame
    tracks: pl.DataFrame


def hide_truth(sightings: pl.DataFrame) -> pl.DataFrame:
    """Sort sightings by time and drop `true_id`, so that no way of linking can read it."""
    rows = sightings.drop("true_id", strict=False)
    return rows.sort("t_start", "t_end", "camera_id", "sighting_id")


def association_of(rows: pl.DataFrame, links: pl.DataFrame) -> Association:
    """Return `Association` of links (null in columns they lack) between sightings in order of time.

    Tracks are the connected components of the links, in order of their first sighting.
    """
    links = fill_schema(links, LINKS)
    track = linked_components(len(rows), *link_ends(links, rows))
    each = pl.DataFrame({"sighting_id": rows["sighting_id"], "track": track})
    weak = (
        links.join(each, left_on="sighting_a", right_on="sighting_id")
        .group_by("track")
        .agg(weakest_link=pl.col("llr_bounded").min(), alternatives=pl.col("rivals").sum())
    )
    tracks = (
        each.group_by("track", maintain_order=True)
        .agg(sightings="sighting_id")
        .join(weak, on="track", how="left", maintain_order="left")
        .with_columns(pl.col("alternatives").fill_null(0))
        .with_row_index("hypothesis")
    )
    return Association(links, fill_schema(tracks, TRACKS))


def link_ends(links: pl.DataFrame, rows: pl.DataFrame) -> tuple[Rows, Rows]:
    """Return the rows of the two sightings of each link."""
    ids = rows["sighting_id"]
    a, b = (
        links[name].replace_strict(ids, range(len(ids)), return_dtype=pl.Int64).to_numpy()
        for name in ("sighting_a", "sighting_b")
    )
    return a, b


def cut_weak_links(found: Association, sightings: pl.DataFrame, probability: float) -> Association:
    """Cut tracks at links below a probability: fewer mixed, more broken tracks."""
    kept = found.links.filter(pl.col("probability") >= probability)
    return association_of(hide_truth(sightings), kept)


def with_hypotheses(sightings: pl.DataFrame, tracks: pl.DataFrame) -> pl.DataFrame:
    """Return sightings with the `hypothesis` of their track, from TRACKS; null for none."""
    require_columns(sightings, ["sighting_id"], "The sightings")
    held = tracks.explode("sightings").select("hypothesis", sighting_id="sightings")
    return sightings.join(held, on="sighting_id", how="left", maintain_order="left")
