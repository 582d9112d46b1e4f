"""Numbers as a workbook shows them: 0.256 in the format 0.0% is 25.6%, 42 in 00000 is 00042.

Number formats are those of ECMA-376 Part 1, 18.8.31, which XLS, XLSB and charts share. A number
in another format (shapes of digits) stays as stored, which loses nothing.
"""

import datetime
import math
import re
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import lru_cache

# the formats that files name by number alone; those that differ by country as Korea and most have
BUILT_IN = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: "#,##0", 6: "#,##0",
    7: "#,##0.00", 8: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?",
    13: "# ??/??", 14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy",
    18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm",
    37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00", 41: "#,##0", 42: "#,##0",
    43: "#,##0.00", 44: "#,##0.00", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "0.0E+0",
    49: "@",
}  # fmt: skip
_PIECES = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_(?P<space>.)|\*(?P<fill>.)|'
    r"\[(?P<elapsed>h+|m+|s+)\]|\[(?P<bracket>[^\]]*)\]|(?P<half>AM/PM|A/P|오전/오후)|"
    r"(?P<general>General)|(?P<exponent>E[+-])|(?P<date>y+|m+|d+|h+|s+|e+|b+|a{3,})|"
    r"(?P<digits>[0#?.,]+)|(?P<at>@)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December")  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_KOREAN_DAYS = "월화수목금토일"
_START, _START_1904 = datetime.datetime(1899, 12, 30), datetime.datetime(1904, 1, 1)
_PLACES, _HUGE, _EXACT = 30, Decimal(10) ** 30, Context(prec=100)
_LAST = 2_958_466  # the day after 9999-12-31


@lru_cache(2048)
def _sections(format_: str) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Return the sections of a format (positive; negative; zero; text), each in pieces."""
    sections: list[list[tuple[str, str]]] = [[]]
    for match in _PIECES.finditer(format_):
        kind = match.lastgroup or "other"
        text = match[kind]
        if kind == "other" and text == ";":
            sections.append([])
        else:
            sections[-1].append((kind, text))
    return tuple(tuple(each) for each in sections)


def is_date(format_: str) -> bool:
    """Return whether a format shows a number as a date, a time or a span of time."""
    return any(kind in ("date", "elapsed") for kind, _ in _sections(format_)[0])


def _ambiguous(pieces: tuple[tuple[str, str], ...]) -> bool:
    """Return whether a date is shown in digits alone that don't begin with its year: 10/11/21."""
    fields = [text.lower() for kind, text in pieces if kind == "date"]
    numeric = all(len(each) < 3 for each in fields if each[0] in "mda")
    own = [each[0] for each in fields if each[0] in "ymd"]
    times = {"h", "s"} & {each[0] for each in fields}
    return numeric and not times and own[:1] != ["y"] and {"y", "d"} <= {*own}


def plain_number(value: float) -> str:
    """Return a number as 'General' shows it, in full."""
    if not math.isfinite(value):
        return repr(value)
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    # a workbook keeps 15 digits: 0.1 + 0.2 is shown as 0.3
    text = f"{value:.15g}"
    return text if "e" in text else format(Decimal(text), "f")


def format_number(value: float, format_: str | None, *, from_1904: bool = False) -> str:
    """Return a number as a cell in this format shows it; `from_1904` is the workbook's calendar."""
    if not format_ or format_ in ("General", "@") or not math.isfinite(value):
        return plain_number(value)
    sections = _sections(format_)
    conditional = any(
        kind == "bracket" and text[:1] in "<>=" for part in sections for kind, text in part
    )
    pieces, size = sections[0], value
    if conditional:
        pieces = next((part for part in sections if _holds(part, value)), sections[-1])
    elif value < 0 and len(sections) > 1:
        pieces, size = sections[1], -value
    elif value == 0 and len(sections) > 2:
        pieces = sections[2]
    kinds = {kind for kind, _ in pieces}
    if kinds & {"date", "elapsed"}:
        return _moment(size, pieces, from_1904) or plain_number(value)
    if not kinds & {"digits", "general"}:
        # a section without digits hides the number, as ;;; does: the reader of data needs it
        text = "".join(_literal(kind, text) for kind, text in pieces).strip()
        return text if text and not value else plain_number(value)
    if ("other", "/") in pieces:
        return _fraction(value, pieces) or plain_number(value)
    return _number(size, pieces) or plain_number(value)


