"""Names of persons, and what else points to one: addresses, telephone and registration numbers.

Patterns and lists, no model: a name is found by what stands at it (사무관, 변호사, Rep., From:),
then wherever else it stands. What no cue ever stands at is missed; docs/documents.md says how much.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from email.utils import getaddresses
from functools import cache
from importlib import resources

import polars as pl

DATA = resources.files("onetomany.mentions") / "data"
# raised whenever the same text would give other persons
EXTRACTOR, VERSION = "persons", 1
KINDS = ("person", "address", "telephone", "number")
PERSONS = {
    "text_id": pl.Int64,  # the place of the text in what was given
    "kind": pl.String,  # one of KINDS
    "start": pl.Int64,  # characters of the text, [start, end)
    "end": pl.Int64,
    "name": pl.String,  # in the form that is the same for the same person: see `normal`
    "cue": pl.String,  # what it was found by: title, label, honorific, head, romanised, known, form
}
Found = tuple[int, int, str, str, str]

# surnames of nearly everybody (Statistics Korea lists 5,582; the first 100 cover over 99 %)
_SURNAMES = (
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민진나류엄채원천"
    "방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁"
)
_TWO = "남궁|황보|제갈|사공|선우|서문|독고|동방"
_NAME = rf"(?:(?:{_TWO})[가-힣]{{1,2}}|[{_SURNAMES}][가-힣]{{1,2}})"
_LONGER = rf"(?:(?:{_TWO})[가-힣]{{1,2}}|[{_SURNAMES}][가-힣]{{2}})"
_PARTICLES = "은는이가을를의에도와과로만께"
_END = (
    rf"(?=(?:[{_PARTICLES}]|에게|께서|에서|으로|이다|입니다|이라고|라고|이며|이고|님|측|등|들)?"
    r"(?![가-힣]))"
)
_GIVEN = r"[A-Z][a-z]+(?:-[A-Za-z][a-z]+)?"
_HEADS = re.compile(
    r"(?:^|(?<=\0))(?:From|To|Cc|Bcc|Reply-To|보낸 ?사람|받는 ?사람|참조)[ \t]*[:：][ \t]*"
    r"(?P<list>[^\n\0]+)",
    re.M | re.I,
)
_PSEUDONYM = re.compile("P-[A-Z2-7]{10}")
_ADDRESS = re.compile(r"(?a:(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)")
_TELEPHONE = re.compile(
    r"(?<![\d-])(?:\+?82[-. )]{0,2}0?\d{1,2}|0\d{1,2})[-.) ]{1,2}\d{3,4}[-. ]\d{4}(?![\d-])"
    r"|(?<![\d-])01\d{8,9}(?!\d)|(?<![\d-])1[56]\d\d-\d{4}(?![\d-])"
)
# resident and foreigner registration: a birth date, a hyphen or none, a century and sex, six more
_NUMBER = re.compile(
    r"(?<![\d-])\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"(?: ?[-–] ?[1-8][\d*xX●]{6}|[1-8]\d{6})(?!\d)"
)


@cache
def words(kind: str) -> tuple[str, ...]:
    """The words of one kind in data/person_words.csv, longest first."""
    rows = dict(pl.read_csv((DATA / "person_words.csv").read_bytes()).iter_rows())
    return tuple(sorted(rows[kind].split(), key=len, reverse=True))


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """What stands at a name, with the cue that it is; the group `name` is the name."""
    titles = "|".join(words("title"))
    longer = "|".join(title for title in words("title") if len(title) > 1)
    romanised = "|".join(words("romanised surname"))
    plain = "|".join(words("plain surname"))
    office = rf"(?:[가-힣]{{1,12}}(?:과|실|팀|국|청|부|원|관|소|단) ?(?:{titles})? ?)?"
    texts = [
        ("title", rf"(?<![가-힣])(?P<name>{_NAME})[ \u00a0]?(?P<title>{titles}){_END}"),
        # before a name a title of one syllable is too weak
        ("title", rf"(?:{longer})[ \u00a0](?P<name>{_LONGER}){_END}"),
        (
            "label",
            rf"(?:{'|'.join(words('label'))})\s*[:：\t]\s*{office}(?P<name>{_NAME})(?![가-힣])",
        ),
        # without a colon only three syllables are told from a word
        ("label", rf"(?<![가-힣])(?:{'|'.join(words('label'))}) (?P<name>{_LONGER}){_END}"),
        ("label", rf"(?<![가-힣])(?P<name>{_NAME}) 외 \d+ ?[명인]"),
        ("head", rf"(?P<name>{_GIVEN}(?: [A-Z]\.)?(?: {_GIVEN})+|{_NAME})(?= ?<[\w.+-]+@)"),
        (
            "honorific",
            rf"(?a:\b)(?:{'|'.join(words('honorific'))})\.? "
            rf"(?P<name>{_GIVEN}(?: [A-Z]\.)?(?: {_GIVEN}){{0,2}})(?a:\b)",
        ),
        (
            "honorific",
            rf"(?a:\b)(?P<name>{_GIVEN}(?: [A-Z]\.)? {_GIVEN}), (?:an? |the |then )?(?:[a-z]+ )?"
            rf"(?:{'|'.join(words('calling'))})(?a:\b)",
        ),
        (
            "romanised",
            rf"(?a:\b)(?P<name>(?:{romanised}) [A-Z][a-z]+-[A-Za-z][a-z]+"
            rf"|[A-Z][a-z]+-[A-Za-z][a-z]+ (?:{romanised}))(?a:\b)",
        ),
        # no hyphen: only surnames that are no English word, and a given name of two syllables
        (
            "romanised",
            rf"(?a:\b)(?P<name>(?:{plain}) [A-Z][a-z]{{3,9}}|[A-Z][a-z]{{3,9}} (?:{plain}))(?a:\b)",
        ),
    ]
    return [(cue, re.compile(text)) for cue, text in texts]


def normal(name: str) -> str:
    """A name in the form that is the same however it is spaced and cased: 'kim min-ji'."""
    return re.sub(r"\s+", "" if re.search("[가-힣]", name) else " ", name.strip()).casefold()


def is_name(text: str) -> bool:
    """Whether a Korean word can be a name: not in the list, no office's short form, no verb."""
    common = words("not a name")
    return not (
        text in common
        # 조사한 위원, 이를 위원회: what ends so is inflected
        or text[-1] in "는를을에된될할던"
        or (len(text) == 3 and text[-1] in "의가와과")
        or (len(text) == 3 and text[:2] in common and text[2] in _PARTICLES + "장관한인적")
        or text.endswith(("부", "청", "처", "팀", "시장", "회사"))
    )


