"""Find bodies by an English head word: Ministry of Education, Leeds City Council, courts."""

import re
from collections.abc import Iterator

from .known_words import is_english, is_person, is_place, is_proper
from .lists import listed_words, word_set
from .name_patterns import pattern_of_names

Place = tuple[int, int]
_HEADS = (
    "Ministry|Department|Office|Bureau|Board|Council|Committee|Commission|Court|Agency|Institute|"
    "University|Bank|Directorate|Authority|Association|Foundation|Federation|Chamber|"
    "Administration|Academy|Secretariat|Inspectorate|Observatory|College|Police|Service|Centre|"
    "Center|Parliament|Tribunal|Ombudsman|Constabulary|Trust|Consulting|Airlines|Airways|"
    "Organisation|Organization|Society|Alliance|Embassy|Confederation|Task Force|Taskforce|"
    "Coalition|Consortium|Corps|Laboratory|Inspectorate-General|Treasury|Endowment"
)
# heads that also form common terms: Third Party, Credit Union, High School
_WEAK = (
    "Network|Union|Fund|Forum|School|Library|Museum|Church|Club|Party|Exchange|"
    "Assembly|Force|Guard|Clinic|Hospital|League|Partnership|Campaign|Registry|Army|"
    "Navy|Initiative|Project|Senate|Legislature|Congress|Diocese|Cooperative|Guild|"
    "Schools|Hospitals|Police Department|Bar|Group"
)
_HEAD = re.compile(
    rf"(?:{pattern_of_names((_HEADS.split('|'), ' ', ''))}|"
    rf"(?P<weak>{pattern_of_names((_WEAK.split('|'), ' ', ''))}))"
    r"(?![A-Za-z0-9-]|[’']s (?:Act|Bill)|\s+Act\b)"
)
_ENDS_NAME = (
    r"No|Tel|Fax|Attn|The|This|In|On|At|We|It|One|For|Audit|Report|Act|Dear|Re|Subject|Date|"
    r"Has|Is|Was"
)
_PROPER_LETTER = "A-Za-z0-9À-ɏ’'-"
# a line break is inside a name only next to its small words
_OF = re.compile(
    r"\s(?:of|for|on)\s(?:the\s)?(?!Defendant|Plaintiff|Petitioner|Respondent|Appell)(?:U\.S\. )?"
    rf"[A-Z][{_PROPER_LETTER}]{{1,30}}"
    rf"(?:(?:, [A-Z][{_PROPER_LETTER}]{{1,30}}(?=,? (?:and|&) [A-Z]))?,?\s(?:and|of|for|the|in|"
    rf"on|&)\s"
    rf"(?:the\s)?[A-Z][{_PROPER_LETTER}]{{1,30}}"
    rf"| (?!(?:{_ENDS_NAME})(?a:\b))[A-Z][{_PROPER_LETTER}]{{1,30}}){{0,6}}"
)
_CAPITALS = re.compile(
    rf"(?:(?<![{_PROPER_LETTER}])(?:(?:U\.S|U\.K|St|D\.C)\.|"
    rf"[A-Z][{_PROPER_LETTER[:-1]}&-]{{1,30}}) "
    rf"(?:(?:of|and|for|&) )?){{1,6}}\Z"
)
_ENDED = re.compile(
    rf"(?a:\b)(?:{_HEADS}|{_WEAK})(?:(?:[’']s)? and |[’']s | of [^’']{{3,60}}[’']s )|"
    rf"[a-z][’']s and (?=[A-Z])"
)
# the Committee on Fisheries of the European Parliament, the Ministry of Finance’s Audit Office
_OTHER_BODY = re.compile(
    r"(?<!People)[’']s(?a:\b)|,? and (?:the )?(?=[A-Z]{3})|"
    r",? of the (?=European|United|Council|House|Senate|National Assembly|Republic)|,? and the |"
    rf",? and (?=(?:[A-Z][a-z]+ )?(?:{_HEADS}) of )"
)
# the Gender, Civil Society, and Human Rights Committee is one body
_PART_OF_LIST = re.compile(rf"(?a:\b)(?!(?:{_HEADS})(?a:\b))[A-Z][A-Za-z]+, and \Z")
# the Housing, Communities and Local Government Committee
_FIRST_OF_LIST = re.compile(r"(?:(?<=the )|(?<=The )|(?<=\n))[A-Z][a-z]+, \Z|\A[A-Z][a-z]+, \Z")
_WRAPPED = re.compile(r"[^\n\0]{24,}?((?:(?<=[\s])[A-Z][A-Za-zÀ-ɏ’'&-]{2,30}[ \n]){2,6})\Z")
_NO_BODY = (
    *("West Bank", "Left Bank", "Right Bank", "World Service", "Customer Service", "Soviet Union"),
    *("In Court", "Open Court", "Police Service Area", "Data Center", "Data Centre"),
)
_NOT_FIRST = listed_words("english_bodies.not_first")
# these words alone do not form a name: the Local Police, an Executive Board
_COMMON = listed_words("english_bodies.common")
# a headline in capitals: ACLU Sues Justice Department
_HEADLINE = re.compile(
    r".*(?a:\b)(?:Sues|Says|Wins|Asks|Urges|Calls|Faces|Tells|Orders|Rejects|Backs|Bans|Accuses|"
    r"Fines|Slams|Launches|Announces|Seeks|Wants|Joins|Warns|Approves|Blocks|Settles With|Against|"
    r"Over|Certifies|Charges|Files|Names|Opens|Gets|Hits|Probes|Appoints|Welcomes|Issues) "
)
# heads that take 'of': 'Council of Europe' is a name, 'Service of Process' is not
_OF_HEADS = listed_words("english_bodies.of_heads")
_OF_COMMON = re.compile(
    r"\s(?:of|for)\s(?:the\s)?(?:Directors|Trustees|Governors|Appeals?(?=\sin)|Reference|Origin|"
    r"Conduct|Attorney|Residence|Members|Experts|Ministers(?!\sof)|Life|Work(?!\sand)|"
    r"Justice(?=\sfor)|Study|Law|Record|Equity|Chancery|First|Last|Summary|Defendant|Plaintiff|"
    r"Studies(?!\s[A-Z])|America\b(?=\s[A-Z]))\b"
)
_STATES = (
    r"[A-Z][a-z]+"
    r"(?: (?:York|Jersey|Hampshire|Mexico|Carolina|Dakota|Virginia|Columbia|Island|Rico))?"
)
# each alternative begins with a plain letter, so that the engine skips other characters
_ORDINAL = r"(?:Firs|Secon|Thir|Four|Fif|Six|Seven|Eigh|Nin|Ten|Eleven|Federal|D\.C\.)(?:d|t|th|h)?"
_FOR_DISTRICT = (
    r"(?:District|Bankruptcy)\sCourt,?\s(?:for|of)\sthe\s"
    rf"(?:(?:Northern|Southern|Eastern|Western|Central|Middle)\s)?District\sof\s{_STATES}"
)
_APPEALS = rf"Court\sof\sAppeals?\s(?:for|of)\sthe\s{_ORDINAL}\sCircuit"
_NATIONAL = (
    rf"\s(?:{_FOR_DISTRICT}|{_APPEALS}|"
    r"(?:District|Bankruptcy|Supreme|Circuit|Appeals)\sCourt(?!\s(?:for|of)\b))"
)
_OF_PLACE = (
    r"\sCourt\sof\s(?:the\s)?(?:State\sof\s|City\sof\s|County\sof\s)?[A-Z][a-z]+"
    r"(?:\s(?:Judicial\s)?(?:[A-Z][a-z]+\s)?(?:County|Division|Circuit|District|Republic|Kingdom|"
    r"York|Jersey|Hampshire|Mexico|Carolina|Dakota|Virginia|Appeals?|Human\sRights|Korea|Africa|"
    r"Zealand))?"
)
_CIRCUIT = r"\sCircuit(?:\sCourt\sof\sAppeals?)?"
_COURTS = re.compile(
    rf"(?:U(?:\.?S\.?|nited\sStates){_NATIONAL}|Federal(?:{_NATIONAL}|{_CIRCUIT})|"
    rf"Bankruptcy{_FOR_DISTRICT[len('(?:District|Bankruptcy)') :]}|"
    rf"District(?:{_FOR_DISTRICT[len('(?:District|Bankruptcy)') :]}|{_OF_PLACE})|{_APPEALS}|"
    rf"F(?:irst|ourth|ifth){_CIRCUIT}|F(?:amily){_OF_PLACE}|S(?:econd|ixth|eventh){_CIRCUIT}|"
    rf"S(?:uperior|upreme){_OF_PLACE}|T(?:hird|enth){_CIRCUIT}|E(?:ighth|leventh){_CIRCUIT}|"
    rf"Ninth{_CIRCUIT}|D\.C\.{_CIRCUIT}|C(?:ircuit|hancery|ounty|rown){_OF_PLACE}|High{_OF_PLACE})"
    r"(?![a-z])"
)
_SHOUTED = re.compile(r"(?:(?<![A-Za-z])[A-Z][A-Z’'.-]{0,30}[A-Z.],? ){2,}[A-Z][A-Z’'.-]{1,30}")
_SMALL = word_set("OF FOR THE AND IN ON TO AT BY V VS")
_KEPT = word_set("LLC LLP LTD INC PLC USA ICO FBI CIA FTC SEC BBC NHS")
_SHORTEST_LINE = 45  # a heading is shorter


