"""Let only marked-up words and plain charts of a notebook into a page.

A notebook may come from anyone. Its HTML is parsed and written again with an allow-list (nh3, the
ammonia library); anything that would load or run something is first refused by name, so that its
author learns why. A chart's specification is data: it may load nothing and link to no script. The
page's own policy (`templates/page.html`) protects even if something gets through here.
"""

import re
from collections.abc import Iterator
from typing import Any

import nh3

_WORDS = """
a abbr b blockquote br caption code col colgroup dd del details dfn div dl dt em figcaption figure
h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp section small span strong sub summary
sup table tbody td tfoot th thead tr u ul var
"""
TAGS = set(_WORDS.split())
ATTRIBUTES = {
    "*": {"class", "lang"},
    "a": {"href", "title"},
    "abbr": {"title"},
    "col": {"span"},
    "colgroup": {"span"},
    "details": {"open"},
    "img": {"alt", "height", "src", "title", "width"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
# their content is not text to read
_EMPTIED = {"script", "style", "noscript", "iframe", "object", "template", "title", "svg", "math"}
_SCHEMES = {"http", "https", "mailto", "data"}  # data: of pictures alone, by _attribute
_PICTURE = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=\s]*")
# to a place on the page, a page in the same folder, or a full address
_LINK = re.compile(r"#.*|(?:\./)?[\w.%-][^:\\]*|(?:https?://|mailto:).*", re.IGNORECASE | re.DOTALL)
_ACTIVE = re.compile(r"<(script|iframe|object|embed|link)\b", re.IGNORECASE)
_REMOTE = re.compile(
    r"""<\w[^>]*?\s(?:src|srcset|poster|background)\s*=\s*["']?\s*(?:https?:)?//[^\s"'>]*"""
    r"""|url\(\s*["']?(?:https?:)?//[^)]*|@import[^;]*""",
    re.IGNORECASE,
)
_LEADS = re.compile(r"\s*(?:https?://|mailto:|#)", re.IGNORECASE)
_LOADS = re.compile(r"url\s*\(\s*(?![\"']?#)[^)]*", re.IGNORECASE)
# settings of a slider or menu; Vega writes each of these as an attribute of its own
_BOUND = {"input", "min", "max", "step", "options", "labels", "name", "debounce", "placeholder",
          "autocomplete"}  # fmt: skip


def refused_html(body: str) -> str | None:
    """Return the part of some HTML that would run or load something; None if there is none."""
    found = _ACTIVE.search(body) or _REMOTE.search(body)
    return found.group() if found else None


def clean_html(body: str) -> str:
    """Return HTML with allowed elements and attributes alone, so that it can run nothing."""
    return nh3.clean(
        body,
        tags=TAGS,
        attributes=ATTRIBUTES,
        clean_content_tags=_EMPTIED,
        url_schemes=_SCHEMES,
        attribute_filter=_attribute,
        link_rel=None,
    )


def refused_chart(spec: Any) -> str | None:
    """Return why a Vega-Lite specification is not a plain chart; None if it is."""
    if not isinstance(spec, dict):
        return "a chart that is a link or a text instead of a specification"
    for key, value in _parts({name: each for name, each in spec.items() if name != "datasets"}):
        if fault := _fault(key, value):
            return fault
    return None


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "src":
        return value if _PICTURE.fullmatch(value) else None
    if name == "href":
        return value if _LINK.fullmatch(value.strip()) else None
    return value


def _parts(part: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every part of a specification with its key, without rows of data."""
    yield key, part
    if isinstance(part, list):
        for each in part:
            yield from _parts(each, key)
    elif isinstance(part, dict):
        for name, each in part.items():
            if not (key == "data" and name == "values"):
                yield from _parts(each, name)


def _fault(key: str, value: Any) -> str | None:
    if isinstance(value, str) and (found := _LOADS.search(value)):
        return f"a chart that loads {found.group()})"
    if isinstance(value, dict):
        if key == "data" and "url" in value:
            return f'a chart that loads "url": "{value["url"]}"'
        if key == "bind" and {"input", "element"} & set(value) and set(value) - _BOUND:
            return f"a chart whose control sets {', '.join(sorted(set(value) - _BOUND))}"
    if key in ("mark", "type") and value == "image":
        return "a chart that draws pictures from links"
    if key == "href":
        value = value.get("value", "#") if isinstance(value, dict) else value
        if isinstance(value, str) and not _LEADS.match(value):
            return f"a chart that leads to {value}"
    return None
