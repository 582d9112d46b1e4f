"""Find names of English bodies by the words next to them: 'Cannara, a grower based in'.

A word in such a position is a body unless `known_words` lists it as a common word, a person or a
place. Brackets after a name may define its short form: 'the “Bank”', '(“CGB”)'.
"""

import re
from collections.abc import Iterable, Iterator

from .known_words import is_english, is_person, is_place, is_proper
from .lists import listed_words

Place = tuple[int, int]
# a word's first letter comes first, so that the engine skips other characters
_WORD = r"(?:[A-Z0-9]|[a-z](?=[A-Z]))(?<![\w’'.@/&-].)[\w&’'+-]{0,30}[\w+]"
_NAME = rf"(?P<name>(?:{_WORD})(?: (?:(?:of|&) (?:the )?)?(?:{_WORD})){{0,4}}?)"
_LONG = rf"(?P<name>(?:{_WORD})(?: (?:(?:of|&) (?:the )?)?(?:{_WORD})){{0,4}})"
_KIND = (
    r"(?:compan(?:y|ies)|firms?|start-?ups?|maker|manufacturer|retailer|supplier|vendor|provider|"
    r"charit(?:y|ies)|non-?profit|think tank|watchdog|regulator|newspaper|publisher|broadcaster|"
    r"bank|lender|insurer|developer|operator|contractor|subsidiary|consultancy|agency|group|"
    r"organi[sz]ation|union|platform|chain|airline|conglomerate|giant|carrier|distributor|producer|"
    r"brewer|builder|miner|carmaker|automaker|chipmaker|drugmaker|utility|broker|fund|NGO|outlet|"
    r"magazine|website|corporation|partnership|coalition|association|foundation|institute|"
    r"institution|university|network|business)"
)
_SAYS = (
    r"(?:announced|announces|said in a (?:statement|filing|release|report|letter|blog post)|"
    r"said it (?:had|has|would|will|was|is)|acquired|acquires|operates|manufactures|launched|"
    r"launches|develops|filed for bankruptcy|reported (?:revenue|net|earnings|sales|a)|employs|"
    r"did not (?:immediately )?(?:respond|reply)|declined to comment|could not be reached|"
    r"agreed to (?:pay|buy|sell|acquire|settle)|will acquire|has (?:acquired|launched|signed|"
    r"announced|developed|sold|partnered)|sells|supplies|markets its|signs|unveils|completes|"
    r"reports|raises|posted a|plans to (?:build|open|launch|buy|sell|acquire|cut|close))"
)
_STATED = (
    r"(?: \([A-Z][A-Za-z]*\))?, (?:a|an|the|its|their|one of the|which is an?)(?: [\w’'-]+){0,5} "
    rf"{_KIND}(?=[.,;)]| (?:that|which|based|headquartered|founded|owned|specializ|specialis|in|"
    rf"whose|"
    r"providing|selling)\b)|"
    r" (?:spokes(?:man|woman|person|people)|shareholders|employees|executives|shares|subsidiary)\b|"
    r"[’']s? (?:spokes(?:man|woman|person)|shares|shareholders|board of directors|parent company|"
    r"headquarters|CEO|chief executive|customers|website|privacy policy|terms of service|"
    r"subsidiar(?:y|ies)|products|software|app|platform|technology|stores)\b"
)
_ACTED = (
    rf" {_SAYS}\b|-(?:owned|backed|led|operated|branded|made|funded)\b|"
    r" (?:Announces|Reports|Completes|Signs|Acquires|Launches|Appoints|Receives|Enters|Declares|"
    r"Closes|Unveils|Expands|Agrees|Wins|to Acquire)\b"
)
_BEFORE = re.compile(rf"{_NAME}(?:(?P<stated>{_STATED})|{_ACTED})")
# persons do this as well: only for names with capitals inside
_OPINES = re.compile(
    r"(?<![\w’'.-])(?P<name>[A-Z][a-z]{0,3}[A-Z]{2,8}[A-Za-z]{0,12}|[A-Z]{3,8}) (?:believes|says|"
    r"said|told|claims|claimed|alleges|alleged|filed|has (?:filed|said|warned|also|issued|launched|"
    r"published)|highlighted|examines|examined|revealed|issued|published|launched|investigated|"
    r"confirmed|policy|welcomes|warned|warns|argues|urged|urges|calls|recommends|recommended|"
    r"concluded|found that|noted|stated|reported|has called|officials?|staff|director|chief|"
    r"spokes\w+|members|investigators|lawyers|agents)\b"
)
_ITEM = re.compile(rf"(?:{_WORD})(?: (?:(?:of|&) )?(?:{_WORD})){{0,3}}")
# retailers such as Facebeam, Candour and Home Basics
_PLURALS = (
    "companies|firms|retailers|banks|agencies|charities|organisations|organizations|groups|NGOs|"
    "suppliers|vendors|manufacturers|newspapers|universities|airlines|platforms|brands|clients|"
    "partners|contractors|lenders|insurers|carmakers|competitors"
)
_KINDS_LISTED = re.compile(
    rf"(?:{_PLURALS}|{'|'.join(kind.capitalize() for kind in _PLURALS.split('|'))}),? "
    r"(?:such as|including|like|namely) (?:the )?"
    rf"(?P<names>{_ITEM.pattern}(?:(?: [a-z]+)?,? (?:and )?(?:the )?{_ITEM.pattern}){{0,8}})"
)
_OF_BODY = re.compile(
    rf"(?:spokes(?:man|woman|person|people)|CEO|chief executive(?: officer)?|"
    rf"Chief Executive(?: Officer)?|shareholders?|"
    rf"employees?|subsidiar(?:y|ies)|affiliates?|shares|stake|division|arm|customers) "
    rf"(?:for|of|at|in|from) (?:the )?{_LONG}(?=[\s,.;:)’'])"
)
_DEALT = re.compile(
    r"(?:(?:director|president|chair(?:man|woman)?|founder|head|analyst|researcher|fellow|"
    r"professor|lecturer|attorney|lawyer|counsel|partner|manager|editor|reporter|engineer|"
    r"economist|scientist|adviser|advisor) "
    r"(?:of|at|for|with|from)|research(?:ers)? (?:conducted )?(?:by|at|from)|report by|"
    r"according to|acquired|acquisition of|acquires?|acquiring|merger with|merge with|stake in|"
    r"subsidiar(?:y|ies) of|owned by|partnerships? with|partnered with|partners with|"
    r"agreements? with|contracts? with|contracted with|joint ventures? with|worked (?:at|for)|"
    r"works (?:at|for)|employed by|purchased from|supplied by|manufactured by|operated by|"
    r"developed by|provided by|interest in|investment in|invested in|owing to|against|sued|suing|"
    r"customers? of|client of|sold to|vendor|software from|licensed from|hired|retained|data from|"
    r"such as|including) "
    rf"(?:the )?{_LONG}(?=[\s,.;:)’'])"
)
_DEFINED = re.compile(
    r",?\s?\((?:[^()“”\"‘]{0,40}?)[“\"‘](?:the )?"
    r"(?P<short>[A-Z0-9][\w&.’'-]*(?: [A-Z&][\w&.’'-]*){0,4}?),?[”\"’][^()]{0,80}\)"
)
# Ruritania Care, Inc., a corporation with its seat at 1 Main Street (“Ruritania”)
_DEFINED_LATER = re.compile(
    r"[^\n\0()“\"]{1,240}?\((?:hereinafter |the )?[“\"](?P<short>[A-Z][\w&’-]*)[”\"]\)"
)
# Ruritania National Audit Office (Runao), Coalition of Useful Examples (Cue)
_SYLLABIC = re.compile(r"\s?\((?P<short>[A-Z][a-z]{2,9})\)")
# Northern Trade Co., Ltd. (Northern)
_PART = re.compile(r"\s?\((?P<short>[A-Z][\w&’-]{1,20}(?: [A-Z][\w&’-]{0,20}){0,3})\)")
_ROLE = listed_words("english_cues.role")
_NO_NAME = listed_words("english_cues.no_name")
_ACT = re.compile(
    r"\s*\(?\d{4}|\s+(?:and [A-Z]\w+ \(\d{4}|et al|Act|Bill|Regulations?|Directive|Treaty|"
    r"Agreement|Code|Rules?|Plan|Report|Street|Avenue|Road|County|River|Island)(?a:\b)"
)