def lower_shouted(text: str) -> str:
    """Return a text of the same length with lines in capitals written like names: HIGH COURT."""
    return _SHOUTED.sub(_calm, text)


def _calm(match: re.Match[str]) -> str:
    words = match[0].split(" ")
    if sum(len(word) > 3 for word in words) < 2:
        return match[0]
    return " ".join(
        word.lower() if word in _SMALL
        else word if word.strip(".,") in _KEPT or "." in word[:-1] or len(word.strip(".,")) < 3
        else word[0] + word[1:].lower()
        for word in words
    )  # fmt: skip


def english_bodies(text: str) -> Iterator[Place]:
    """Yield the places of courts and of names with a head word."""
    found = [match.span() for match in _COURTS.finditer(text)]
    courts = [place for place in found if not text[place[0] - 1 : place[0]].isalnum()]
    yield from courts
    court, taken = 0, 0
    for match in _HEAD.finditer(text):
        while court < len(courts) and courts[court][1] <= match.start():
            court += 1
        within = court < len(courts) and courts[court][0] <= match.start()
        if within or text[match.start() - 1 : match.start()].isalnum():
            continue
        place = _at_head(text, match)
        if place and not (place[0] < taken and place[1] <= taken):
            taken = place[1]
            yield place


def _at_head(text: str, match: re.Match[str]) -> Place | None:
    """Return the place of the name that a head word ends or begins, or None."""
    start, end = match.span()
    takes_of = match[0] in _OF_HEADS and not _OF_COMMON.match(text, end)
    after = _OF.match(text, end) if takes_of else None
    name = _before(text, start)
    if after:
        end = _without_place(text, end + len(_OTHER_BODY.split(after[0])[0]))
        name = _nation(name) if match[0] in _PLAIN_HEADS else name
        place = text[after.start() : end].rsplit(" of ", maxsplit=1)[-1].strip()
        if match["weak"] and not is_place(place):
            return None
    elif _COMMON.issuperset(name.split()) or (match["weak"] and not _names(name, text, start)):
        return None
    start -= len(name)
    if match[0] == "Committee" and " and " in name:
        listed = _FIRST_OF_LIST.search(text, max(0, start - 30), start)
        start = listed.start() if listed else start
    found = re.sub(r"\s+", " ", text[start:end])
    if found.endswith(_NO_BODY) or _PART_OF_LIST.search(text, max(0, start - 40), start):
        return None
    return start, end


