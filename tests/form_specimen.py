"""A PDF form with every kind of field, written object by object, and what its fields say."""

from __future__ import annotations

from collections.abc import Iterable

_WIDGET = "/Type/Annot/Subtype/Widget"
MULTILINE, PASSWORD, FILE, RICH, COMB = 1 << 12, 1 << 13, 1 << 20, 1 << 25, 1 << 24
RADIO, PUSH, UNISON = (1 << 15) | (1 << 14), 1 << 16, 1 << 25
COMBO, EDIT, MULTI = 1 << 17, 1 << 18, 1 << 21
_XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'


def utf16(words: str) -> str:
    return f"<FEFF{words.encode('utf-16-be').hex()}>"


def written(objects: dict[int, str], root: int = 1) -> bytes:
    """Return a file of numbered objects with its table of places."""
    out, at = b"%PDF-1.7\n", {}
    for number, body in sorted(objects.items()):
        at[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body.encode("latin-1"))
    top, start = max(objects) + 1, len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % top
    for number in range(1, top):
        out += b"%010d 00000 n \n" % at[number] if number in at else b"0000000000 65535 f \n"
    return out + b"trailer<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (top, root, start)


def stream(words: str, head: str = "") -> str:
    return f"<<{head}/Length {len(words)}>>\nstream\n{words}\nendstream"


