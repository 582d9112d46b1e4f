"""Return whether a text layer makes sense: a small language model of characters.

Programs that write PDFs may give glyphs wrong Unicode values, so that "The" becomes "7KH". How
likely letters follow each other in 19 European languages tells such text from any real one, and
how common its syllables are tells Korean. Other scripts are not judged.
"""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

_CONTROL = re.compile("[\0-\x08]")

# -ln P(second | first) of " abc...z" after each of " abc...z", rounded down, 9 at most: from 3.4
# million letters of the manual pages of a Debian system, a fifth of them English, accents left out
_COSTS = (
    "923323334243333325322334554143337535343231545222436543224551666157264279235267935"
    "227371672243355157332388944125641666276554249435356855144334445454232746222545454"
    "126652355176375128244397957126351634264353357234258845117651578255455279443457946"
    "234332334543231246322537574218640577284454269534357996116561536274355179333256946"
    "125641644144244247733357834113651767266435229545387858127322325254454259632347846"
    "144334335444321439123234664217442654264355239142366965347854897489467469734099969"
    "125331536244534255433345945126362663263455336531354933126461662265465259333355746"
    "233333445343222329222556563217561877167554269445469936127522742196563259445475636"
    "126342648197668328572469441024353454454433339422564945115441655295432248543344934"
)
# the 300 most common of Korean manual pages and this kit's Korean texts: 95 % of their syllables
_SYLLABLES = frozenset(
    "가각간갑값같개객거건걸검것게결경계고공과관교구국굴그근금기길까꾸끝나날남납내냅너널넘넣년누느는늘능니다단달당대더데도동되된두둘뒤드든들디딕딩따때떤또라"
    "람래램량러런럼레려력렬령로록료류르른를름리린림립마막만많말맞매메며면명몇모목못무문물미및바반받방배백버번법베변별보복본볼부분붙블비빠사산상새색생서석선"
    "설성세섹셔션소속수순스습승시식신실심십쓰쓸아안않알압았앞야약양어언얼업없엇었에여연열영예오온올옵와외요용우운원위유율으은을음의이인일읽임입있자작장재저"
    "적전절점접정제져조종주준줄줍중증지직진질집차참찾처천청체초최추축출치컬코크큰타태터템통트특티틸파패페표프필하한할함합항해했행향험헤현형호화확환활회후히"
)
# a line is judged by itself, or with the two lines before and after it: from how many pairs of
# letters, and from which mean cost it makes no sense. Of 11,000 pieces of 70 letters of manual
# pages in twelve languages, the costliest has 3.1
_ALONE, _TOGETHER, _NONSENSE = (60, 3.8), (120, 3.5), 3.2
_AROUND = 2
_HANGUL, _COMMON = 30, 0.4  # syllables from which a text is judged; real ones have more common ones
_SIGNS, _ODD = 8, 0.3  # characters from which it is judged; the share that has no meaning


_NONE = 27  # neither a letter nor a blank


def _tables() -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """Return, for each UTF-16 unit, its place in the costs and its kind."""
    letters, kinds = np.full(1 << 16, _NONE, np.uint16), np.zeros(1 << 16, np.uint8)
    letters[[9, 10, 13, 32]] = 0
    for number in range(1, 27):
        letters[[96 + number, 64 + number]] = number
    kinds[0xAC00:0xD7A4] = 1  # a syllable
    kinds[[ord(each) for each in _SYLLABLES]] = 2  # a common one
    for first, last in ((0, 8), (0xE000, 0xF8FF), (0xFFFD, 0xFFFD)):
        kinds[first : last + 1] = 3  # no character of any script
    return letters, kinds


def _pair_costs() -> NDArray[np.float64]:
    """Return the cost of each pair of places, and whether it counts as a pair (0 or 1)."""
    costs = np.zeros((28, 28, 2))
    costs[:27, :27, 0] = np.reshape([int(each) for each in _COSTS], (27, 27))
    costs[:27, :27, 1] = 1
    costs[0, 0] = 0
    return costs.reshape(-1, 2)


_LETTERS, _KINDS = _tables()
_COST = _pair_costs()


def garbled_lines(texts: list[str]) -> list[bool]:
    """Say of each line of a page whether it makes no sense."""
    if not texts:
        return []
    text = "\n".join(["", *texts, ""])
    units = np.frombuffer(text.encode("utf-16-le", "replace"), np.uint16)
    starts = np.flatnonzero(units == 10)[:-1]
    if len(starts) != len(texts):  # a line has a line break in it
        return [False] * len(texts)
    letters = _LETTERS[units]
    costs, pairs = np.add.reduceat(_COST[28 * letters[:-1] + letters[1:]], starts).T
    near = np.ones(2 * _AROUND + 1)
    bad = np.zeros(len(texts), bool)
    for own, (many, most) in ((near[:1], _ALONE), (near, _TOGETHER)):
        cost, pair = _summed(costs, own), _summed(pairs, own)
        bad |= (pair >= many) & (cost > most * pair) & (costs > _NONSENSE * pairs)
    if not text.isascii() or _CONTROL.search(text):
        bad |= _odd_lines(units, letters, starts)
    return [bool(each) for each in bad]


def _odd_lines(
    units: NDArray[np.uint16], letters: NDArray[np.uint16], starts: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Return lines of meaningless characters, or of syllables that Korean texts don't combine."""
    kinds = _KINDS[units]
    rare, common, odd = (np.add.reduceat((kinds == kind) * 1, starts) for kind in (1, 2, 3))
    signs = np.add.reduceat((letters != 0) * 1, starts)
    bad: NDArray[np.bool_] = (signs >= _SIGNS) & (odd > _ODD * signs)
    for own in (np.ones(1), np.ones(2 * _AROUND + 1)):
        syllables = _summed(rare + common, own)
        some = _summed(common, own) < _COMMON * syllables
        bad |= (syllables >= _HANGUL) & some & (common < _COMMON * (rare + common))
    return bad


def _summed(values: NDArray[Any], near: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, for each line, the sum over it and the lines around it."""
    first = len(near) // 2
    summed: NDArray[np.float64] = np.convolve(values, near)[first : first + len(values)]
    return summed
