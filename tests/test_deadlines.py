"""Laws as data, deadlines against a hand-made key, calendar files."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import re
import shutil
from pathlib import Path

import icalendar
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onetomany.errors import InputError
from onetomany.requests.calendar import ics
from onetomany.requests.days import working_days
from onetomany.requests.deadlines import DEADLINES, Deadline, deadline, deadlines
from onetomany.requests.laws import EVENTS, TOPICS, Procedure, Provision, Step
from onetomany.requests.procedures import procedures, requests_folder

ROOT = Path(__file__).parents[1]
LAWS = procedures(ROOT / "data_requests")
# made by hand from the rules before the code was run; each row says why, and from where
with (ROOT / "tests" / "data" / "deadlines_key.csv").open(encoding="utf-8") as file:
    KEY = list(csv.DictReader(file))
D = dt.date
HANGUL = re.compile("[가-힣]")


def due(law: str, step: str, day: dt.date, *extensions: str, region: str | None = None) -> Deadline:
    return deadline(LAWS[law], step, day, extensions=extensions, region=region)


def history(*events: tuple[str, dt.date] | tuple[str, dt.date, str]) -> pl.DataFrame:
    rows = [(*each, None)[:3] for each in events]
    schema = {"event": pl.String, "date": pl.Date, "extension": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def provisions(law: Procedure) -> list[tuple[str, Provision]]:
    """Every provision of a law with where it stands."""
    found = []
    for field in dataclasses.fields(law):
        value = getattr(law, field.name)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Provision):
                found.append((f"{field.name}.{getattr(each, 'id', '')}", each))
    return found


@pytest.mark.parametrize(
    "row", KEY, ids=lambda r: f"{r['procedure']}-{r['step']}-{r['event_date']}-{r['expected']}"
)
def test_deadlines_are_those_of_the_hand_made_key(row: dict[str, str]) -> None:
    found = due(
        row["procedure"],
        row["step"],
        D.fromisoformat(row["event_date"]),
        *filter(None, row["extensions"].split(";")),
        region=row["region"] or None,
    )
    assert found.date == D.fromisoformat(row["expected"]), f"{row['why']}; {found.rule_en}"


def test_the_key_covers_every_law_and_step_and_names_its_sources() -> None:
    assert len(KEY) >= 50
    assert {row["procedure"] for row in KEY} == set(LAWS)
    untested = {(law.id, step.id) for law in LAWS.values() for step in law.steps} - {
        (row["procedure"], row["step"]) for row in KEY
    }
    # the same words, number and counting as a step that is in the key
    assert untested == {
        ("kr-oida", "lawsuit"),
        ("kr-oida", "third-party-objection"),
        ("kr-oida", "administrative-appeal-after-objection"),
        ("kr-pipa-35", "administrative-appeal"),
        ("eu-1049-2001", "complaint"),
        ("de-ifg", "objection-silence"),
    }
    assert all(row["why"] and row["source"] for row in KEY)
    assert sum(row["source"].startswith("published") for row in KEY) >= 45


def test_a_request_on_a_bank_holiday_is_received_that_day() -> None:
    """Where the published chart of foiman.com is not followed.

    It takes a request of 1 December 2014 (St Andrew's, Scotland) as received on the 2nd, due 5
    January. Section 10(6) speaks of the day, not the working day, on which it is received; the
    ICO's line to take 47 says the same, and so does a reader beneath the chart.
    """
    assert due("uk-foia-2000", "decision", D(2014, 12, 1)).date == D(2014, 12, 31)
    assert due("uk-foia-2000", "decision", D(2015, 1, 2)).date == D(2015, 1, 30)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("2008-10-01", "2008-10-21"),
        ("2008-10-04", "2008-10-24"),
        ("2008-10-05", "2008-10-27"),
        ("2008-10-06", "2008-10-27"),
        ("2008-10-07", "2008-10-27"),
        ("2008-12-04", "2008-12-24"),
        ("2008-12-05", "2008-12-29"),
        ("2009-03-17", "2009-04-06"),
    ],
)
def test_calendar_days_are_those_of_alavetelis_own_tests(event: str, expected: str) -> None:
    """mysociety/alaveteli, spec/models/holiday_spec.rb: twenty calendar days, UK holidays."""
    law = LAWS["uk-foia-2000"]
    twenty = dataclasses.replace(law.step("tribunal"), number=20, rolls=True)
    made = dataclasses.replace(law, steps=(twenty,))
    found = deadline(made, "tribunal", D.fromisoformat(event))
    assert found.date == D.fromisoformat(expected)
    moved = found.period.due > found.period.end
    assert moved == (event in {"2008-10-05", "2008-10-06", "2008-12-05"})


# the laws


def test_each_field_of_each_law_has_its_article_its_source_and_its_day() -> None:
    files = (ROOT / "data_requests" / "laws").glob("*.toml")
    assert set(LAWS) == {path.stem for path in files}
    for law in LAWS.values():
        assert law.last_checked >= D(2026, 11, 29)
        for source in law.sources:
            assert (source.read is None) == (source.verified == "recalled")
            assert source.read is None or D(2026, 11, 24) <= source.read <= law.last_checked
        assert {each.id for each in law.clocks} | set(law.not_found) == set(TOPICS)
        for where, each in provisions(law):
            assert each.article.strip(), (law.id, where)
            assert each.source in law.sources
            assert each.source.url.startswith("http"), (law.id, where)
            assert len(each.source.how) > 8, (law.id, where)
            assert each.verified in {"read", "recalled"}
            assert HANGUL.search(each.ko), (law.id, where)
            assert not HANGUL.search(each.en + each.article), (law.id, where)
        used = {each.source.id for _, each in provisions(law)}
        assert {source.id for source in law.sources} - used <= {"civil", "holidays"}


def test_what_was_not_read_is_never_stated_as_read() -> None:
    """A source that says it was not read makes its fields recalled, and a rule says so."""
    for law in LAWS.values():
        for where, each in provisions(law):
            if each.source.how.startswith("Not read"):
                assert each.verified == "recalled", (law.id, where)
        for step in law.steps:
            found = deadline(law, step.id, D(2026, 3, 16))
            assert found.verified == step.verified
            assert ("Recalled" in found.rule_en) == (step.verified == "recalled")
            assert ("직접 확인해야 한다" in found.rule_ko) == (step.verified == "recalled")
    # an extension that was not read taints the date
    plain, longer = (due("de-ifg", "decision", D(2026, 3, 9), *e) for e in ((), ("third-party",)))
    assert (plain.verified, longer.verified) == ("read", "recalled")
    assert "Recalled" in longer.rule_en


def test_the_first_decision_of_every_law_was_read() -> None:
    assert {law.step("decision").verified for law in LAWS.values()} == {"read"}


def test_the_bodies_of_the_case_are_addressees_with_a_source() -> None:
    found = {each.id: each for each in LAWS["kr-oida"].addressees}
    assert {"moj", "msit", "nipa", "pipc", "iiac"} <= set(found)
    assert all(each.holds_en and HANGUL.search(each.holds_ko) for each in found.values())


def broken(folder: Path, old: str, new: str, law: str = "kr-oida") -> Path:
    """A copy of data_requests/ with one law, one text of which was changed."""
    (folder / "laws").mkdir(parents=True)
    text = (ROOT / "data_requests" / "laws" / f"{law}.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / "laws" / f"{law}.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('[fee]\nen = "', '[fee]\nprice = 3\nen = "', "'fee.price' is an unknown field"),
        ('article = "Art. 1"\n', "", "'name.article' is missing"),
        ('source = "act"\n', "", "'name.source' is missing"),
        ('source = "act"\n', 'source = "hearsay"\n', "'name.source' is not an entry of [sources]"),
        ('article = "Art. 1"\n', 'article = " "\n', "'name.article' must be a text"),
        ("number = 10\n", "number = 0\n", "'steps.decision.number' must be a whole number"),
        ("number = 10\n", "number = true\n", "'steps.decision.number' must be a whole number"),
        ('unit = "working_days"\n', 'unit = "weeks"\n', "'steps.decision.unit' is 'weeks'"),
        ('unit = "working_days"\n', 'unit = "months"\n', "'extensions.decision-extension.unit' m"),
        (
            '20\nunit = "working_days"',
            '20\nunit = "months"',
            "'steps.silence.first_day' must be fal",
        ),
        ("first_day = true\n", "first_day = 1\n", "'steps.decision.first_day' must be true or"),
        ('starts = "received"\n', 'starts = "sent"\n', "'steps.decision.starts' is 'sent'"),
        ('ends = ["decided"]\n', 'ends = ["won"]\n', "'steps.decision.ends.1' is 'won'"),
        ('ends = ["decided"]\n', 'ends = "decided"\n', "'steps.decision.ends' must be a list"),
        ('lapse = ""\n', 'lapse = "refused"\n', "'steps.decision.lapse' is 'refused'"),
        ('id = "silence"\n', 'id = "decision"\n', "'steps' has an id twice"),
        (
            'id = "decision"\n',
            'id = "answer"\n',
            "'extensions.decision-extension.step' is not a step",
        ),
        ('id = "kr-oida"', 'id = "kr-foi"', "'id' must be the file's name"),
        ("last_checked = 2026-11-29", 'last_checked = "today"', "'last_checked' must be a date"),
        ('calendar = "KR"', 'calendar = "ZZ"', "'calendar' is 'ZZ'"),
        ('url = "https://www', 'url = "www', "'sources.act.url' is 'www.law"),
        ('verified = "read"', 'verified = "sure"', "'sources.act.verified' is 'sure'"),
        (
            'verified = "read"\nread = 2026-11-29\n',
            'verified = "read"\n',
            "'sources.act.read' must",
        ),
        (
            '"translation"]',
            '"translations"]',
            "'clocks' and 'not_found' may contain each topic once: 't",
        ),
        ('"translation"]', '"clarification"]', "may contain each topic once: 'clarification'"),
        (', "translation"]', "]", "'clocks' say nothing on translation"),
        (
            "rolls = true\n",
            "rolls = true\nrolls_unread = true\n",
            "rolls_unread' can't be used with",
        ),
        (
            'number = 7\nunit = "working_days"\nen',
            'number = 7\nannounced = true\nunit = "working_days"\nen',
            "'extensions.objection-extension.number' can't be used with",
        ),
        ("[form]\n", "[shape]\n", "'shape' is an unknown field"),
        ("[sources.act]\n", '[sources.act]\nid = "x"\n', "'sources.act.id' is an unknown field"),
        ('en = "Official', "en = Official", "can't be read as TOML"),
    ],
)
def test_a_law_that_is_wrong_is_refused_with_file_and_field(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    folder = broken(tmp_path / "data_requests", old, new)
    with pytest.raises(InputError) as refused:
        procedures(folder)
    assert said in str(refused.value)
    assert "kr-oida.toml" in str(refused.value)


def test_a_source_may_have_any_key(tmp_path: Path) -> None:
    folder = broken(tmp_path / "d", "[sources.act]", "[sources.source]")
    law = folder / "laws" / "kr-oida.toml"
    text = law.read_text(encoding="utf-8").replace('source = "act"', 'source = "source"')
    law.write_text(text, encoding="utf-8")
    source = procedures(folder)["kr-oida"].name.source
    assert source == dataclasses.replace(LAWS["kr-oida"].name.source, id="source")


def test_days_off_of_an_institution_must_be_dates(tmp_path: Path) -> None:
    folder = broken(tmp_path / "d", "days = [2025-01-01", 'days = ["2025-01-01"', "eu-1049-2001")
    with pytest.raises(InputError, match=r"'closed.2025.days.1' must be a date"):
        procedures(folder)


def test_the_folder_is_found_or_its_want_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert requests_folder(ROOT / "data_requests") == ROOT / "data_requests"
    monkeypatch.chdir(tmp_path)
    assert requests_folder() == ROOT / "data_requests"
    shutil.copytree(ROOT / "data_requests" / "laws", tmp_path / "data_requests" / "laws")
    assert requests_folder() == Path("data_requests")
    with pytest.raises(InputError, match="No folder 'laws' in"):
        requests_folder(tmp_path / "elsewhere")
    (tmp_path / "empty" / "laws").mkdir(parents=True)
    with pytest.raises(InputError, match="contains no procedure"):
        procedures(tmp_path / "empty")


def test_names_that_a_law_does_not_have_are_refused() -> None:
    law = LAWS["kr-oida"]
    with pytest.raises(InputError, match="kr-oida has no step 'review': there are decision"):
        deadline(law, "review", D(2026, 3, 16))
    with pytest.raises(InputError, match="has no extension 'forever'"):
        due("kr-oida", "decision", D(2026, 3, 16), "forever")
    with pytest.raises(InputError, match="that the law has, each once"):
        due("kr-oida", "decision", D(2026, 3, 16), "objection-extension")
    with pytest.raises(InputError, match="that the law has, each once"):
        due("kr-oida", "decision", D(2026, 3, 16), *["decision-extension"] * 2)
    assert law.exemption("9-1-7").article == "Art. 9(1)7"
    with pytest.raises(InputError, match="has no exemption"):
        law.exemption("9-1-9")


@pytest.mark.parametrize(
    ("law", "region", "said"),
    [
        ("kr-oida", "11", "kr-oida has no regions"),
        ("uk-foia-2000", "SCT", "uk-foia-2000 has no regions"),
        ("de-ifg", "XX", "Germany has no Land 'XX'"),
        ("eu-gdpr-15", "GB", "'GB' is not a member state"),
        ("eu-gdpr-15", "FR-XX", "FR has no part 'XX'"),
        ("ca-atia", "XX", "Canada has no part 'XX'"),
        ("us-ma-prl", "MA", "us-ma-prl has no regions"),
    ],
)
def test_regions_that_are_not_there_are_refused(law: str, region: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        due(law, "decision", D(2026, 3, 16), region=region)


# the counting, by properties

STEPS = [(law.id, step.id) for law in LAWS.values() for step in law.steps]
DAYS = st.dates(D(2015, 1, 1), D(2030, 12, 31))


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(STEPS), DAYS, st.integers(0, 40))
def test_a_later_event_never_gives_an_earlier_deadline(
    which: tuple[str, str], day: dt.date, more: int
) -> None:
    later = day + dt.timedelta(days=more)
    assert due(*which, day).date <= due(*which, later).date
    assert day <= due(*which, day).date


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(STEPS), DAYS)
def test_working_days_are_as_numpy_counts_them_and_rolled_ends_are_worked_on(
    which: tuple[str, str], day: dt.date
) -> None:
    """The number of working days, recounted by numpy from the library's own list of holidays."""
    law = LAWS[which[0]]
    step, found = law.step(which[1]), due(*which, day)
    days = working_days(law)
    if step.unit == "working_days":
        span = [day + dt.timedelta(days=n) for n in range((found.date - day).days + 2)]
        off = [each for each in span if days.holiday(each)]
        begin = days.next_working(day) if step.moves_start else day
        first = begin if step.first_day else begin + dt.timedelta(days=1)
        counted = np.busday_count(first, found.date + dt.timedelta(days=1), holidays=off)
        assert counted == step.number
    if step.unit == "working_days" or step.moves_end:
        assert days.works(found.date)
        assert found.date.weekday() < 5
    assert all(f"{skipped[0]} {skipped[1]}" in found.rule_en for skipped in found.period.skipped)
    korean = [
        f"{each[0]} {each[2]}".replace("(observed)", "(대체 휴일)") for each in found.period.skipped
    ]
    assert all(each in found.rule_ko for each in korean)
    assert str(found.date) in found.rule_en
    assert str(found.date) in found.rule_ko
    assert not HANGUL.search(found.rule_en)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from([each for law in LAWS.values() for each in law.extensions]), DAYS)
