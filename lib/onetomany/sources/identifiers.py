"""Refuse columns with numbers or addresses that identify real people.

Recognised are: a Korean passport number (M12345678, or M123A4567 as issued since December 2021), a
Korean mobile number (010-1234-5678), a resident or alien registration number (900101-1234567), a
telephone number with its country (+44 20 7946 0000), an e-mail address, a payment card, a US social
security number, a Korean plate (12가3456). A refusal names the column and never shows the value.
docs/arrivals.md lists known misses and false refusals.
"""

import polars as pl

from onetomany.errors import InputError

# the share of plain numbers that must fit before a column is refused, since random digits fit too
CHECKSUM_SHARE, DATE_SHARE, PHONE_SHARE, CARD_SHARE = 0.05, 0.5, 0.5, 0.5
PASSPORT, PHONE = "passport numbers", "mobile numbers"
REGISTRATION = "resident registration numbers"
CARD = "payment card numbers"

NAMES = (
    r"(?i)^(?:passport([_ ]?(?:no|number|num))?|여권(번호)?|rrn|주민(등록)?번호|외국인등록번호|"
    r"resident[_ ]?registration[_ ]?(?:no|number)|(?:mobile|phone|cell)([_ ]?(?:no|number))?|"
    r"전화(번호)?|휴대(폰|전화)(번호)?)$"
)
_DATE = r"\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
PASSPORT_FORM = r"(?i)(?:^|[^0-9a-z])[MSROD](?:\d{8}|\d{3}[A-Z]\d{4})(?:$|[^0-9a-z])"
PHONE_FORM = r"(?:^|\D)(?:\+?82[-. ]?\(?0?\)?|0)1[016789][-. ]?\d{3,4}[-. ]?\d{4}(?:$|\D)"
MARKED_REGISTRATION = rf"(?:^|\D){_DATE}\s?[-–]\s?[1-8]\d{{6}}(?:$|\D)"
EMAIL_FORM = r"[\w.+-]+@[\w-]+\.[\w.-]+"
SSN_FORM = r"(?:^|\D)[0-8]\d{2}-\d{2}-\d{4}(?:$|\D)"
PLATE_FORM = r"(?:^|[^\d])\d{2,3}\s?[가-힣]\s?\d{4}(?:$|\D)"
CARD_FORM = (
    r"(?:^|\D)(?:[3-6]\d{3}([ -])\d{4}([ -])\d{4}([ -])\d{1,7}|3[47]\d\d[ -]\d{6}[ -]\d{5})(?:$|\D)"
)
ABROAD_FORM = r"(?:^|[^\w])\+[1-9]\d{0,2}[-. (]{0,2}\d{1,4}(?:[-. )]{0,2}\d{2,4}){2,4}(?:$|\D)"
OTHERS = (
    ("e-mail addresses", EMAIL_FORM),
    ("US social security numbers", SSN_FORM),
    ("vehicle plates", PLATE_FORM),
    (CARD, CARD_FORM),
    ("telephone numbers", ABROAD_FORM),
)
_PLAIN_CARD = r"^[3-6]\d{14,15}$"
_PLAIN_RRN = rf"^{_DATE}[1-8]\d{{6}}$"
_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


def refuse_identifiers(frame: pl.DataFrame) -> None:
    """Raise InputError if a column looks like numbers that identify real people.

    Text is refused for a single passport, telephone, card or social security number, plate, e-mail
    address or registration number with its dash, anywhere in it. Thirteen digits without a dash are
    refused if at least 5 % of the values are registration numbers by date, century and check
    digit, or at least half by date and century alone (numbers issued since October 2020 have no
    check digit). A column of numbers that may be mobile numbers without their zero is refused if at
    least half fit. A column is also refused by its name alone, such as 'passport_no' or
    '주민등록번호'.
    """
    for why in identifying_columns(frame).values():
        raise InputError(why)


def identifying_columns(frame: pl.DataFrame) -> dict[str, str]:
    """Return the columns that `refuse_identifiers` refuses, each with its refusal."""
    found = {}
    for name in frame.columns:
        if pl.select(pl.lit(name).str.contains(NAMES)).item():
            found[name] = _text(name, "by its name, numbers that name people")
            continue
        kind = frame.schema[name]
        if not (kind.is_numeric() or kind in (pl.String, pl.Categorical) or kind == pl.Enum):
            continue
        if what := _found(frame[name], kind.is_numeric()):
            found[name] = _text(name, what)
    return found


