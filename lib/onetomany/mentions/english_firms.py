"""Find firms by a legal form in Latin letters (Inc., LLP, S.A. de C.V.), reading backwards."""

import re
from collections.abc import Iterator

from .known_words import is_english, is_person, is_place, is_proper
from .lists import listed_words, word_set
from .name_patterns import pattern_of_names

Place = tuple[int, int]
_HARD = listed_words("english_firms.hard")
# these are forms only after a word that is not English
_SOFT = listed_words("english_firms.soft")
_SOFT |= {"Health System", "Health Care", "Health Plan", "Pain Management", "Asset Management"}
_MORE = (
    r"(?:\.?,? (?:National Association|Inc|Corp|Ltd|LLC|LLP|L\.L\.C|LP|L\.P|PLC|plc|N\.A|S\.A|"
    r"Limited|Company|Co|CO|INC|LTD|KG|Bhd|BHD|de C\.V|& Co|de R\.L)(?![A-Za-z0-9-]))"
)
_FORM = re.compile(
    rf"(?:(?P<hard>National Association|{pattern_of_names((_HARD, ' ', ''))})|"
    rf"(?:{pattern_of_names((_SOFT, ' ', rf'(?!{_MORE})'))}))"
    rf"(?![A-Za-z0-9&-]|\.[A-Za-z]){_MORE}*\.?"
)
_NO_CO = re.compile(r"CO?(?:o)?(?![a-zA-Z]|\.|, [LI]| KG)")
_TOKEN = re.compile(r"[A-Z0-9À-Þ][\w&’'./+-]*,?|[a-z][A-Z]\w+")
_ABBREVIATED = re.compile(r"(?:St|Bros|Dr|Intl|Jr|Mt|Ft|Wm|Co|[A-Z](?:\.[A-Z])*)\.")
_LINKS = word_set("of the and & de du for la y e del der van von di da dos")
_ROLES = listed_words("english_firms.roles")
_FORMS = listed_words("english_firms.forms")
_NOT_FIRST = listed_words("english_firms.not_first")
# these words alone do not form the name of a firm
_GENERIC = listed_words("english_firms.generic")
_MOST = 8
_WIDEST = 120


def latin_firms(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield place [start, end) of firms, and the end of the name without its form."""
    for form in _FORM.finditer(text):
        if text[form.start() - 1 : form.start()] != " " or _NO_CO.match(form[0]):
            continue
        if form[0] == "National Association" and text[form.start() - 2 : form.start()] != ", ":
            continue
        start = _name_start(text, form.start(), bool(form["hard"]))
        name = text[start : form.start()].rstrip(" ,")
        if not name or not _is_name(name, form):
            continue
        yield start, form.end(), start + len(name)


def _is_name(name: str, form: re.Match[str]) -> bool:
    if form["hard"]:
        return not all(word.lower() in _GENERIC for word in re.findall(r"[\w&]+", name))
    if form[0] == "AG" and is_place(name):  # the Texas AG is a person
        return False
    words = name.split()
    if form[0] in _OPEN and _is_within(form, name):
        return not all(word.lower() in _GENERIC for word in words)
    foreign = any(is_person(word) and not is_english(word) for word in words)
    return (is_proper(name) or (foreign and form[0] not in _NO_PERSON)) and not (
        " " not in name and is_person(name) and len(form[0]) < 3
    )


# within a sentence these may end a name of English words: Open Rights International
_OPEN = listed_words("english_firms.open")
_NO_PERSON = listed_words("english_firms.no_person")
_LOWER = re.compile(r"[a-z][,;]? [“\"]?\Z")


def _is_within(form: re.Match[str], name: str) -> bool:
    start = form.string.rfind(name, 0, form.start())
    return len(name.split()) > 1 and bool(_LOWER.search(form.string, max(0, start - 4), start))


def _name_start(text: str, end: int, hard: bool) -> int:
    """Return the start of the name before a form, reading backwards word by word."""
    begin = max(0, end - _WIDEST)
    line = re.split(r"[\n\0\t]", text[begin:end])[-1]
    place = end - len(line)
    if hard:
        line = _BRACKETED.sub("", line)  # Ruritania Trade (Ireland) Limited
    tokens = [(match.start() + place, match[0]) for match in re.finditer(r"\S+", line)]
    name: list[tuple[int, str]] = []
    for at, token in reversed(tokens[-_MOST:]):
        bare = token.lstrip("“\"‘'(")
        if not _belongs(bare, name):
            break
        name.insert(0, (at + len(token) - len(bare), bare))
        if bare != token:
            break
    while name and (name[0][1] in _LINKS or name[0][1] in _NOT_FIRST or _is_number(name[0][1])):
        name = name[1:]
    article = next((at for at, (_, word) in enumerate(name) if word in ("The", "the")), -1)
    if article > 0 and name[article - 1][1] not in _LINKS:  # 114 The Journal
        name = name[article + 1 :]
    return name[0][0] if name else end


_BRACKETED = re.compile(r"(?<=\w) \((?:[A-Z][\w.&]*,? ?){1,3}\)\s?\Z")


def _belongs(token: str, name: list[tuple[int, str]]) -> bool:
    """Tell whether a word belongs to the name that follows it."""
    if token in _LINKS:
        # Grain and Barge Co. is one firm, Apple and Google Inc. are two
        return bool(name) and (
            token != "and"
            or (len(name) < 3 and all(is_english(word.strip(",.")) for _, word in name))
        )
    if _BASED.fullmatch(token) or not _TOKEN.fullmatch(token):
        return False
    plain = token.capitalize() if token.isupper() and len(token) > 1 else token
    if token in _ROLES or token in _FORMS or plain in _NOT_FIRST:
        return False
    if token.endswith(","):
        return not name or any(each == "&" for _, each in name)
    return not token.endswith(".") or _ABBREVIATED.fullmatch(token) is not None


_BASED = re.compile(r".+-(?:based|owned|backed|led|listed|registered|headquartered)")


def _is_number(word: str) -> bool:
    """Tell whether a word is a year, a date or a case number, not the 3 of 3M."""
    return word[0].isdigit() and (len(word) > _LONGEST_NUMBER or not word.isalnum())


_LONGEST_NUMBER = 3


def short_names(text: str, start: int, end: int) -> Iterator[Place]:
    """Yield the places of a firm's short names: without its form, and its first word."""
    name = text[start:end]
    words = name.split()
    if len(words) > 1 or _stands_alone(name):
        yield start, end
    if len(words) > 1 and _stands_alone(words[0]):
        yield start, start + len(words[0])


def _stands_alone(word: str) -> bool:
    """Tell whether one word alone can name the firm."""
    return len(word) > 2 and word[0].isupper() and is_proper(word)