class Form:
    """Two pages; `says` holds for each field that has a value how it must be read."""

    def __init__(self) -> None:
        self.objects: dict[int, str] = {}
        self.pages: tuple[list[int], list[int]] = ([], [])
        self.fields: list[int] = []
        self.says: list[str] = []
        self.hidden: list[str] = []
        self._next = 20

    def new(self, body: str = "") -> int:
        self._next += 1
        self.objects[self._next] = body
        return self._next

    def widget(self, rest: str, page: int | None = 0, flags: int = 4) -> int:
        row = len(self.pages[0]) + len(self.pages[1])
        x, y = 20 + 200 * (row // 50), 760 - 14 * (row % 50)
        number = self.new(f"<<{_WIDGET}/F {flags}/Rect[{x} {y} {x + 150} {y + 12}]{rest}>>")
        if page is not None:
            self.pages[page].append(number)
        return number

    def field(self, rest: str, says: str | None, page: int | None = 0, flags: int = 4) -> int:
        number = self.widget(rest, page, flags)
        self.fields.append(number)
        if says is not None:
            (self.hidden if flags != 4 else self.says).append(says)
        return number

    def text(self, name: str, value: str, says: str, rest: str = "", **how: int | None) -> None:
        said = f"{name}: {says}" if says else None
        self.field(f"/FT/Tx/T({name})/V {value}{rest}", said, **how)  # type: ignore[arg-type]

    def check(self, name: str, value: str, state: str, says: str, rest: str = "") -> None:
        on = value if value != "Off" else "Yes"
        looks = f"/AP<</N<</{on} 3 0 R/Off 3 0 R>>>>"
        self.field(f"/FT/Btn/T({name})/V/{value}/AS/{state}{looks}{rest}", f"{name}: {says}")

    def family(self, rest: str, kids: Iterable[str], page: int = 0) -> int:
        """Add a field whose places are its kids."""
        parent = self.new()
        numbers = [self.widget(f"/Parent {parent} 0 R{kid}", page) for kid in kids]
        listed = " ".join(f"{number} 0 R" for number in numbers)
        self.objects[parent] = f"<<{rest}/Kids[{listed}]>>"
        self.fields.append(parent)
        return parent

    def radio(self, name: str, states: Iterable[str], chosen: str, says: str, rest: str) -> None:
        self.family(
            f"/FT/Btn/T({name})/V/{chosen}{rest}",
            [
                f"/AS/{state if state == chosen else 'Off'}/AP<</N<</{state} 3 0 R/Off 3 0 R>>>>"
                for state in states
            ],
        )
        if says:
            self.says.append(f"{name}: {says}")

    def choice(self, name: str, value: str, options: str, says: str, flags: int = 0) -> None:
        self.field(f"/FT/Ch/T({name}){value}/Ff {flags}/Opt[{options}]", f"{name}: {says}")

    def content(self, more: str = "") -> bytes:
        listed = " ".join(f"{number} 0 R" for number in self.fields)
        self.objects |= {
            1: "<</Type/Catalog/Pages 2 0 R"
            f"/AcroForm<</Fields[{listed}]/DA(/F 10 Tf 0 g){more}>>>>",
            2: "<</Type/Pages/Count 2/Kids[5 0 R 6 0 R]>>",
            3: stream("", "/Type/XObject/Subtype/Form/BBox[0 0 9 9]"),
            4: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            7: stream("BT /F 12 Tf 20 780 Td (A form) Tj ET"),
        }
        for number, shown in zip((5, 6), self.pages, strict=True):
            annotations = " ".join(f"{each} 0 R" for each in shown)
            self.objects[number] = (
                "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F 4 0 R>>>>"
                f"/Contents 7 0 R/Annots[{annotations}]>>"
            )
        return written(self.objects)


def every_kind() -> Form:
    """Return a form with every type of field of ISO 32000, and odd ones that programs write."""
    form = Form()
    _texts(form)
    _texts_of_programs(form)
    _buttons(form)
    _choices(form)
    return form


def _texts(form: Form) -> None:
    form.text("plain", "(Nobody)", "Nobody")
    form.text("lines", "(one\\rtwo\\r\\nthree)", "one\ntwo\nthree", f"/Ff {MULTILINE}")
    form.text("comb", "(A1B2C3)", "A1B2C3", f"/Ff {COMB}/MaxLen 6")
    form.text("password", "(s3cret)", "s3cret", f"/Ff {PASSWORD}")
    form.text("file", "(C:\\\\a\\\\b.txt)", "C:\\a\\b.txt", f"/Ff {FILE}")
    bold = f"/RV(<body {_XHTML}><p><b>Bold</b> words</p></body>)"
    form.text("rich", "(Bold words)", "Bold words", f"/Ff {RICH}{bold}")
    form.field(f"/FT/Tx/T(rich only)/Ff {RICH}{bold}", "rich only: Bold words")
    form.text("Korean", utf16("홍길동 법무부"), "홍길동 법무부")
    form.text("latin", "(Stra\\337e \\240)", "Straße €")
    form.text("utf8", f"<EFBBBF{'가나다'.encode().hex()}>", "가나다")
    form.text("hex", "<48656C6C6F>", "Hello")
    form.text("stream", f"{form.new(stream('a long text'))} 0 R", "a long text")
    form.text("indirect", f"{form.new('(elsewhere)')} 0 R", "elsewhere")
    form.text("date", "(2021-10-20)", "2021-10-20", "/AA<</F<</S/JavaScript/JS(1)>>>>")
    form.text("zeros", "(00042)", "00042")
    form.text("zero", "(0)", "0")
    form.text("bar code", "(4006381333931)", "4006381333931", "/PMD<</Symbology/PDF417>>/Ff 1")
    form.text("total", "(1,234.50)", "1,234.50", "/Ff 1")
    form.text("long", f"({'word ' * 3000}end)", "word " * 3000 + "end")
    form.text("hidden", "(kept back)", "kept back", flags=2)
    form.text("no view", "(not on screen)", "not on screen", flags=32)
    form.text("second page", "(page two)", "page two", page=1)
    form.text("empty", "()", "", "/DV(by default)")
    form.text("blank", "(   )", "")
    form.field("/FT/Tx/T(default only)/DV(by default)", None)


def _texts_of_programs(form: Form) -> None:
    form.field("/FT/Tx/TU(A label)/T(name)/V(with a label)", "A label: with a label")
    form.field("/FT/Tx/V(without a name)", "(no name): without a name")
    form.text("a name", "/Foo", "Foo")
    form.text("a number", "123", "123")
    form.family("/FT/Tx/T(parent)/V(inherited)", [""])
    form.says.append("parent: inherited")
    top, middle = form.new(), form.new()
    leaf = form.widget(f"/Parent {middle} 0 R/T(street)/V(Main 1)")
    form.objects[top] = f"<</T(person)/FT/Tx/Kids[{middle} 0 R]>>"
    form.objects[middle] = f"<</T(address)/Parent {top} 0 R/Kids[{leaf} 0 R]>>"
    form.fields.append(top)
    form.says.append("street: Main 1")
    form.family("/FT/Tx/T(twice)/V(same words)", ["", ""])
    form.says += ["twice: same words"] * 2
    form.text("no page", "(on no page)", "on no page", page=None)
    form.fields.append(form.new("<</FT/Tx/T(no place)/V(stands nowhere)>>"))
    form.says.append("no place: stands nowhere")


def _buttons(form: Form) -> None:
    form.check("agreed", "Yes", "Yes", "[x]")
    form.check("paid", "Off", "Off", "[ ]")
    form.check("ja", "Ja", "Ja", "[x]")
    form.check("numbered", "0", "0", "[x]", "/Opt[(Accept)]")
    form.check("split", "Yes", "Off", "[ ]")
    form.radio("way", ("air", "sea", "land"), "sea", "sea", f"/Ff {RADIO}")
    form.radio("none", ("a", "b"), "Off", "", f"/Ff {RADIO}")
    form.radio("level", "012", "1", "Middle", f"/Ff {RADIO}/Opt[(Low)(Middle)(High)]")
    form.radio("unison", "xy", "y", "y", f"/Ff {RADIO | UNISON}")
    form.field(f"/FT/Btn/T(button)/Ff {PUSH}/MK<</CA(Send)>>", None)
    form.field("/FT/Sig/T(unsigned)", None)


def _choices(form: Form) -> None:
    pairs = "[(k1)(One)][(k2)(Two)][(k3)(Three)]"
    form.choice("city", "/V(Busan)", "(Seoul)(Busan)", "Busan", COMBO)
    form.choice("pair", "/V(k2)", pairs, "Two", COMBO)
    form.choice("own", "/V(My own)", "(Seoul)(Busan)", "My own", COMBO | EDIT)
    form.choice("list", "/V(2020)", "(2019)(2020)(2021)", "2020")
    form.choice("listed pair", "/V(k3)", pairs, "Three")
    form.choice("many", "/V[(a)(c)]/I[0 2]", "(a)(b)(c)", "a, c", MULTI)
    form.choice("many pairs", "/V[(k1)(k3)]/I[0 2]", pairs, "One, Three", MULTI)
    form.choice("by number", "/I[1]", "(p)(q)(r)", "q")
    form.choice("Korean choice", f"/V{utf16('부산')}", utf16("서울") + utf16("부산"), "부산", COMBO)