def names_somebody(text: str) -> bool:
    """Return whether a column name is itself such a number: a table may lack a header."""
    forms = (PASSPORT_FORM, PHONE_FORM, MARKED_REGISTRATION, _PLAIN_RRN, _PLAIN_CARD)
    shown = pl.lit(text.strip())
    fits = (shown.str.contains(form) for form in (*forms, *(form for _, form in OTHERS)))
    return bool(pl.select(pl.any_horizontal(fits)).item())


def _is_registration_number(digits: pl.Expr) -> pl.Expr:
    """Return whether 13 digits (text) have the check digit of numbers before October 2020.

    11 minus the weighted sum of the first twelve modulo 11, modulo 10; for foreigners (5 to 8 in
    the seventh place) two more.
    """
    places = [digits.str.slice(place, 1).cast(pl.Int64, strict=False) for place in range(13)]
    total = pl.sum_horizontal(
        place * weight for place, weight in zip(places[:12], _WEIGHTS, strict=True)
    )
    check = (11 - total % 11) % 10
    return places[12] == pl.when(places[6] >= 5).then((check + 2) % 10).otherwise(check)


def _found(values: pl.Series, number: bool) -> str | None:
    """Return the kind of identifier that the values look like, or None."""
    if not (known := len(values) - values.null_count()):
        return None
    if number:
        return _found_in_numbers(values, known)
    counts = values.drop_nulls().cast(pl.String).value_counts(name="rows")
    text = counts.to_series(0).str.strip_chars()
    for label, pattern in (
        (PASSPORT, PASSPORT_FORM),
        (PHONE, PHONE_FORM),
        (REGISTRATION, MARKED_REGISTRATION),
        *OTHERS,
    ):
        if text.str.contains(pattern).any():
            return label
    cards = text.filter(text.str.contains(_PLAIN_CARD))
    if len(cards) and _luhn(cards).sum() >= CARD_SHARE * known:
        return CARD
    plain = text.str.contains(_PLAIN_RRN)
    return _registration(text.filter(plain), counts["rows"].filter(plain), known)


def _luhn(digits: pl.Series) -> pl.Series:
    """Return whether numbers (text) have the check digit of payment cards."""
    turned = digits.str.reverse()
    places = [turned.str.slice(place, 1).cast(pl.Int64, strict=False) for place in range(16)]
    doubled = [each * 2 - 9 * (each > 4) if n % 2 else each for n, each in enumerate(places)]
    total = pl.DataFrame([each.rename(str(n)).fill_null(0) for n, each in enumerate(doubled)])
    return total.sum_horizontal() % 10 == 0


def _found_in_numbers(values: pl.Series, known: int) -> str | None:
    """Do as `_found`; spreadsheets store whole numbers as floats and drop a leading zero."""
    whole = values.cast(pl.Int64, strict=False)
    if whole.is_between(10**9, 11 * 10**8 - 1).sum() >= PHONE_SHARE * known:
        return PHONE
    text = whole.filter(whole.is_between(10**11, 10**13 - 1)).cast(pl.String).str.zfill(13)
    text = text.filter(text.str.contains(_PLAIN_RRN))
    return _registration(text, pl.repeat(1, len(text), eager=True), known)


def _registration(text: pl.Series, rows: pl.Series, known: int) -> str | None:
    """Return REGISTRATION if these texts are too many to be chance among `known` values."""
    fits = pl.select(_is_registration_number(pl.lit(text))).to_series()
    checked = int(rows.filter(fits).sum())
    if int(rows.sum()) >= DATE_SHARE * known or checked >= max(1, CHECKSUM_SHARE * known):
        return REGISTRATION
    return None


def _text(column: str, what: str) -> str:
    shown = "(its name is such a number)" if names_somebody(column) else f"'{column}'"
    return (
        f"Column {shown} looks like {what}: remove it, or replace it by a number that identifies "
        "nobody, before the table is read here (its values are not shown)."
    )
