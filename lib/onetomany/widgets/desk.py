"""Search a case file, look at a page, select a passage and store it as a claim.

In a case folder a claim is a row of its claims.csv as well. The desk shows strangers' documents:
pages are drawn in the cage, texts are escaped. Save the notebook's outputs only where everybody may
read the documents.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import ipywidgets
import polars as pl

from onetomany.cage import accept_weak_isolation
from onetomany.cases import marked
from onetomany.cases.case_folder import is_case_folder
from onetomany.cases.database import FILE
from onetomany.claims import passages
from onetomany.documents import query, remarks
from onetomany.documents.case_file import open_case
from onetomany.documents.finding import find_pages
from onetomany.documents.picture import page_picture
from onetomany.documents.search import Span
from onetomany.errors import InputError, OneToManyError
from . import desk_words
from .case_fields import styled
from .desk_layout import CLAIM_FIELDS, DeskLayout
from .desk_words import ENGLISH, KOREAN, LABELS, escaped
from .one_language import language_in_use

HITS, BLOCKS = 15, 400  # shown at most
_CHANGED = (" (the page's text has changed since)", " (그 뒤 이 쪽을 다시 읽어 글이 달라졌음)")
SCALE = 1.5  # pixels of the page's picture for a point


def reading_desk(
    case: str | Path = "case.duckdb", *, language: str = "", weak_isolation: bool = False
) -> ipywidgets.VBox:
    """Return the reading desk on a case file made by `onetomany ingest`, or on a case folder.

    `language` is 'en' or 'ko', by default the notebook's; it can be changed on the desk.
    `weak_isolation` permits drawing pages on a system that can't isolate the drawing program.
    Raises InputError if there is no case file.

    Example:
        >>> reading_desk("case.duckdb", language="ko")  # doctest: +SKIP
    """
    language = language or language_in_use() or ENGLISH
    if language not in (ENGLISH, KOREAN):
        raise InputError(f"'{language}' is not a language of the desk: give 'en' or 'ko'.")
    if weak_isolation:
        accept_weak_isolation()
    file = Path(case) / FILE if is_case_folder(Path(case)) else Path(case)
    with open_case(file):
        pass
    return ReadingDesk(file, language).box


class ReadingDesk(DeskLayout):
    """The desk on one case file, with one page open; `changed` is called after a claim changes."""

    def __init__(
        self, case: Path, language: str, changed: Callable[[], None] = lambda: None
    ) -> None:
        self.case, self.changed = case, changed
        own = case.name == FILE and is_case_folder(case.parent)
        self.home = case.parent if own else None
        self.page: passages.PageText | None = None
        self.listed: Sequence[passages.PageBlock] = ()
        self.buttons: dict[int, ipywidgets.Button] = {}
        self.marks: list[Span] = []
        self.span: Span = (0, 0)
        self.saved = ""  # the claim that was saved last
        super().__init__(language)

    # search ---------------------------------------------------------------------------------

    def search(self) -> None:
        """Search for the reader's words."""
        if not self.query.value.strip():
            return
        chosen = {name: field.value.strip() for name, field in self.filters.items()}
        chosen |= {name: day.value.isoformat() for name, day in self.days.items() if day.value}
        filters = query.Filters(kinds=query.kinds_of(self.kind.value), **chosen)
        with open_case(self.case) as db:
            found = find_pages(db, self.query.value, filters=filters, limit=HITS)
            names = _names(db, found.hits["document"].to_list())

        def said() -> str:
            return (
                f'<p class="desk-text" role="status">{escaped(found.said(self.korean), 2000)}</p>'
            )

        self.shows(self.found, said)

        def listed() -> None:
            self.hits.children = [self._hit(hit, names) for hit in found.hits.iter_rows(named=True)]

        self.repeat[self.hits] = listed
        listed()

    def _hit(self, hit: dict[str, Any], names: dict[str, str]) -> ipywidgets.Widget:
        spans = [(span["start"], span["end"]) for span in hit["spans"]]
        passage = desk_words.marked(
            " ".join(hit["snippet"].split("\n")), spans, hit["snippet_start"]
        )
        name = escaped(names.get(hit["document"], hit["document"][:12]), 120)
        place = self.say(f"page {hit['page']}", f"{hit['page']}쪽")
        text = ipywidgets.HTML(
            f'<div class="desk-text"><span class="desk-place">{name}, {place}</span><br>'
            f"{passage}</div>"
        )
        button = ipywidgets.Button(description=LABELS["open"][self.korean], button_style="info")
        button.on_click(
            lambda _: self.guarded(
                lambda: self._open(hit["document"], hit["page"], spans), self.found
            )
        )
        return styled(ipywidgets.VBox([text, button]), "desk-hit")

    # page -----------------------------------------------------------------------------------

    def _open(self, document: str, page: int, spans: list[Span]) -> None:
        with open_case(self.case) as db:
            self.page = passages.page_text(db, document, page)
            known = passages.known_claims(db)
        self.marks = spans
        self.right.layout.display = "flex"
        held = self.page
        with self.quiet():
            self.range.min, self.range.max = 0, max(1, len(held.text))
            near = held.block_at(spans[0][0]) if spans else None
            at = held.blocks.index(near) if near else 0
            first = max(0, at - BLOCKS // 2)
            self.listed = held.blocks[first : first + BLOCKS]
            self.blocks.options = [
                (" ".join(held.text[each.start : each.end].split())[:80], each.block)
                for each in self.listed
            ]
            self.blocks.value = None
            for name in ("subject", "attribute", "said_by"):
                self.claim[name].options = known[name].unique().sort().to_list()
            if self.home:
                speakers = {*self.claim["said_by"].options, *marked.body_names(self.home)}
                self.claim["said_by"].options = sorted(speakers)
            # offered, not filled in: the file's date need not be that of the words
            self.written_on.fill((held.dated or "")[:10])
            self.written_on.precision.value = "none"
            self.clashes.value = ""
        self.shows(self.heading, self._where)
        self._draw()
        self.choose_block(near.block if near else None)
        self.shows(self.kept, self._remarks)

    def _where(self) -> str:
        assert self.page is not None
        place = self.say(f"page {self.page.page}", f"{self.page.page}쪽")
        return f'<p class="desk-text"><b>{escaped(self.page.path, 200)}</b>, {place}</p>'

    def _draw(self) -> None:
        """Draw the page in the cage with a button over each block, if it can be drawn."""
        assert self.page is not None
        held = self.page
        self.buttons = {}
        self.sheet.children, self.sheet.layout.display = (), "none"
        try:
            png = page_picture(self.case, held.document, held.page, self.marks, scale=SCALE)
        except OneToManyError as error:
            reason = escaped(error)
            self.shows(
                self.heading,
                lambda: (
                    f'{self._where()}<p class="desk-text desk-place">'
                    f"{self.say('No picture of the page', '쪽 그림 없음')}: {reason}</p>"
                ),
            )
            return
        for each in self.listed:
            if each.box and held.width and held.height:
                self.buttons[each.block] = self._block_button(each, held.width, held.height)
        picture = ipywidgets.Image(value=png, format="png", layout=ipywidgets.Layout(width="100%"))
        self.sheet.children = (picture, *self.buttons.values())
        self.sheet.layout.display = "block"

    def _block_button(
        self, block: passages.PageBlock, width: float, height: float
    ) -> ipywidgets.Button:
        assert block.box is not None
        x0, y0, x1, y1 = block.box
        layout = ipywidgets.Layout(
            left=f"{100 * x0 / width:.2f}%",
            top=f"{100 * y0 / height:.2f}%",
            width=f"{100 * max(x1 - x0, 1) / width:.2f}%",
            height=f"{100 * max(y1 - y0, 1) / height:.2f}%",
        )
        number = block.block
        button = ipywidgets.Button(
            layout=layout, tooltip=f"{LABELS['blocks'][self.korean]} {number}"
        )
        button.on_click(lambda _: self.guarded(lambda: self.choose_block(number), self.place))
        return styled(button, "desk-block")

    # passage --------------------------------------------------------------------------------

    def choose_block(self, number: int | None) -> None:
        """Select a block of the page as the passage."""
        if self.page is None:
            return
        found = next((each for each in self.page.blocks if each.block == number), None)
        self.choose((found.start, found.end) if found else (0, 0))

    def locate(self) -> None:
        """Select the reader's words on the page."""
        page = self._opened()
        span = page.locate(self.words.value, self.span[0])
        if span is None:
            raise InputError(
                self.say(
                    "These words are not on the page: quote them word for word.",
                    "이 말은 이 쪽에 없습니다. 쪽에 적힌 그대로 옮기세요.",
                )
            )
        self.choose(span)

    def choose(self, span: Span) -> None:
        """Select a passage, show it everywhere, and offer its figures as the claim's value."""
        if self.page is None:
            return
        held, self.span = self.page, (span[0], span[1])
        block = held.block_at(span[0]) if span[1] > span[0] else None
        with open_case(self.case) as db:
            figures = passages.figures_in(db, held, *span)
        with self.quiet():
            self.words.value = held.text[span[0] : span[1]]
            self.range.value = self.span
            numbers = {number for _, number in self.blocks.options}
            self.blocks.value = block.block if block and block.block in numbers else None
            value = self.claim["value"]
            value.options = [each for each, _ in figures]
            value.value, self.claim["unit"].value = figures[0] if len(figures) == 1 else ("", "")
        for number, button in self.buttons.items():
            chosen = block is not None and number == block.block
            (button.add_class if chosen else button.remove_class)("desk-chosen")
        self.shows(
            self.body, lambda: desk_words.page_body(held.text, self.marks, self.span, self.korean)
        )
        self.shows(self.place, self._placed)

    def _placed(self) -> str:
        """Return the place of the passage in words: document, page, characters, block and box."""
        assert self.page is not None
        (start, end), held = self.span, self.page
        block, box = held.block_at(start), held.box_of(start, end)
        text = self.say(f"characters {start}-{end}", f"글자 {start}-{end}")
        if block:
            text += self.say(f", block {block.block}", f", 문단 {block.block}")
        if box:
            sides = ", ".join(f"{side:.0f}" for side in box)
            text += self.say(f", box {sides} {held.unit}", f", 위치 {sides} {held.unit}")
        return f'<p class="desk-text desk-place">SHA-256 {held.document[:12]}, {escaped(text)}</p>'

    # claim and remarks ----------------------------------------------------------------------

    def save(self) -> None:
        """Store the passage as a claim, and show every claim that contradicts it."""
        self._keep_claim("")

    def correct(self) -> None:
        """Put the passage and fields in the place of the claim that was saved last."""
        self._keep_claim(self.saved)

    def _keep_claim(self, replaced: str) -> None:
        page, entered = self._opened(), self._entered()
        with open_case(self.case, write=True) as db:
            taken = passages.known_claims(db).select("claim_id")
            if self.home:
                taken = pl.DataFrame(
                    {"claim_id": [*taken["claim_id"], *marked.claim_ids(self.home)]}
                )
            claim = passages.claim_on(page, *self.span, entered, taken)
            if replaced:
                claim = claim.with_columns(claim_id=pl.lit(replaced))
            if self.home:  # first the text file, from which the case file can be made again
                store = marked.replace_marked_claim if replaced else marked.add_marked_claim
                store(self.home, claim)
            pairs = passages.save_claim(db, claim).filter("contradiction")
            every = passages.known_claims(db)
            names = _names(db, every["document"].drop_nulls().to_list())
        claims = {row["claim_id"]: row for row in every.iter_rows(named=True)}
        saved = self.saved = claim["claim_id"][0]
        self.undo.disabled = self.again.disabled = False

        def made() -> str:
            said = self.say(
                f"Saved as claim {saved}. Claims that contradict it: {pairs.height}.",
                f"주장 {saved}번으로 저장했습니다. 이 주장과 어긋나는 주장: {pairs.height}건.",
            )
            both = "".join(
                desk_words.clash(pair, claims, names, self.korean)
                for pair in pairs.iter_rows(named=True)
            )
            shows = both or desk_words.cited(claims[saved], names, self.korean)
            return f'<div class="desk-text" role="status"><p>{said}</p>{shows}</div>'

        self.shows(self.clashes, made)
        self.changed()

    def _entered(self) -> dict[str, str]:
        """Return the claim's fields; raise InputError for an empty one that is needed."""
        entered = {name: str(field.value or "") for name, field in self.claim.items()}
        for name in CLAIM_FIELDS[:5]:
            if not entered[name].strip():
                label = LABELS[name][self.korean]
                said = f"'{label}' is empty: fill it in.", f"'{label}' 칸을 채우세요."
                raise InputError(self.say(*said))
        return entered | {"document_date": self.written_on.text}

    def take_back(self) -> None:
        """Delete the claim that was saved last, for example after a slip."""
        with open_case(self.case, write=True) as db:
            if self.home:
                marked.delete_marked_claim(db, self.home, self.saved)
            else:
                passages.delete_claim(db, self.saved)
        gone, self.undo.disabled, self.again.disabled = self.saved, True, True
        self.shows(
            self.clashes,
            lambda: self.say(f"Claim {gone} is deleted.", f"주장 {gone}번을 지웠습니다."),
        )
        self.changed()

    def keep(self) -> None:
        """Store a tag or a remark on the open page."""
        page = self._opened()
        with open_case(self.case, write=True) as db:
            who, tag, remark = (each.value for each in (self.who, self.label, self.remark))
            remarks.add_remark(db, page.document, page.page, who=who, tag=tag, remark=remark)
        self.label.value = self.remark.value = ""
        self.shows(self.kept, self._remarks)

    def _remarks(self) -> str:
        page = self._opened()
        with open_case(self.case) as db:
            found = remarks.page_remarks(db).filter(document=page.document, page=page.page)
        rows = []
        for row in found.iter_rows(named=True):
            tag = f"<b>{escaped(row['tag'])}</b> " if row["tag"] else ""
            changed = "" if row["same_text"] else self.say(*_CHANGED)
            rows.append(
                f"<li>{tag}{escaped(row['remark'] or '', 2000)} <span class='desk-place'>"
                f"{escaped(row['who'])}, {row['made_at']} UTC{changed}</span></li>"
            )
        return f'<ul class="desk-text">{"".join(rows)}</ul>' if rows else ""

    def _opened(self) -> passages.PageText:
        if self.page is None:
            raise InputError(self.say("Open a page first.", "먼저 쪽을 여세요."))
        return self.page


def _names(db: duckdb.DuckDBPyConnection, documents: list[str]) -> dict[str, str]:
    """Return the paths of documents."""
    query = "select document, path from documents where document in (select unnest(?::varchar[]))"
    return dict(db.execute(query, [documents]).fetchall())