def test_an_extension_never_shortens(extension: object, day: dt.date) -> None:
    law = next(law for law in LAWS.values() if extension in law.extensions)
    step, name = extension.step, extension.id  # type: ignore[attr-defined]
    assert due(law.id, step, day).date <= due(law.id, step, day, name).date


def test_a_rule_can_be_checked_by_hand() -> None:
    found = due("kr-oida", "objection", D(2026, 1, 16))
    assert found.period.first == D(2026, 1, 17)
    assert found.period.end == D(2026, 2, 15)
    assert [each[2] for each in found.period.skipped] == ["설날 전날", "설날", "설날 다음날"]
    assert found.article == "Arts. 18(1), 29(1); Civil Act Arts. 157, 161"
    assert found.article_ko == "제18조제1항, 제29조제1항; 민법 제157조, 제161조"
    assert "moves to the next working day, 2026-02-19 (Thu)" in found.rule_en
    assert "다음 근무일인 2026-02-19(목)로 넘어간다" in found.rule_ko


def test_a_request_on_a_holiday_names_the_holiday_on_which_it_came() -> None:
    found = due("kr-oida", "decision", D(2026, 2, 16))
    assert found.period.first == D(2026, 2, 19)
    assert found.date == D(2026, 3, 5)
    assert [day for day, *_ in found.period.skipped] == [
        *(D(2026, 2, n) for n in (16, 17, 18)),
        D(2026, 3, 2),
    ]
    # holidays within a period of calendar days count like any other
    assert due("kr-oida", "objection", D(2026, 2, 10)).period.skipped == ()


