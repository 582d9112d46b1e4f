"""Find names of Korean bodies by the words next to them: 홍길동 가람팜 대표, 가람팜 관계자.

A word in such a position is a body unless it is a common noun, a place or a person
(`known_words`). In a list of bodies (가람전자, 나루팜, 다온 등) a word between two bodies
is a body.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from .known_words import is_common_korean, word_list
from .lists import listed_words
from .name_patterns import pattern_of_names

Place = tuple[int, int]
_NAME = r"(?P<name>[가-힣A-Za-z][가-힣A-Za-z0-9&]{1,14})"
# the first letter comes first, so that the engine skips other characters
_PERSON = (
    r"[김이박최정강조윤장임한오서신권황안송류유홍전고문손양배백허남심노하곽성차주우구민나진지엄채원천방공현함변"
    r"염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용](?<![가-힣][가-힣])[가-힣]{1,2}(?<![를는])"
)
_TITLE = (
    r"(?:[가-힣]{1,6}\s?)?(?:대표이사|대표|회장|부회장|사장|부사장|이사장|최고경영자|전무|상무|"
    r"이사|본부장|센터장|연구소장|사무총장|사무국장|사무처장|공동대표|상임대표|선임연구원|"
    r"책임연구원|수석연구원|연구위원|연구원|연구교수|교수|변호사|활동가|대변인|노조위원장|지부장|"
    r"지회장|CEO|CFO|CTO|COO)"
)
_KINDS = listed_words("korean_cues.kinds")
_KIND = pattern_of_names((_KINDS, " ", ""))
_PARTICLES = r"(?:은|는|이|가|을|를|의|와|과|에서|에게|에|으로|도|측)"
# 가람팜이 ... 투자를 유치했다: only firms do this
_DEAL = (
    rf"(?<![가-힣A-Za-z0-9&]){_NAME}(?:[이가은는도의]|,|로부터|에|"
    rf"으로부터) (?=[^.\n\0]{{0,40}}(?:투자를? ?유치|시리즈 ?[A-F]|인수합병|"
    r"영업이익|당기순이익|기업공개|상장(?:했|한다|예비)|출시했|수주|공급계약|업무협약|\bMOU\b|"
    r"사업목적|최대주주|주주총회|정기주총|임시주총|경영권|유상증자|지분을|사내이사|사외이사|신사업|"
    r"시가총액|주가[가는를]))"
)
_CUES = [
    re.compile(pattern)
    for pattern in (
        rf"{_PERSON} {_NAME} {_TITLE}(?=(?:은|는|이|가|을|를|의|도|와|과|에게)?(?![가-힣]))",
        rf"(?:{_KIND})(?:인)? {_NAME}{_PARTICLES}(?![가-힣A-Za-z0-9])",
        _DEAL,
        rf"(?<![가-힣])전 {_NAME} (?:대표|사장|부사장|회장|부회장|전무|"
        rf"상무)(?=[은는이가을를의]|\s)",
        rf"(?<![가-힣A-Za-z0-9&]){_NAME} 지분(?=[ 을의율]|\s?\d)",
        r"(?<![가-힣A-Za-z0-9&])(?P<name>[가-힣]{2,6}[A-Z]{2,6}|(?!AI|IT|ICT|SNS|PC|TV|CCTV|ESG|"
        r"DNA|GPS|LED|LCD|DX|AX|VR|AR|OTT|FA|AS|CEO|TF|PF|MZ|UAM|QR|SW|"
        r"HW)[A-Z]{2,5}[가-힣]{2,8}?)(?=[은는이가도를의](?![가-힣]))",
        rf"(?:사진|자료|출처|그래픽|제공)\s?[=:]\s?{_NAME}(?=[\])\s,.]|$)",
        rf"\[{_NAME}\s?[ㅣ|│]\s?[가-힣]{{2,4}}\s?(?:기자|특파원|논설위원)",
        rf"[“\"‘]{_NAME}[”\"’] (?:기사|보도)",
        rf"\[{_NAME}\] [가-힣]{{2,4}} (?:기자|특파원)",
        rf"(?:ⓒ|©|저작권자\s?[ⓒ©]?)\s?{_NAME}(?=[\s,.\](]|$)",
    )
]
_QUOTED = re.compile(rf"(?:{_KIND})(?:인)? ['‘\"“](?P<name>[가-힣A-Za-z0-9& ]{{2,15}})['’\"”]")
# 가람전자(005123): the code of a stock exchange
_CODED = re.compile(rf"(?<![가-힣A-Za-z0-9&]){_NAME}(?=\(\d{{6}}\))")
_INSIDER = re.compile(r"관계자(?=[는은가도의를에와]|\s|$)")
_HIS_BODY = re.compile(rf"(?<![가-힣A-Za-z0-9&]){_NAME}(?: 측)? (?:고위 )?\Z")
_NO_NAME = re.compile(
    r"(?:본부|지사|부문|사업부|총괄|그룹장|지부|지회|지역|분야|담당|출신|소속|대상|이상|이하|관련|"
    r"전담|센터|대표|회장|사장|이사|기자|제공|기준|제도|계획|위원|의원|국장|실장|과장|팀장|부장|팀|"
    r"씨|군|양|법|원|년|월|일|시|도|구|군|명|개|들|적|째|번|등|및|에|며|고|쳐|하여|되어|해서|공장|"
    r"제조창|지점|사업장|영업소|대리점|에서|에게|으로|까지|부터|에는|하|되|있|없|받|했|된|될|던|려|"
    r"려고|면서|지만|리|이번|지난|현지|양국|사진|자료|무단|뒤|후|전|중|간|때)\Z"
)
_PARTICLE = re.compile(r"(?:은|는|이|가|을|를|의|와|과|에|에서|에게|으로|로|도|측|인)\Z")
_ITEM = r"[가-힣A-Za-z][가-힣A-Za-z0-9&]{1,14}"
_BETWEEN = re.compile(rf"[,·ㆍ] ?((?:{_ITEM}[,·ㆍ] ?){{1,4}})\Z")
_TRAILING = re.compile(rf"((?:[,·ㆍ] ?{_ITEM}){{1,6}})(?=\s?등)")
_LATIN = re.compile("[A-Z]{2}")
_WIDEST = 60
# in a list of firms 우석건설 is a firm, although both its parts are nouns
_FIRM_WORD = re.compile(
    r"(?:건설|개발|산업|기업|기술|엔지니어링|전자|화학|물산|상사|공업|운수|정보|통신|전기|토건|"
    r"제약|식품|은행|증권|종합|에너지|시스템|테크)\Z"
)
# 가람건설, 나루개발, 다온기술 등 7개사
_TOLD = re.compile(
    rf"(?<![가-힣A-Za-z0-9])({_ITEM}(?:, ?{_ITEM}){{2,30}}) 등 (?:총 |국내 |"
    rf"주요 )?\d{{1,3}}\s?(?:개\s?)?(?:사|곳|업체|기업|기관)|(?:대상|업체|업자|기업|회사|건설사|"
    rf"제약사|법인|은행|기관|단체|대학)[은는] ({_ITEM}(?:, ?{_ITEM}){{2,30}}) 등(?=이다|이며|이었|"
    rf"이고|으로|\s)"
)


def korean_cued(text: str) -> Iterator[Place]:
    """Yield the places of names next to a title, a kind of body or a credit, or in a list."""
    for cue in _CUES:
        for match in cue.finditer(text):
            name = match["name"]
            if (_may_be(name) or _is_firm(name)) and not _is_person(name):
                yield match.span("name")
    for sure in (_CODED, _QUOTED):
        yield from (match.span("name") for match in sure.finditer(text))
    for match in _TOLD.finditer(text):
        yield from _items(text, *match.span(1 if match[1] else 2))
    for insider in _INSIDER.finditer(text):
        body = _HIS_BODY.search(text, max(0, insider.start() - 24), insider.start())
        if body and _may_be(body["name"]):
            yield body.span("name")


def _may_be(name: str) -> bool:
    """Tell whether a word may be the name of a body."""
    hangul = "".join(re.findall("[가-힣]", name))
    if len(name) < 2 or _NO_NAME.search(name):
        return False
    if not hangul:
        return (name[0].isupper() and len(name) > 2) or name[1:].isupper()
    if _LATIN.search(name):
        return not is_common_korean(hangul) or name.startswith("한국")
    without = _PARTICLE.sub("", hangul)
    return not is_common_korean(hangul) and not (without != hangul and is_common_korean(without))


def listed_together(text: str, named: list[Place]) -> Iterator[Place]:
    """Yield list items between two bodies, or after two bodies and before 등."""
    for (_, first), (second, end) in pairwise(named):
        between = text[first:second]
        if 0 < second - first < _WIDEST and (match := _BETWEEN.match(between)):
            yield from _items(text, first + match.start(1), first + match.end(1))
        if second - first in (1, 2) and between.strip() in (",", "·", "ㆍ"):
            trailing = _TRAILING.match(text, end, end + _WIDEST)
            if trailing:
                yield from _items(text, *trailing.span(1))


def _items(text: str, start: int, end: int) -> Iterator[Place]:
    for item in re.finditer(r"[^,·ㆍ]+", text[start:end]):
        name = item[0].strip()
        at = start + item.start() + item[0].index(name)
        may_be = _may_be(name) or _is_firm(name)
        if name and " " not in name and may_be and not _is_person(name):
            yield at, at + len(name)


def _is_firm(name: str) -> bool:
    """Tell whether the last part of a list item marks a firm."""
    end = _FIRM_WORD.search(name)
    return end is not None and end.start() > 1 and name not in word_list("korean_nouns")


def _is_person(name: str) -> bool:
    return len(name) <= 3 and re.fullmatch(_PERSON, name) is not None
