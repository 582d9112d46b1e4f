"""Names in archives that say no encoding: UTF-8, CP949, GBK, Shift-JIS or CP437, by the letters.

A ZIP made by Korean, Chinese or Japanese Windows has names in that system's code page. All
names of an archive are judged together, by how many of their letters are among those that texts
of the language use most: bytes of one code page make rare letters in another.
"""

import struct
import zipfile
from collections.abc import Sequence

_HANGUL = frozenset(
    "이다는을에의가고하지한기로사도를인자대시부서정아구리원해일공보전스제상조수어들나주장국과성관소안여비용유동위라회경"
    "세계개방신면문무업연치실차모우생발내중그적물명단오선요반분결현만재진마초학금민양건형통화권간설산있없으니강교"
    "필터트프노료록출입접제안배식심검토답변별첨참붙임표서류신청견청구판례품량년월일호차총질의추천남녀북울백억천만원처"
    "직급임면복폐지본체직접특허증빙파영행역활운영법률조항목록취급평택속초림바람카타베드디렉터레이메일"
)  # fmt: skip
_HAN = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所"
    "民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日"
    "那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想"
    "已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几"
    "九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证"
    "改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土"
    "许步群广石记需段研界律林叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿周委素技备半办青省列习响约支般史感劳便团"
    "往酸历市克何除消构府称准精值号率族维划选标写存候毛亲快效斯院查江型按格养易置派层片始专状育厂京识适属圆包火住调满县局照参红"
    "细引听该铁价严附稿版测试图片资料说明合同协议简历通知申请审核财务预算统计汇总"
)  # fmt: skip
_KANJI = frozenset(
    "日本報告書資料会議事録平成令和年度案計画表東京県市第号一二三四五六七八九十月大中小人出入上下国学生社部長用分別紙様式申請"
    "契約見積請求写真画像図面一覧名簿規程要領通知説明開発設計仕様変更管理業務新旧作成提出確認検討結果次回予定案内参考添付"
)  # fmt: skip
_LATIN = frozenset("éèêëàâäåæçôöûüùÿñáíóúÄÖÜÉßÇÅÆÑïîìòº¿¡")
_PAGES = (("cp949", "CP949 (Korean)"), ("gbk", "GBK (Chinese)"), ("cp932", "Shift-JIS (Japanese)"))
_UNICODE_PATH = 0x7075  # a field in which a ZIP states a name in UTF-8


def decoded_names(raw: Sequence[bytes]) -> tuple[list[str], str]:
    """Return names as text, and the encoding that fits them best ('' if all are ASCII)."""
    odd = [each for each in raw if not each.isascii()]
    if not odd:
        return [each.decode("ascii") for each in raw], ""
    if _all(odd, "utf-8"):
        return [each.decode("utf-8") for each in raw], "UTF-8"
    scores = [
        (usual_share(odd, codec), -turn, codec, told) for turn, (codec, told) in enumerate(_PAGES)
    ]
    scores.append((usual_share(odd, "cp437"), -len(_PAGES), "cp437", "CP437 (Western)"))
    _, _, codec, told = max(scores)
    return [_name(each, codec) for each in raw], told


def _all(names: Sequence[bytes], codec: str) -> bool:
    try:
        return all(each.decode(codec) is not None for each in names)
    except UnicodeError:
        return False


def _name(raw: bytes, codec: str) -> str:
    try:
        return raw.decode(codec)
    except UnicodeError:
        return raw.decode("cp437")


def usual_share(names: Sequence[bytes], codec: str) -> float:
    """Return the share of letters beyond ASCII that are usual; 0 if a name can't be decoded."""
    usual = letters = 0
    for raw in names:
        try:
            text = raw.decode(codec)
        except UnicodeError:
            letters += len(raw)
            continue
        for letter in filter(lambda each: not each.isascii(), text):
            letters += 1
            usual += _usual(letter, codec)
    # a page that fits no better than chance gives way to the first, the one of Korean Windows
    return round(usual / letters, 1) if letters else 0.0


def _usual(letter: str, codec: str) -> bool:
    if codec == "cp949":
        return letter in _HANGUL
    if codec == "gbk":
        return letter in _HAN
    if codec == "cp932":
        return "\u3040" <= letter <= "\u30ff" or letter in _KANJI
    return letter in _LATIN


def zip_names(infos: Sequence[zipfile.ZipInfo]) -> tuple[list[str], str]:
    """Return the names of a ZIP's members, and the encoding that was found to fit."""
    stated = [_stated(info) for info in infos]
    raw = [b"" if said is not None else info.filename.encode("cp437", "replace")
           for said, info in zip(stated, infos, strict=True)]  # fmt: skip
    guessed, told = decoded_names(raw)
    return [guess if said is None else said
            for said, guess in zip(stated, guessed, strict=True)], told  # fmt: skip


def _stated(info: zipfile.ZipInfo) -> str | None:
    """Return a member's name if the archive says that it is UTF-8."""
    if info.flag_bits & 0x800:
        return info.filename
    at, extra = 0, info.extra
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if kind == _UNICODE_PATH and size > 5:
            try:
                return extra[at + 9 : at + 4 + size].decode("utf-8")
            except UnicodeError:
                return None
        at += 4 + size
    return None
