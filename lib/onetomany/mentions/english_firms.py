"""Firms by an English or other Latin form (Inc., LLP, S.A. de C.V.), read backwards from it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .known_words import is_english, is_person, is_place, is_proper
from .law_names import word_set
from .name_patterns import any_of

Place = tuple[int, int]
_HARD = word_set(
    "Inc INC Incorporated Corp CORP Corporation Ltd LTD LLC L.L.C LLP L.L.P L.P PLC plc N.A "
    "S.A.B S.A.S "
    "S.A.R.L S.A S.p.A SpA S.r.l S.R.L N.V B.V A.G GmbH KGaA SARL Sàrl Oyj ASA A/S Pty Pvt Sdn "
    "Bhd BHD "
    "Tbk P.C Limited Company Holdings Bancorp Bancshares Co CO"
)
# a form only behind a word that is no English one
_SOFT = word_set(
    "Group GROUP Partners Ventures Capital Technologies Technology Systems Solutions Industries "
    "Pharmaceutical Pharmaceuticals Pharma Therapeutics Biosciences Biotech Laboratories Labs "
    "Lab Motors "
    "Electronics Software Networks Network Communications Entertainment Enterprises International "
    "Insurance Securities Investments Properties Realty Logistics Petroleum Energy Foods "
    "Brewing Media "
    "Robotics Semiconductor Semiconductors Healthcare Hospital Airlines Airways Telecom Bank "
    "Brands Stores "
    "Markets Records Studios Pictures Games Interactive Analytics Security Aerospace Shipping "
    "Steel Mining "
    "Resources Minerals Construction Engineering Consulting Advisors Associates Management "
    "Times Tribune "
    "Herald Gazette Chronicle Newspapers News Post Press Magazine Journal Observer Broadcasting "
    "Television "
    "Radio Services Service Health LP AG SE SA AB NV BV Oy AI"
) | {"Health System", "Health Care", "Health Plan", "Pain Management", "Asset Management"}
_MORE = (
    r"(?:\.?,? (?:National Association|Inc|Corp|Ltd|LLC|LLP|L\.L\.C|LP|L\.P|PLC|plc|N\.A|S\.A|"
    r"Limited|Company|Co|CO|INC|LTD|KG|Bhd|BHD|de C\.V|& Co|de R\.L)(?![A-Za-z0-9-]))"
)
_FORM = re.compile(
    rf"(?:(?P<hard>National Association|{any_of((_HARD, ' ', ''))})|"
    rf"(?:{any_of((_SOFT, ' ', rf'(?!{_MORE})'))}))"
    rf"(?![A-Za-z0-9&-]|\.[A-Za-z]){_MORE}*\.?"
)
_NO_CO = re.compile(r"CO?(?:o)?(?![a-zA-Z]|\.|, [LI]| KG)")
_TOKEN = re.compile(r"[A-Z0-9À-Þ][\w&’'./+-]*,?|[a-z][A-Z]\w+")
_ABBREVIATED = re.compile(r"(?:St|Bros|Dr|Intl|Jr|Mt|Ft|Wm|Co|[A-Z](?:\.[A-Z])*)\.")
_LINKS = word_set("of the and & de du for la y e del der van von di da dos")
_ROLES = word_set(
    "Plaintiff Plaintiffs Defendant Defendants Petitioner Petitioners Respondent Respondents "
    "Appellant "
    "Appellants Appellee Appellees Debtor Debtors Court Counsel Attorney Attorneys Director "
    "Directors "
    "President Chairman Chair CEO CFO Secretary Treasurer Mr. Ms. Mrs. Dr. Judge Justice Case "
    "Order "
    "Motion Complaint Division DIVISION Exhibit Article Section Note Re RE Between BETWEEN Re: "
    "And AND "
    "By BY Issuer Guarantor Borrower Lender Seller Buyer Purchaser Agent Trustee Agreement "
    "Employer Client "
    "Customer Supplier Contractor Vendor Licensor Licensee Landlord Tenant Copyright Founder Owner "
    "Manager Officer Partner Representative Subject Dated Date Name Title Source Sources"
)
_FORMS = word_set(
    "Inc Inc. INC INC. LLC LLP Ltd Ltd. LTD LTD. Corp Corp. CORP Corporation Incorporated plc "
    "PLC GmbH "
    "Inc., LLC, LLP, Ltd., Corp., Corporation, plc,"
)
_NOT_FIRST = word_set(
    "The This That These Those A An Each Any Every Our Their Its His Her No In On At Of For By "
    "With From "
    "To If When While As And Or But Although However Both Such Other Another Some Many Most All "
    "See Under "
    "After Before Since Former Then Now Also Like Via Per Said Says New-York January February "
    "March April "
    "May June July August September October November December Monday Tuesday Wednesday Thursday "
    "Friday "
    "Saturday Sunday Inside Meet Why How What Where Who Is Was Are Were Did Does Do Has Have "
    "Had Will "
    "Would Can Could Should May Might Not Yes"
)
# of these alone no firm's name is made
_GENERIC = word_set(
    "limited liability holding parent operating insurance trust public private portfolio successor "
    "surviving target acquiring joint stock group operating management investment reporting "
    "company "
    "listed foreign domestic finance financial life general new old said same working social solar "
    "renewable venture human mass digital global world national international time times north "
    "south "
    "east west supply business real estate advanced emerging enabling key strategic creative "
    "cultural extractive heavy light expert leading focus task steering advisory joint policy "
    "review"
)
_MOST = 8
_WIDEST = 120


def latin_firms(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield place [start, end) of firms, and where the name ends without its form."""
    for form in _FORM.finditer(text):
        if text[form.start() - 1 : form.start()] != " " or _NO_CO.match(form[0]):
            continue
        if form[0] == "National Association" and text[form.start() - 2 : form.start()] != ", ":
            continue
        start = _name_start(text, form.start())
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