def _holds(pieces: tuple[tuple[str, str], ...], value: float) -> bool:
    for kind, text in pieces:
        if kind == "bracket" and (found := re.match(r"(<=|>=|<>|<|>|=)(-?[\d.]+)$", text)):
            limit = float(found[2])
            return {"<": value < limit, ">": value > limit, "=": value == limit,
                    "<=": value <= limit, ">=": value >= limit,
                    "<>": value != limit}[found[1]]  # fmt: skip
    return True


def _literal(kind: str, text: str) -> str:
    if kind in ("quoted", "escaped"):
        return text
    if kind == "bracket" and text.startswith("$"):
        return text[1:].partition("-")[0]
    if kind in ("space", "fill"):
        return ""
    return text if kind == "other" else ""


def _number(value: float, pieces: tuple[tuple[str, str], ...]) -> str:
    pattern = "".join(text for kind, text in pieces if kind == "digits")
    scaled = Decimal(repr(value)) * 100 ** pieces.count(("other", "%"))
    scaled /= Decimal(1000) ** (len(pattern) - len(pattern.rstrip(",")))
    if any(kind == "general" for kind, _ in pieces):
        return _placed(plain_number(value), "", pieces)
    if any(kind == "exponent" for kind, _ in pieces):
        digits = next((text for kind, text in pieces if kind == "digits"), "0")
        places = len(digits.partition(".")[2])
        size, _, power = f"{scaled:.{places}E}".partition("E")
        return f"{size}E{int(power):+03d}"
    whole, _, part = pattern.rstrip(",").partition(".")
    places = sum(each in "0#?" for each in part)
    if places > _PLACES or abs(scaled) > _HUGE:
        return ""
    rounded = scaled.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _EXACT)
    sign = "-" if rounded < 0 else ""
    left, _, right = format(abs(rounded), "f").partition(".")
    least = whole.count("0")
    left = left.lstrip("0").rjust(least, "0") if least or left != "0" else ""
    if "," in whole:
        left = f"{int(left):,}".rjust(least, "0") if left else ""
    needed = len(part.rstrip("#?"))
    right = right[:needed] + right[needed:].rstrip("0")
    told = left + ("." + right if right or (part and needed) else "")
    return sign + _placed(told, whole, pieces)


def _fraction(value: float, pieces: tuple[tuple[str, str], ...]) -> str:
    """Return a number as a fraction, 1 1/2; '' for a form that isn't known here."""
    at = next(number for number, (_, text) in enumerate(pieces) if text == "/")
    below = "".join(text for kind, text in pieces[at + 1 :] if kind in ("digits", "other")).strip()
    size = Fraction(abs(value))
    if below.isdigit() and int(below):
        part, under = round(size * int(below)), int(below)
    elif below and set(below) <= set("?#0") and len(below) < 6:
        part, under = size.limit_denominator(10 ** len(below) - 1).as_integer_ratio()
    else:
        return ""
    whole = 0
    if sum(kind == "digits" for kind, _ in pieces[:at]) > 1:
        whole, part = divmod(part, under)
    told = (
        f"{whole} {part}/{under}" if whole and part else f"{part}/{under}" if part else f"{whole}"
    )
    return f"-{told}" if value < 0 else told


