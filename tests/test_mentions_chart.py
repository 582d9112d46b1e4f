"""The chart of mentions counts in its title and names each entry in the language of the view."""

from __future__ import annotations

import json

import polars as pl

from onetomany.charts.claims import mentions_chart
from onetomany.charts.languages import in_language, marked_text

MENTIONS = pl.DataFrame(
    {
        "name_en": ["Ministry of Justice", "2022-04-27"],
        "name_ko": ["법무부", "2022-04-27"],
        "documents": [5, 3],
    }
)


def drawn(mentions: pl.DataFrame, language: str) -> tuple[str, list[str]]:
    spec = json.loads(mentions_chart(mentions, documents=9, specimens=True).to_json())
    (rows,) = spec["datasets"].values()
    title = spec["title"]
    text = title["text"] if language == "en" else title["subtitle"][0]
    return text, [in_language(marked_text(row["row"]), language) for row in rows]


def test_each_language_names_the_entries_once() -> None:
    assert drawn(MENTIONS, "en")[1] == ["Ministry of Justice", "2022-04-27"]
    assert drawn(MENTIONS, "ko")[1] == ["법무부", "2022-04-27"]


def test_the_title_counts_the_documents_of_the_most_widespread_entry() -> None:
    assert drawn(MENTIONS, "en")[0] == "The most widespread entry is in 5 of 9 documents"
    assert "9건 중 5건" in drawn(MENTIONS, "ko")[0]