# a name of English words may be made of these within a sentence: Open Rights International
_OPEN = word_set(
    "International Partners Industries Pharmaceuticals Therapeutics Laboratories Enterprises "
    "Ventures "
    "Associates Brands Airlines Group Technologies Foods Motors Bancorp"
)
_NO_PERSON = word_set(
    "Post News Times Press Media Journal LP AG SE SA AB NV BV Oy AI Security Energy Service"
)
_LOWER = re.compile(r"[a-z][,;]? [“\"]?\Z")


def _is_within(form: re.Match[str], name: str) -> bool:
    start = form.string.rfind(name, 0, form.start())
    return len(name.split()) > 1 and bool(_LOWER.search(form.string, max(0, start - 4), start))


def _name_start(text: str, end: int) -> int:
    """Return where the name before a form begins, reading backwards word by word."""
    begin = max(0, end - _WIDEST)
    lines = re.split(r"[\n\0\t]", text[begin:end])
    place = end - len(lines[-1])
    tokens = [(match.start() + place, match[0]) for match in re.finditer(r"\S+", lines[-1])]
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


def _belongs(token: str, name: list[tuple[int, str]]) -> bool:
    """Tell whether a word belongs to the name that follows it."""
    if token in _LINKS:
        # Grain and Barge Co. is one, Apple and Google Inc. are two
        return bool(name) and (
            token != "and" or (len(name) == 1 and is_english(name[0][1].strip(",.")))
        )
    if token in _ROLES or token in _FORMS or token in _NOT_FIRST or not _TOKEN.fullmatch(token):
        return False
    if token.endswith(","):
        return not name or any(each == "&" for _, each in name)
    return not token.endswith(".") or _ABBREVIATED.fullmatch(token) is not None


def _is_number(word: str) -> bool:
    """Tell whether a word is a year, a date or a number of a case, not the 3 of 3M."""
    return word[0].isdigit() and (len(word) > _LONGEST_NUMBER or not word.isalnum())


_LONGEST_NUMBER = 3


def short_names(text: str, start: int, end: int) -> Iterator[Place]:
    """Yield the places of what a firm may be called by: its name without form, its first word."""
    name = text[start:end]
    words = name.split()
    if len(words) > 1 or _stands_alone(name):
        yield start, end
    if len(words) > 1 and _stands_alone(words[0]):
        yield start, start + len(words[0])


def _stands_alone(word: str) -> bool:
    """Tell whether one word can be taken for the firm wherever it stands."""
    return len(word) > 2 and word[0].isupper() and is_proper(word)