def looks_like_one(name: str) -> bool:
    """Whether a field's whole value, in normal form, reads like a person's name."""
    if re.search("[가-힣]", name):
        return bool(re.fullmatch(_NAME, name)) and is_name(name)
    parts = name.split()
    taken = {word.casefold() for word in words("office")}
    return (
        2 <= len(parts) <= 4
        and name.replace(" ", "").replace("-", "").replace(".", "").isalpha()
        and not taken.intersection(parts)
    )


def find(texts: Iterable[str | None], known: Iterable[str] = ()) -> pl.DataFrame:
    """Persons and numbers in texts: a frame of PERSONS, in order, that don't overlap.

    `known` are names (`normal`) to be found also where no cue stands at them; those of one Latin
    word are left out. Null texts are empty.
    """
    given = [text or "" for text in texts]
    corpus, begins = "\0".join(text.replace("\0", " ") for text in given), [0]
    for text in given:
        begins.append(begins[-1] + len(text) + 1)
    found = sorted(
        {*_numbers(corpus), *_cued(corpus), *_known(given, begins, set(known))},
        key=lambda each: (each[0], -each[1], each[4] == "known", each[4]),
    )
    rows, last, place = [], 0, 0
    for start, end, kind, name, cue in found:
        if start < last:
            continue
        last = end
        while begins[place + 1] <= start:
            place += 1
        rows.append((place, kind, start - begins[place], end - begins[place], name, cue))
    return pl.DataFrame(rows, schema=PERSONS, orient="row")


def _numbers(corpus: str) -> Iterator[Found]:
    for kind, pattern in (("address", _ADDRESS), ("number", _NUMBER), ("telephone", _TELEPHONE)):
        for match in pattern.finditer(corpus):
            text = match[0] if kind == "address" else re.sub(r"[^\d+*xX●]", "", match[0])
            yield (match.start(), match.end(), kind, text.casefold(), "form")


def _cued(corpus: str) -> Iterator[Found]:
    for cue, pattern in _patterns():
        for match in pattern.finditer(corpus):
            name, start = match["name"], match.start("name")
            if re.match("[가-힣]", name):
                # 정밀 검사 is a close look, and 정밀 no prosecutor
                weak = len(name) == 2 and match.groupdict().get("title") == "검사"
                if not weak and is_name(name):
                    yield (start, start + len(name), "person", name, cue)
                continue
            latin = name.split()
            kept = next((at for at, each in enumerate(latin) if each in words("office")), None)
            name = " ".join(latin[:kept])
            if name:
                yield (start, start + len(name), "person", normal(name), cue)
    for match in _HEADS.finditer(corpus):
        for name, _ in getaddresses([match["list"]]):
            shown = name.strip("\"' ")
            at = match["list"].find(shown)
            if len(shown) > 1 and at >= 0 and "@" not in shown and not _PSEUDONYM.fullmatch(shown):
                start = match.start("list") + at
                yield (start, start + len(shown), "person", normal(shown), "head")


def _known(given: list[str], begins: list[int], known: set[str]) -> Iterator[Found]:
    """Where names stand that were found elsewhere, whole words only; particles may follow."""
    names = sorted(
        (name for name in known if re.search("[가-힣]", name) or " " in name), key=len, reverse=True
    )
    if not names:
        return
    folded = pl.Series([text.casefold() for text in given], dtype=pl.String)
    hits = folded.str.find_many(names, leftmost=True)
    words = folded.str.extract_many(names, leftmost=True)
    for place in (folded.str.contains_any(names)).arg_true().to_list():
        text = folded[place]
        if len(text) != len(given[place]):
            continue  # folding changed its length (such as ß): its places can't be told
        raw = text.encode()
        for offset, name in zip(hits[place].to_list(), words[place].to_list(), strict=True):
            start = len(raw[:offset].decode())
            end = start + len(name)
            if _whole(text, start, end, name):
                yield (begins[place] + start, begins[place] + end, "person", name, "known")


def _whole(text: str, start: int, end: int, name: str) -> bool:
    before, after = text[max(start - 1, 0) : start], text[end : end + 3]
    if not re.search("[가-힣]", name):
        return not (before.isalnum() or (after[:1].isascii() and after[:1].isalnum()))
    if re.match("[가-힣]", before):
        return False
    # two syllables are a word too easily: then only a particle may follow
    return len(name) > 2 or not re.match(rf"(?![{_PARTICLES}](?![가-힣]))[가-힣]", after)
