"""Find names of persons, e-mail addresses, telephone and registration numbers in texts.

Patterns and lists do this, not a model. A name is found by a cue next to it (사무관, 변호사, Rep.,
From:), and then in all its other places. Names with no adjacent cue are missed;
docs/documents-measured.md says how many.
"""

import re
from collections.abc import Iterable, Iterator
from email.utils import getaddresses
from functools import cache
from itertools import takewhile

import polars as pl

from .lists import DATA

# raised whenever the same text would give different persons
EXTRACTOR, VERSION = "persons", 1
KINDS = ("person", "address", "telephone", "number")
PERSONS = {
    "text_id": pl.Int64,  # the index of the text in the input
    "kind": pl.String,  # one of KINDS
    "start": pl.Int64,  # characters of the text, [start, end)
    "end": pl.Int64,
    "name": pl.String,  # in normal form, see `normal_name`
    "cue": pl.String,  # title, label, honorific, head, romanised, known, form
}
Found = tuple[int, int, str, str, str]

# the commonest surnames (Statistics Korea lists 5,582; the first 100 cover over 99%)
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
def person_words(kind: str) -> tuple[str, ...]:
    """Return the words of one kind in data/person_words.csv, longest first."""
    rows = dict(pl.read_csv((DATA / "person_words.csv").read_bytes()).iter_rows())
    return tuple(sorted(rows[kind].split(), key=len, reverse=True))


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Return cues and their patterns; the group `name` is the name."""
    titles = "|".join(person_words("title"))
    longer = "|".join(title for title in person_words("title") if len(title) > 1)
    romanised = "|".join(person_words("romanised surname"))
    plain = "|".join(person_words("plain surname"))
    office = rf"(?:[가-힣]{{1,12}}(?:과|실|팀|국|청|부|원|관|소|단) ?(?:{titles})? ?)?"
    texts = [
        ("title", rf"(?<![가-힣])(?P<name>{_NAME})[ \u00a0]?(?P<title>{titles}){_END}"),
        # a title of one syllable before a name is too weak
        ("title", rf"(?:{longer})[ \u00a0](?P<name>{_LONGER}){_END}"),
        (
            "label",
            rf"(?:{'|'.join(person_words('label'))})\s*[:：\t]\s*{office}(?P<name>{_NAME})(?![가-힣])",
        ),
        # without a colon only names of three syllables can be distinguished from a word
        ("label", rf"(?<![가-힣])(?:{'|'.join(person_words('label'))}) (?P<name>{_LONGER}){_END}"),
        ("label", rf"(?<![가-힣])(?P<name>{_NAME}) 외 \d+ ?[명인]"),
        ("head", rf"(?P<name>{_GIVEN}(?: [A-Z]\.)?(?: {_GIVEN})+|{_NAME})(?= ?<[\w.+-]+@)"),
        (
            "honorific",
            rf"(?a:\b)(?:{'|'.join(person_words('honorific'))})\.? "
            rf"(?P<name>{_GIVEN}(?: [A-Z]\.)?(?: {_GIVEN}){{0,2}})(?a:\b)",
        ),
        (
            "honorific",
            rf"(?a:\b)(?P<name>{_GIVEN}(?: [A-Z]\.)? {_GIVEN}), (?:an? |the |then )?(?:[a-z]+ )?"
            rf"(?:{'|'.join(person_words('calling'))})(?a:\b)",
        ),
        (
            "romanised",
            rf"(?a:\b)(?P<name>(?:{romanised}) [A-Z][a-z]+-[A-Za-z][a-z]+"
            rf"|[A-Z][a-z]+-[A-Za-z][a-z]+ (?:{romanised}))(?a:\b)",
        ),
        # no hyphen: only surnames that are not English words, and given names of two syllables
        (
            "romanised",
            rf"(?a:\b)(?P<name>(?:{plain}) [A-Z][a-z]{{3,9}}|[A-Z][a-z]{{3,9}} (?:{plain}))(?a:\b)",
        ),
    ]
    return [(cue, re.compile(text)) for cue, text in texts]


def normal_name(name: str) -> str:
    """Return a name in normal form, regardless of spacing and case.

    >>> normal_name("Kim  Min-ji"), normal_name("김 민지")
    ('kim min-ji', '김민지')
    """
    return re.sub(r"\s+", "" if re.search("[가-힣]", name) else " ", name.strip()).casefold()


def _is_name(text: str) -> bool:
    """Tell whether a Korean word can be a name: no common word, office or verb form."""
    common = person_words("not a name")
    return not (
        text in common
        # 조사한 위원, 이를 위원회: inflected words end in these
        or text[-1] in "는를을에된될할던"
        or (len(text) == 3 and text[-1] in "의가와과")
        or (len(text) == 3 and text[:2] in common and text[2] in _PARTICLES + "장관한인적")
        or text.endswith(("부", "청", "처", "팀", "시장", "회사"))
    )


def looks_like_name(name: str) -> bool:
    """Tell whether the value of a field, in normal form, looks like a person's name.

    >>> looks_like_name("kim min-ji"), looks_like_name("admin")
    (True, False)
    """
    if re.search("[가-힣]", name):
        return bool(re.fullmatch(_NAME, name)) and _is_name(name)
    parts = name.split()
    taken = {word.casefold() for word in person_words("office")}
    letters = re.sub("[ .-]", "", name).isalpha()
    return 2 <= len(parts) <= 4 and letters and not taken.intersection(parts)


def find_persons(texts: Iterable[str | None], known: Iterable[str] = ()) -> pl.DataFrame:
    """Find persons and numbers in texts: a frame of PERSONS, in order, without overlaps.

    `known` are names in normal form that are found also without a cue; those of one Latin word are
    skipped. Null texts are empty.

    >>> find_persons(["담당: 김민지 사무관"])["name"].to_list()
    ['김민지']
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
    office = person_words("office")
    for cue, pattern in _patterns():
        for match in pattern.finditer(corpus):
            name, start = match["name"], match.start("name")
            if re.match("[가-힣]", name):
                # 정밀 검사 is an examination, not a prosecutor named 정밀
                weak = len(name) == 2 and match.groupdict().get("title") == "검사"
                if not weak and _is_name(name):
                    yield (start, start + len(name), "person", name, cue)
                continue
            if name := " ".join(takewhile(lambda each: each not in office, name.split())):
                yield (start, start + len(name), "person", normal_name(name), cue)
    for match in _HEADS.finditer(corpus):
        for name, _ in getaddresses([match["list"]]):
            shown = name.strip("\"' ")
            at = match["list"].find(shown)
            if len(shown) > 1 and at >= 0 and "@" not in shown and not _PSEUDONYM.fullmatch(shown):
                start = match.start("list") + at
                yield (start, start + len(shown), "person", normal_name(shown), "head")


def _known(given: list[str], begins: list[int], known: set[str]) -> Iterator[Found]:
    """Yield the places of names found elsewhere: whole words only, particles may follow."""
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
            continue  # folding changed the length (ß): the places are unknown
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
    # two syllables are often another word: then only a particle may follow
    return len(name) > 2 or not re.match(rf"(?![{_PARTICLES}](?![가-힣]))[가-힣]", after)
