"""Measure the pages of a built report: tables, languages, and how much is read before the fold.

`python -m benchmarks.pages REPORT` prints each fault with its page; no fault, no line, exit code 0.
`python -m benchmarks.pages REPORT --words` prints, for each chapter and language, the words and
charts before the part for the expert, the words of a sentence and, in English, the grade of the
opening and of all the text before the fold (Flesch and Kincaid 1975). A page is read as either
language switch shows it, without a browser.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import html

HANGUL = re.compile("[가-힣]")
LATIN = re.compile(r"\b[a-z]{3,}\b")
ENGLISH = re.compile(r"\b[A-Za-z][a-z]{2,}\b")  # names of a table have their mark
# names, quotes, code and addresses stay as they are; `lang` says of which language a quote is
RAW = {
    "raw header": re.compile(r"_|^(?:[a-z]+ )?(?:null|holds)$"),
    "bare address": re.compile(r"https?:"),
    "null": re.compile(r"^(?:null|None|NaN|nan)$"),
    "exponent": re.compile(r"\b\d(?:\.\d+)?e[+-]?\d+\b"),
    "Boolean": re.compile(r"^(?:holds )?(?:true|false|True|False)$"),
}
# a file or a host (korea.kr), or a command of this kit
ADDRESS = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[a-z]{2,7}(?![a-z])|onetomany [a-z]+")
OTHER = {"en": "ko", "ko": "en"}
# A chapter before its part for the expert; an index of the words in a chapter's argument has no
# tables, charts, code, nor the list of contents
UNREAD = ".//details | .//table | .//figure | .//pre | .//script | .//nav | .//*[@class='under']"
# what a reader unfolds by a guess, and what the terms mean
UNREAD += " | .//*[@class='story'] | .//*[@class='terms']"
MOST_WORDS, MOST_CHARTS = 900, 4


def faults(site: Path) -> Iterator[tuple[str, str, str]]:
    """Yield page, kind of fault and the words that show it, over all pages of a report."""
    for path in sorted(site.glob("*.html")):
        text = path.read_text(encoding="utf-8")
        for kind, words in page_faults(text):
            yield path.name, kind, words


def page_faults(text: str) -> Iterator[tuple[str, str]]:
    """Yield the faults of one page: each kind with the words that show it."""
    page = html.fromstring(text)
    for table in page.xpath("//table[not(ancestor::*[contains(@class, 'prose')])]"):
        yield from _table_faults(table)
    for language in OTHER:
        for part in page.xpath("//table//*[self::th or self::td or self::caption]"):
            if words := _other_words(part, language):
                yield f"table without {language}", words
        for part in page.xpath("//h1 | //h2 | //h3 | //button | //summary | //figcaption"):
            if words := _other_words(part, language):
                yield f"words without {language}", words


def _table_faults(table: Any) -> Iterator[tuple[str, str]]:
    if "dataframe" in (table.get("class") or ""):
        yield "raw frame", " ".join(table.text_content().split())[:80]
    if table.xpath("self::*[contains(@class, 'reader')]") and not table.xpath(
        "caption//*[contains(@class, 'badge')]"
    ):
        yield "no status", " ".join(table.text_content().split())[:80]
    for cell in table.xpath(".//th | .//td"):
        said = _shown(cell, "en", drop="code")
        for kind, pattern in RAW.items():
            if kind == "raw header" and cell.tag != "th":
                continue
            if pattern.search(said):
                yield kind, said[:80]


def _other_words(part: Any, language: str) -> str:
    """Return the words that the switch shows though they are in the other language."""
    said = _shown(part, language, drop="code")
    if language == "en":
        return said[:80] if HANGUL.search(said) else ""
    # a Korean sentence may contain names, which begin with a capital
    in_table = part.tag in ("td", "th") and not HANGUL.search(said)
    return said[:80] if (ENGLISH if in_table else LATIN).search(said) else ""


def _shown(part: Any, language: str, *, drop: str) -> str:
    """Return the text that a language shows, without names, quotes, code and addresses."""
    if part.xpath(f"ancestor::*[not(self::html)][@lang='{OTHER[language]}']"):
        return ""
    said: list[str] = []

    def walk(node: Any) -> None:
        lang, classes = node.get("lang") or "", (node.get("class") or "").split()
        hidden = lang == OTHER[language] or node.tag in (drop, "pre", "script", "style", "q")
        if hidden or {"name", "quote", "label"} & set(classes) or lang in ("ko-KR", "en-GB"):
            return
        said.append(node.text or "")
        for child in node:
            if isinstance(child.tag, str):
                walk(child)
            said.append(child.tail or "")

    walk(part)
    return " ".join(ADDRESS.sub("", "".join(said)).split())


def read_before_fold(text: str, language: str, part: str = "article") -> list[str]:
    """Return the sentences that a language shows before the fold; `part` may be "opening"."""
    page = html.fromstring(text)
    where = "//article" if part == "article" else f"//*[@class='{part}']"
    sentences = []
    for article in page.xpath(where):
        for hidden in article.xpath(f"{UNREAD} | .//*[@lang='{OTHER[language]}']"):
            hidden.drop_tree()
        for node in article.xpath(".//p | .//li | .//h1 | .//h2 | .//h3"):
            said = " ".join(node.text_content().split())
            sentences += re.split(r"(?<=[.?!:])\s+(?=[A-Z가-힣“\"'(\d])", said) if said else []
    return sentences


def count_words(sentences: list[str]) -> int:
    """Return how many words they have; in Korean, words between spaces."""
    return sum(bool(re.search(r"\w", word)) for line in sentences for word in line.split())


def charts_before_fold(text: str) -> int:
    """Return the number of charts before the part for the expert."""
    charts = html.fromstring(text).xpath("//figure[contains(@class, 'chart')]")
    return sum(not chart.xpath("ancestor::details[contains(@class, 'expert')]") for chart in charts)


def reading_grade(sentences: list[str]) -> float:
    """Return the Flesch-Kincaid grade of English; syllables are estimated from groups of vowels."""
    words = re.findall(r"[A-Za-z]+(?:'[a-z]+)?", " ".join(sentences))
    if not words:
        return 0.0
    syllables = sum(
        max(1, len(re.findall("[aeiouy]+", re.sub("(?<=[^aeiouyl])e$", "", word.lower()))))
        for word in words
    )
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59


def openings(site: Path) -> Iterator[tuple[str, str, int, int, float, float, float]]:
    """Yield for each chapter and language: words, charts, words a sentence, and two grades."""
    for path in sorted(site.glob("*.html")):
        text = path.read_text(encoding="utf-8")
        if "<article>" not in text:
            continue
        for language in OTHER:
            read = read_before_fold(text, language)
            grades = (0.0, 0.0)
            if language == "en":
                first = read_before_fold(text, language, "opening")
                grades = (reading_grade(first), reading_grade(read))
            count = count_words(read)
            yield path.stem, language, count, charts_before_fold(text), count / len(read), *grades


def main() -> int:
    if "--words" in sys.argv:
        print("chapter language words charts words/sentence grade:opening grade:all")
        for stem, language, words, charts, length, *grades in openings(Path(sys.argv[1])):
            print(f"{stem} {language} {words} {charts} {length:.1f}", *(f"{g:.1f}" for g in grades))
        return 0
    found = list(faults(Path(sys.argv[1])))
    for page, kind, words in found:
        print(f"{page}: {kind}: {words}")
    print(f"{len(found)} faults", file=sys.stderr)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
