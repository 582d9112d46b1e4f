"""Titles of charts that state a finding follow the frame that is drawn."""

from __future__ import annotations

import re

import polars as pl
import pytest

from onetomany.charts.face_join import posterior_by_size_chart
from onetomany.charts.tracking import unicity_chart
from onetomany.reidentification.unicity import UNICITY

SAID = {"source": "This run", "simulated": "templates"}
NO_FILTER = {"columns": "none", "searched": 90_000.0}
SEX = {"columns": "sex", "searched": 40_000.0}
AND_YEAR = {"columns": "sex + birth_year", "searched": 900.0}


def posteriors(*priors: float) -> pl.DataFrame:
    """The smaller the list and the greater the prior, the surer."""
    return pl.DataFrame(
        [
            {
                "prior": prior,
                "gallery_size": size,
                "posterior": sure * (0.5 + prior),
                "low": 0.1,
                "high": 0.9,
                "mated_subjects": 50,
                "non_mated_subjects": 60,
            }
            for prior in priors
            for size, sure in ((1_000, 0.8), (10_000, 0.6), (100_000, 0.4))
        ]
    )


@pytest.mark.parametrize(
    ("priors", "marks", "title"),
    [
        # the least list within the sizes is 40,000 long, so the next size searched speaks for it
        ((0.1, 0.5), [NO_FILTER, SEX], "50% sure before a search, 40% after one of all records, "
                                       "40% if 1 columns restrict it"),
        ((0.5,), [NO_FILTER, SEX | {"searched": 9_000.0}, AND_YEAR | {"searched": 1_000.0}],
         "50% sure before a search, 40% after one of all records, 80% if 2 columns restrict it"),
        # a list shorter than those searched isn't marked
        ((0.4,), [NO_FILTER, AND_YEAR], "40% sure before a search, 36% after one of all records"),
    ],
)  # fmt: skip
def test_the_title_says_how_sure_a_search_makes(
    priors: tuple[float, ...], marks: list[dict[str, object]], title: str
) -> None:
    chart = posterior_by_size_chart(posteriors(*priors), pl.DataFrame(marks), **SAID).to_dict()
    assert chart["title"]["text"] == title.replace("1 columns restrict", "1 column restricts")
    shares = re.compile(r"\d+%")
    assert shares.findall(chart["title"]["subtitle"][0]) == shares.findall(title)


def test_the_title_says_how_many_the_most_points_single_out() -> None:
    points = pl.DataFrame(
        [
            {**dict.fromkeys(UNICITY, 0.4), "points": p, "people": 20, "case": case}
            | {"singled_out": share}
            for case, shares in (("truth", (0.1, 0.62)), ("tracks", (0.9, 0.95)))
            for p, share in enumerate(shares, 1)
        ],
        schema=UNICITY | {"case": pl.String},
    )
    title = unicity_chart(points, ["truth", "tracks"], **SAID).to_dict()["title"]
    assert title["text"] == "2 known points single out 62% of passengers"
    assert "지점 2개면 승객의 62%" in title["subtitle"][0]