def test_a_year_without_the_commissions_list_is_told() -> None:
    known, unknown = (due("eu-1049-2001", "decision", D(y, 5, 4)) for y in (2026, 2028))
    assert "Belgian" not in known.rule_en
    assert "The list for 2028 is not in the file" in unknown.rule_en
    assert "2028년의 목록이 파일에 없어" in unknown.rule_ko


def test_the_commissions_own_list_gives_the_day_that_it_wrote_itself() -> None:
    """DG MOVE, EASE 2023/1701 (asktheeu.org): registered 17 March 2023, extended to 4 May 2023.

    The list is by the rule of 'Public holidays in the European Union' (Wikipedia): Maundy Thursday,
    Good Friday, Easter Monday, 1 May. Without it the day comes out earlier, and the rule says so.
    """
    law = LAWS["eu-1049-2001"]
    days = (D(2023, 4, 6), D(2023, 4, 7), D(2023, 4, 10), D(2023, 5, 1))
    listed = dataclasses.replace(law.closed[0], id="2023", days=days)
    with_list = dataclasses.replace(law, closed=(listed,))
    registered, more = D(2023, 3, 17), ["decision-extension"]
    assert deadline(with_list, "decision", registered, extensions=more).date == D(2023, 5, 4)
    without = deadline(law, "decision", registered, extensions=more)
    assert without.date < D(2023, 5, 4)
    assert "the true day may be later" in without.rule_en