def english_cued(text: str) -> Iterator[Place]:
    """Yield the places of names next to a verb, a kind of body or a title."""
    for match in _OPINES.finditer(text):
        name = match["name"]
        if name not in _NO_BODY and (is_english(name) or not is_person(name)):
            yield match.span("name")
    for match in _KINDS_LISTED.finditer(text):
        for item in _ITEM.finditer(text, *match.span("names")):
            known = item[0].split()[0] in _NO_NAME or is_place(item[0])
            if not known and not _is_named_person(item[0]):
                yield item.span()
    for cue, mild in ((_BEFORE, False), (_OF_BODY, False), (_DEALT, True)):
        for match in cue.finditer(text):
            start, end = match.span("name")
            if _ACT.match(text, end):
                continue
            guard = _is_unknown if mild or not match.groupdict().get("stated", True) else _is_body
            name = re.sub(r"[’']s?\Z", "", match["name"])
            if based := re.match(r".+-(?:based|owned|backed|led|listed) ", name):
                start, name = start + based.end(), name[based.end() :]
            if guard(name):
                yield start, start + len(name)


_NO_BODY = listed_words("english_cues.no_body")


def defined_names(text: str, places: Iterable[Place]) -> Iterator[Place]:
    """Yield the places of short names defined in brackets after a name."""
    forms = ((_DEFINED, _is_short), (_DEFINED_LATER, _is_made_of), (_SYLLABIC, _is_syllabic),
             (_PART, _is_part))  # fmt: skip
    for start, end in places:
        for form, fits in forms:
            match = form.match(text, end)
            if match and fits(match["short"], text[start:end]):
                yield match.span("short")


