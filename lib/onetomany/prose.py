"""Show sentences with computed numbers, and a chapter's finding, in both languages."""

import html
import re
from typing import Any

from onetomany.charts.reader_table import STATUSES
from onetomany.extras import require_extra

_LINK = re.compile(r"\[([^\[\]]+)\]\((https://[^\s()<>\"]+)\)")


# The data of a finding: the report draws a card from it and opens the chapter with it
FINDING = "application/vnd.onetomany.finding+json"
# The numbers of a reckoner: the report makes a form of them that needs no network
RECKONER = "application/vnd.onetomany.reckoner+json"
# Part of a simulated track: the report tells it by scrolling
STORY = "application/vnd.onetomany.story+json"


def say(en: str, ko: str) -> None:
    """Show a sentence in English, then in Korean.

    `**bold**` is emphasis and `[NIST](https://...)` a link. A text of several lines, such as a
    letter, is one output with a paragraph for each line. Each output carries its language, so the
    report can show both or one. It is HTML, because Markdown does not recognise the emphasis in
    '**2.3%**에서'. It returns nothing.

    Raises MissingExtraError without the packages of a notebook's kernel.

    >>> import onetomany as otm
    >>> otm.say("1 record is **alone**.", "기록 1건이 **하나뿐**이다.")  # doctest: +ELLIPSIS
    {... '1 record is alone.'}
    {... '기록 1건이 하나뿐이다.'}
    """
    _show("en", en)
    _show("ko", ko)


def finding(
    status: str,
    figure: tuple[str, str],
    sentence: tuple[str, str],
    limit: tuple[str, str],
    *,
    on_summary: bool = False,
) -> None:
    """Show a chapter's finding: one figure, one sentence, one limit, each in English and Korean.

    The report opens the chapter with it; with `on_summary` it is also a card of the summary page.
    `status` is a key of STATUSES: how the finding is known. A simulated one must say so in its
    sentences ("In a simulation ...", "모의실험").

    Raises ValueError for another status, an empty text, or a simulated finding that doesn't say so.

    >>> finding("documented", ("2 records", "기록 2건"), ("are known.", "이 알려져 있다."),
    ...         ("Not people.", "사람 수가 아니다."))  # doctest: +SKIP
    """
    if status not in STATUSES:
        raise ValueError(f"No status is called {status!r}; there are {', '.join(STATUSES)}.")
    if not all(text.strip() for pair in (figure, sentence, limit) for text in pair):
        raise ValueError("A finding needs a figure, a sentence and a limit in both languages.")
    if status == "simulated" and not ("simulat" in sentence[0] and "모의" in sentence[1]):
        raise ValueError("The sentences of a simulated finding must say that it is simulated.")
    data = {
        "status": status,
        "figure": figure,
        "sentence": sentence,
        "limit": limit,
        "on_summary": on_summary,
    }
    # one paragraph: an exhibit reads the counts and the interval of a result from it
    stop = "." if sentence[0][:1].isupper() else ""
    _show("en", f"**{figure[0]}**{stop} {sentence[0]} {limit[0]}", {FINDING: data})
    _show("ko", f"**{figure[1]}**: {sentence[1]} {limit[1]}")


def show_reckoner(numbers: dict[str, Any]) -> None:
    """Show the reckoner: a form in the report, a sentence in JupyterLab.

    Takes `accuracy.reckoner_words.reckoner_page`.
    """
    en = "The report has a form here in which you enter the numbers of a programme."
    ko = "보고서에는 여기에 사업의 수를 적는 양식이 있다."
    text = {"text/html": f'<p lang="en">{en}</p><p lang="ko">{ko}</p>', "text/plain": f"{en} {ko}"}
    _display({RECKONER: numbers, **text})


def show_story(story: dict[str, Any]) -> None:
    """Show part of a simulated track: told by scrolling in the report, a sentence in JupyterLab.

    Takes `tracking.track_story`.
    """
    en = (
        f"In a simulation {story['right']} of these {story['links']} links are right. "
        "The report lets its reader guess first, and then shows each link on the plan."
    )
    ko = (
        f"모의실험에서 이 연결 {story['links']}개 가운데 {story['right']}개가 맞다. "
        "보고서에서는 독자가 먼저 짐작한 뒤 연결을 하나씩 도면에서 본다."
    )
    text = {"text/html": f'<p lang="en">{en}</p><p lang="ko">{ko}</p>', "text/plain": f"{en} {ko}"}
    _display({STORY: story, **text})


def _show(lang: str, text: str, data: dict[str, Any] | None = None) -> None:
    marked = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(text, quote=False))
    marked = _LINK.sub(r'<a href="\2">\1</a>', marked)
    forms = {
        "text/html": "\n".join(
            f'<p lang="{lang}">{line}</p>' for line in marked.splitlines() if line.strip()
        ),
        "text/plain": _LINK.sub(r"\1 (\2)", text.replace("**", "")),
    }
    _display({**forms, **(data or {})}, {"text/html": {"lang": lang}})


def _display(forms: dict[str, Any], metadata: dict[str, Any] | None = None) -> None:
    """Show an output in its forms, by media type. Raises MissingExtraError without a kernel."""
    require_extra("report", "ipykernel")
    from IPython.display import display

    display(forms, metadata=metadata, raw=True)


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun.

    >>> counted(1, "picture"), counted(4000, "picture"), counted(2, "person", "people")
    ('1 picture', '4,000 pictures', '2 people')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def two_digit_share(value: float) -> str:
    """Return a simulated share in percent to two digits; above 99 % decimals are kept.

    >>> two_digit_share(0.3178), two_digit_share(0.0029), two_digit_share(0.9971)
    ('32%', '0.29%', '99.7%')
    """
    if 0.99 < value < 1:
        return f"{min(value, 0.9999):.2%}" if value > 0.9995 else f"{value:.1%}"
    return f"{two_digits(100 * value)}%"


def two_digits(value: float) -> str:
    """Return a simulated figure to two digits, such as '0.46', '32' or '13,000'.

    >>> two_digits(12_871.4)
    '13,000'
    """
    return f"{float(f'{value:.2g}'):,.10g}"