# a request's history


def states(frame: pl.DataFrame) -> dict[str, str]:
    return dict(frame.select("step", "state").rows())


def test_silence_opens_the_objection_and_a_decision_takes_its_place() -> None:
    law, asked = LAWS["kr-oida"], ("received", D(2026, 3, 16))
    frame = deadlines(law, history(asked), today=D(2026, 3, 20))
    assert frame.schema == pl.Schema(DEADLINES)
    assert states(frame) == {"decision": "running", "silence": "waiting"}
    # on the last day nothing is late; the day after it is
    assert not deadlines(law, history(asked), today=D(2026, 3, 27))["overdue"].any()
    late = deadlines(law, history(asked), today=D(2026, 4, 11))
    assert states(late) == {
        "decision": "overdue",
        "silence": "possible",
        "objection-after-silence": "running",
    }
    assert late.filter(step="objection-after-silence")["due"].item() == D(2026, 5, 11)
    told = deadlines(law, history(asked, ("decided", D(2026, 4, 15))), today=D(2026, 4, 16))
    assert states(told)["decision"] == "late"
    assert "objection-after-silence" not in told["step"]
    assert told.filter(step="objection")["due"].item() == D(2026, 5, 15)
    # what lies ahead of today is not seen
    assert (
        states(deadlines(law, history(asked, ("decided", D(2026, 4, 15))), today=D(2026, 4, 1)))[
            "decision"
        ]
        == "overdue"
    )