def _is_made_of(short: str, name: str) -> bool:
    """Tell whether a word is a name's own rarest word or its initials: Ruritania, RC."""
    words = re.findall(r"[A-Za-z]+", name)
    initials = "".join(word[0] for word in words if word[0].isupper())
    return (short in words and short not in _ROLE and not is_english(short)) or (
        len(short) > 1 and short.isupper() and initials.startswith(short)
    )


def _is_syllabic(short: str, name: str) -> bool:
    """Tell whether a word is a name's initials, or unknown letters of it in order."""
    initials = "".join(word[0] for word in re.findall(r"[A-Z][a-z]+", name))
    left = iter(name.lower())
    in_order = short[0] == name[0] and all(letter in left for letter in short.lower())
    return short.upper() == initials or (in_order and is_proper(short))


def _is_part(short: str, name: str) -> bool:
    return is_proper(short) and short.split(maxsplit=1)[0] in name


def _is_short(short: str, name: str) -> bool:
    """Tell whether a defined word is specific to a body: CGB, Consolidated Grain, not Company."""
    words = short.split()
    if not words or all(word in _ROLE or (is_person(word) and word not in name) for word in words):
        return False
    return short.isupper() or is_proper(short) or (len(words) > 1 and short in name)


def _is_body(name: str) -> bool:
    """Tell whether words may name a body: not a person, a place or a common word."""
    words = name.split()
    if words[0] in _NO_NAME or words[0].isdigit() or is_place(name) or words[-1] in _NO_NAME:
        return False
    if is_titled(name):
        return False
    if len(words) == 1:
        return _is_unknown(name)
    persons = [is_person(word) for word in words]
    return not (persons[0] and len(words) <= 3) and not all(map(is_place, words)) and (
        is_proper(name) or len(words) > 2
    )  # fmt: skip


# California Attorney General Bonta, Senator Doe
_TITLED = re.compile(
    r"(?:.* )?(?:General|Attorney|Minister|President|Governor|Gov\.?|Mayor|Senator|Sen\.|Secretary|"
    r"Commissioner|Judge|Justice|Chief|Sheriff|Councillor|Congress(?:wo)?man|Representative|Rep\.|"
    r"Ambassador|Prosecutor|Ombudsman|Inspector|Sgt\.?|Officer|Captain|Colonel|Professor|Dr\.?|Prof\.)"
    r"(?: [A-Z][\w’'.-]+){1,3}"
)


def is_titled(name: str) -> bool:
    """Tell whether words are a person with a title."""
    return _TITLED.fullmatch(name) is not None


def _is_unknown(name: str) -> bool:
    """Tell whether a name has an unlisted word and doesn't begin like a person's name."""
    words = name.split()
    if words[0] in _NO_NAME or words[0].isdigit() or len(name) < 3 or is_titled(name):
        return False
    if len(words) > 1 and is_person(words[0]) and not is_english(words[0]):
        return False
    # Ruritanians, Kuwaiti: people or a language
    people = name.endswith(("ians", "ians’", "ese", "ish", "ists", "ism", "ers"))
    return is_proper(name) and not (len(words) == 1 and people)


def _is_named_person(name: str) -> bool:
    """Tell whether words are a given name and a surname."""
    words = name.split()
    return 1 < len(words) <= 3 and all(map(is_person, (words[0], words[-1])))
