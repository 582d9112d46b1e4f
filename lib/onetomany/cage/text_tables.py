"""How a table of text is written: its encoding and the character between its fields.

Standard library only, since the cage's task `number_tables` uses it too.
"""

import codecs
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

START = 4096  # bytes of a file that show UTF-16
SAMPLE = 200  # rows that show a separator
KOREAN = 0.9  # share of a Korean text's letters beyond ASCII that are in KS X 1001
COMMON = frozenset(  # syllables: 99 % of this kit's Korean, and those of names and towns
    "가각간갈감갑값갔강갖같개객갤거건걷걸검것게겨격견결겼경계고곡곧골곱곳공과곽관광교구국군굴"
    "권귀규균그근글금급긋기긴길김까께꼴꾸꾼뀌뀐끊끝끼나난날남납낮낱내낸낼냈너널넓넘넣네넷녀년"
    "녕노논농높놓누눈눌뉴느는늘능늦니닌님다닥단달닭닮담답당대댄더덕던덜덟데델도독돌동되된될두"
    "둔둘뒤드득든듣들듯등디딩따때떤떻또똑뜻띠라락란람랍랐랑래랜램랩량러런럴럼럽럿렇레려력련렸"
    "령례로록론롯뢰료루룹류률르른를름릉리릭린릴림립릿링마막만많말망맞매맥맨맹맺머먼멈메며면명"
    "몇모목몰못묘무묵묶문묻물므미민믿밀밋및바박밖반받발밝방배백뱅버번벌범법베벤벽변별병보복본"
    "볼봄봉부북분불붙브블비빈빌빠빼뺀뺐뽑뿐쁜사삭산살삼상새색생서석섞선설섭섯성세센셀셈셋션소"
    "속손솔송쇠수숙순술숨숫쉬슈스슨슬습승시식신실심십쌍썼쓰쓴쓸씨씩아안않알암앗았앙앞애액앤야"
    "약양어억언얻얼엄업없엇었에엔엘여역연열염였영옆예오옥온올옮옴와완왔왕외요욕용우욱운울움웅"
    "워원월웠웨웹위유육윤율융으은을음읍응의이익인일읽잃임입잇있자작잘잠잡장재잰쟁저적전절점접"
    "정제져졌조족존졸좁종좋죄주준줄줌중즈즘증지직진질짐집짓징짜짝짧째쪽쯤찍차착찬찰참창찾채책"
    "처척천철첫청체쳐초촌총촬최추축춘출충춰췄취츠측치칙친칠침칭카칸칼캐캘커컨컴케켓켜코콜쿠크"
    "큰클큼키타탁탈탐탑태택탬터털테텍텔템토톨통투트특틀티파판팔패퍼페편평포폭폴표푸풀품퓨프플"
    "피픽핀필하학한할함합항해했행향허헌험헤혀혁현협혔형혜호혼홀홍화확환활황회획횟효후훈휴흐흔"
    "흥희히힌힣"
)
FAMILIAR = 0.6  # share of the syllables of a Korean text that are among them
_NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?|[-+]?(nan|inf(inity)?)", re.I)


def is_number(text: str) -> bool:
    """Return whether a cell is a number, with a decimal point or comma.

    >>> is_number(" 0,5 "), is_number("1e-3"), is_number("0.5.1")
    (True, True, False)
    """
    return _NUMBER.fullmatch(text.strip()) is not None


def utf16_of(start: bytes) -> str | None:
    """Return the UTF-16 codec of a text by its first bytes, None if it is another encoding.

    >>> utf16_of("id,x".encode("utf-16-le")), utf16_of(b"id,x")
    ('utf-16-le', None)
    """
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    odd, even = start[1::2].count(0), start[::2].count(0)
    if max(odd, even) > len(start) / 8:
        return "utf-16-le" if odd > even else "utf-16-be"
    return None


def is_korean(parts: Iterable[str]) -> bool:
    """Return whether parts of a text, decoded as CP949, are Korean and not another encoding.

    Nine tenths of the characters beyond ASCII must be in KS X 1001, with as many syllables as
    Hanja, and most of the syllables among `COMMON`: Western, Chinese and Japanese bytes
    that CP949 decodes become rare syllables and Hanja.

    >>> western = "Größe in µm".encode("latin-1").decode("cp949")
    >>> chinese = "男,女".encode("gbk").decode("cp949")
    >>> is_korean(["이름,값"]), is_korean([western]), is_korean([chinese])
    (True, False, False)
    """
    count = Counter[str]()
    for part in parts:
        count.update(re.sub("[\\0-\\x7f]", "", part))
    # the codec writes a syllable beyond KS X 1001 as eight bytes
    common = sum(many for each, many in count.items() if len(each.encode("euc_kr", "ignore")) == 2)
    hangul = sum(many for each, many in count.items() if "가" <= each <= "힣")
    hanja = sum(many for each, many in count.items() if "一" <= each <= "鿿")
    familiar = sum(many for each, many in count.items() if each in COMMON)
    return (
        common >= KOREAN * count.total()
        and hangul >= max(1, hanja)
        and familiar >= FAMILIAR * hangul
    )


def find_separator(
    rows_of: Callable[[str], Iterable[Sequence[str]]], separators: Sequence[str]
) -> str:
    """Return the separator that gives the most rows of one width, and cells without another.

    `rows_of` cuts a sample of rows by a separator. The first separator is the answer if none
    gives rows of two fields. In a tie, one that texts seldom contain comes before the comma; the
    blank is tried against the comma only.

    >>> lines = ["1,5;2,5", "3,5;4,5"]
    >>> find_separator(lambda sign: [line.split(sign) for line in lines], ",;")
    ';'
    """

    def score(sign: str) -> tuple[int, float, bool, int]:
        rows = [row for row in rows_of(sign) if len(row) > 1]
        if not rows:
            return 0, 0.0, False, 0
        [(width, many)] = Counter(map(len, rows)).most_common(1)
        cells = [cell for row in rows for cell in row]
        share = sum(_is_whole(cell, separators) for cell in cells) / len(cells)
        return many, share, sign not in ", ", width

    best = max((sign for sign in separators if sign != " "), key=score)
    against_blank = " " in separators and (best == "," or not score(best)[0])
    return max(best, " ", key=score) if against_blank else best


def _is_whole(cell: str, separators: Sequence[str]) -> bool:
    """Return whether no separator but the blank cuts a cell, and it isn't several numbers."""
    if is_number(cell):
        return True
    pieces = cell.split()
    return not any(sign in cell for sign in separators if sign != " ") and not (
        len(pieces) > 1 and all(map(is_number, pieces))
    )