def test_an_extension_counts_from_its_notice_for_its_own_step() -> None:
    law = LAWS["kr-oida"]
    asked, told = ("received", D(2026, 2, 10)), ("extended", D(2026, 2, 25), "decision-extension")
    assert deadlines(law, history(asked, told), today=D(2026, 2, 24))["due"][0] == D(2026, 2, 26)
    assert deadlines(law, history(asked, told), today=D(2026, 2, 25))["due"][0] == D(2026, 3, 13)
    # a request that was sent anew starts without the old extension
    anew = history(asked, told, ("received", D(2026, 3, 16)))
    assert deadlines(law, anew, today=D(2026, 3, 20))["due"][0] == D(2026, 3, 27)
    with pytest.raises(
        InputError, match="has no name: give its id in kr-oida, one of decision-ext"
    ):
        deadlines(law, history(asked, ("extended", D(2026, 2, 25))), today=D(2026, 2, 25))


def test_a_request_that_was_closed_has_nothing_open() -> None:
    past = history(("received", D(2026, 3, 16)), ("closed", D(2026, 3, 20)))
    frame = deadlines(LAWS["kr-oida"], past, today=D(2026, 12, 1))
    assert frame["done"].to_list() == [D(2026, 3, 20)] * 2
    assert not frame["overdue"].any()