def _nation(name: str) -> str:
    """Return the nation or city before a ministry, without other words (Minister Zhong Shan)."""
    words = name.split(" ")
    kept = len(words) - 1
    while kept and _is_national(words[kept - 1]):
        kept -= 1
    return " ".join(words[kept:])


def _is_national(word: str) -> bool:
    named = is_place(word) or word.isupper() or word in _NATIONAL_WORDS
    return named or bool(_DEMONYM.fullmatch(word))


_DEMONYM = re.compile(r"[A-Z][a-z]+(?:ian|ean|ish|ese|nch|man|can|li|ni|qi|tch|wan)")
_NATIONAL_WORDS = listed_words("english_bodies.national_words")
_PLAIN_HEADS = word_set("Ministry Department Embassy")


def _without_place(text: str, end: int) -> int:
    """Return the end of a name without the city of an address after it."""
    words = text[max(0, end - 60) : end].rsplit(" ", 2)
    if len(words) > 2 and is_place(words[2]) and words[1][:1].isupper() and not is_place(words[1]):
        return end - len(words[2]) - 1 if words[1] not in _NATIONAL_WORDS else end
    return end


def _names(name: str, text: str, head: int) -> bool:
    """Tell whether words before a weak head belong to a name: Lincoln High School."""
    words = name.split()
    if len(words) > 1 and not _COMMON.issuperset(words):
        before = text[max(0, head - len(name) - 4) : head - len(name)]
        if re.search(r"[a-z] \Z", before):
            return True
    return is_proper(name) or any(
        is_place(word) or (is_person(word) and not is_english(word)) or word in ("European", "U.S.")
        for word in words
    )


def _before(text: str, start: int) -> str:
    """Return the words of a name before its head word."""
    before = _CAPITALS.search(text, max(0, start - 100), start)
    found = before[0] if before else ""
    # the Metropolitan Police Service and South Wales Police are two bodies
    ends = [other.end() for other in _ENDED.finditer(found)]
    name = found[ends[-1] if ends else 0 :] or _wrapped(text, start)
    headline = _HEADLINE.match(name)
    name = name[headline.end() :] if headline else name
    words = name.split()
    while words and (words[0] in _NOT_FIRST or words[0] in ("of", "and", "for", "&")):
        name, words = name[name.index(words[0]) + len(words[0]) :].lstrip(), words[1:]
    return name


def _wrapped(text: str, start: int) -> str:
    """Return the part of a name on the line before its head: Higher Education / Council."""
    if text[start - 1 : start] != "\n":
        return ""
    line = text[max(0, text.rfind("\n", 0, start - 1) + 1, start - 200) : start]
    name = _WRAPPED.search(line)
    return name[1] if name and len(line) > _SHORTEST_LINE else ""