def _placed(told: str, whole: str, pieces: tuple[tuple[str, str], ...]) -> str:
    """Return the digits between the literals of a format, also if these are among the digits."""
    spots = [number for number, (kind, _) in enumerate(pieces) if kind == "digits"]
    inner = [_literal(*each) for each in pieces[spots[0] : spots[-1] + 1]] if spots else []
    if any(each.strip(" ") for each in inner) and "." not in told and "," not in whole:
        # such as a telephone number, 000-0000-0000: filled from the right
        out: list[str] = []
        for number, (kind, text) in reversed([*enumerate(pieces)]):
            cut = len(told)
            if kind == "digits":
                cut = 0 if number == spots[0] else max(0, cut - len(text))
            out.append(told[cut:] or _literal(kind, text))
            told = told[:cut]
        return "".join(reversed(out)).strip()
    first = next((n for n, (kind, _) in enumerate(pieces) if kind in ("digits", "general")), None)
    if first is None:
        return told
    literals = [_literal(*each) for each in pieces]
    return "".join([*literals[:first], told, *literals[first:]]).strip()


def _moment(value: float, pieces: tuple[tuple[str, str], ...], from_1904: bool) -> str:
    """Return a date or a span of time; '' if no calendar has it."""
    elapsed = any(kind == "elapsed" for kind, _ in pieces)
    if not elapsed and not 0 <= value < _LAST:
        return ""
    parts = any(kind == "digits" and text.startswith(".") for kind, text in pieces)
    unit = 1000 if parts else 1
    ticks = round(value * 86_400 * unit)
    start = _START_1904 if from_1904 else _START
    if not from_1904 and 0 < value < 60:
        start += datetime.timedelta(days=1)  # the 29th of February 1900, which there was not
    try:
        when = start + datetime.timedelta(seconds=ticks / unit)
    except OverflowError:
        return ""
    if _ambiguous(pieces):
        return when.date().isoformat()
    half = any(kind == "half" for kind, _ in pieces)
    out, last, sign = [], "", "-" if value < 0 else ""
    for number, (kind, text) in enumerate(pieces):
        lower = text.lower()
        if kind == "elapsed":
            total = abs(ticks) // unit // {"h": 3600, "m": 60, "s": 1}[lower[0]]
            out.append(str(total).rjust(len(lower), "0"))
            last = lower[0]
        elif kind == "date":
            minute = lower[0] == "m" and len(lower) < 3 and (
                last == "h" or _next_date(pieces, number) == "s")  # fmt: skip
            out.append(_field(when, lower, minute, half))
            last = lower[0]
        elif kind == "half":
            korean = text.startswith("오")
            names = ("오전", "오후") if korean else ("AM", "PM")
            out.append(names[when.hour >= 12])
        elif kind == "digits":
            out.append(f"{when.microsecond / 1e6:.{len(text) - 1}f}"[1:] if parts else text)
        else:
            out.append(_literal(kind, text))
    return sign + "".join(out).strip()


def _next_date(pieces: tuple[tuple[str, str], ...], number: int) -> str:
    following = (t.lower()[0] for k, t in pieces[number + 1 :] if k in ("date", "elapsed"))
    return next(following, "")


def _field(when: datetime.datetime, text: str, minute: bool, half: bool) -> str:
    kind, size = text[0], len(text)
    if kind in "ye":
        return f"{when.year:04d}" if size > 2 or kind == "e" else f"{when.year % 100:02d}"
    if kind == "b":
        return f"{when.year + 543}"
    if kind == "m" and not minute:
        name = _MONTHS[when.month - 1]
        return {3: name[:3], 4: name, 5: name[0]}.get(size, str(when.month).rjust(size, "0"))
    if kind == "d" and size > 2:
        name = _DAYS[when.weekday()]
        return name[:3] if size == 3 else name
    if kind == "a":
        day = _KOREAN_DAYS[when.weekday()]
        return day if size == 3 else day + "요일"
    hour = (when.hour % 12 or 12) if half else when.hour
    number = {"m": when.minute, "d": when.day, "h": hour, "s": when.second}[kind]
    return str(number).rjust(min(size, 2), "0")