def test_the_whole_way_of_a_german_request() -> None:
    past = history(
        ("received", D(2026, 1, 30)),
        ("decided", D(2026, 2, 27)),
        ("appealed", D(2026, 3, 20)),
        ("appeal_decided", D(2026, 6, 10)),
    )
    frame = deadlines(LAWS["de-ifg"], past, today=D(2026, 6, 11), region="BE")
    assert states(frame) == {
        "decision": "done",
        "silence": "done",
        "objection": "done",
        "objection-without-instruction": "done",
        "objection-silence": "done",
        "lawsuit": "running",
    }
    assert frame["due"][-1] == D(2026, 7, 10)


def test_histories_that_cannot_be_read_are_refused() -> None:
    law = LAWS["kr-oida"]
    with pytest.raises(InputError, match="no column date"):
        deadlines(law, pl.DataFrame({"event": ["received"]}), today=D(2026, 1, 1))
    with pytest.raises(InputError, match="unknown events: silence, won"):
        deadlines(law, history(("won", D(2026, 1, 1)), ("silence", D(2026, 1, 1))), today=D.max)
    empty = deadlines(law, history(), today=D(2026, 1, 1))
    assert empty.is_empty()
    assert empty.schema == pl.Schema(DEADLINES)
    assert set(EVENTS) >= {step.starts for step in law.steps if isinstance(step, Step)}


# the calendar file


def labelled(frame: pl.DataFrame, request: str = "r-1") -> pl.DataFrame:
    return frame.with_columns(request=pl.lit(request), title=pl.lit("협약서, the MoU"))


def test_a_calendar_holds_open_deadlines_as_days_and_is_the_same_each_time() -> None:
    law = LAWS["kr-oida"]
    asked, told = ("received", D(2026, 2, 10)), ("extended", D(2026, 2, 25), "decision-extension")
    plain, longer = (
        ics(labelled(deadlines(law, history(*h), today=D(2026, 2, 25))), stamp=D(2026, 2, 25))
        for h in ((asked,), (asked, told))
    )
    again = labelled(deadlines(law, history(asked), today=D(2026, 2, 25)))
    assert ics(again, stamp=D(2026, 2, 25)) == plain
    before, after = (
        {str(event["uid"]): event for event in icalendar.Calendar.from_ical(each).walk("VEVENT")}
        for each in (plain, longer)
    )
    # the same event, moved: a calendar program changes it rather than adding one
    assert set(before) == set(after)
    days = {str(e["summary"]): (e["dtstart"].dt, e["dtend"].dt) for e in before.values()}
    assert len(days) == len(before) == 2
    start, end = days["협약서, the MoU: Decision whether to disclose / 공개 여부 결정"]
    assert (start, end) == (D(2026, 2, 26), D(2026, 2, 27))
    assert D(2026, 3, 13) in {event["dtstart"].dt for event in after.values()}
    assert any("after this day: Wait" in summary for summary in days)
    assert all("holidays 0" in str(e["description"]) for e in before.values())


def test_a_calendar_leaves_out_what_is_done_and_refuses_frames_without_names() -> None:
    past = history(("received", D(2026, 3, 16)), ("closed", D(2026, 3, 20)))
    frame = deadlines(LAWS["kr-oida"], past, today=D(2026, 4, 1))
    assert b"VEVENT" not in ics(labelled(frame), stamp=D(2026, 4, 1))
    with pytest.raises(InputError, match="The table of deadlines has no column request, title"):
        ics(frame, stamp=D(2026, 4, 1))


# a day off, a notice, a length that the law leaves open


def test_what_comes_on_a_day_off_counts_as_of_the_next_working_day() -> None:
    """The law firm's example of 950 CMR 32.03(3): Thanksgiving Day, then Friday, then Monday."""
    found = due("us-ma-prl", "decision", D(2026, 11, 26))
    assert (found.period.counts_from, found.period.first) == (D(2026, 11, 27), D(2026, 11, 30))
    assert "on 2026-11-26 (Thu), a day off, counts as of 2026-11-27 (Fri)" in found.rule_en
    assert "2026-11-26(목) 쉬는 날" in found.rule_ko


def test_a_rule_that_was_not_read_favours_the_body_and_warns_the_requester() -> None:
    body, own = (
        due("in-rti-2005", "decision", D(2026, 3, 13)),
        due("in-rti-2005", "second-appeal", D(2026, 6, 15)),
    )
    assert (body.date.weekday(), own.date.weekday()) == (0, 6)
    for found in (body, own):
        assert "We have not read" in found.rule_en
        assert "읽지 못했다" in found.rule_ko
    assert "We have not read" not in due("in-rti-2005", "decision", D(2026, 3, 16)).rule_en


def test_an_extension_told_too_late_is_left_out_and_the_rule_says_so() -> None:
    law = LAWS["eu-gdpr-15"]
    asked, told = ("received", D(2026, 3, 16)), ("extended", D(2026, 4, 20), "two-months")
    row = deadlines(law, history(asked, told), today=D(2026, 4, 24)).filter(step="decision")
    assert row["due"].item() == D(2026, 4, 16)
    assert "extension of 2026-04-20 (Mon) is not counted" in row["rule_en"].item()
    assert "2026-04-20(월)의 연장은 세지 않았다" in row["rule_ko"].item()


def test_an_extension_without_a_length_needs_the_day_that_the_body_named() -> None:
    law = LAWS["ca-atia"]
    past = history(("received", D(2026, 3, 16)), ("extended", D(2026, 4, 10), "reasonable"))
    with pytest.raises(InputError, match="lacks the day to which the body extended"):
        deadlines(law, past, today=D(2026, 4, 24))
    named = past.with_columns(until=pl.lit(D(2026, 6, 15)))
    row = deadlines(law, named, today=D(2026, 4, 24)).filter(step="decision")
    assert row["due"].item() == D(2026, 6, 15)
    assert "The body extended the time to 2026-06-15 (Mon)" in row["rule_en"].item()
    assert "2026-06-15(월)까지 연장했다" in row["rule_ko"].item()
