"""Sliders over a few steps, each with a caption for the page."""

from collections.abc import Sequence

import altair as alt

from .languages import both


def captioned_slider(
    name: str, label: str, captions: Sequence[str], *, value: int
) -> tuple[alt.Parameter, alt.Parameter]:
    """Return a slider over steps 1, 2 ... and the caption of the chosen one, for `add_params`.

    The report's page shows `captions` instead of the step's number.

    Example:
        >>> slider, caption = captioned_slider("size", "Size 크기", ["small", "large"], value=1)
        >>> caption.name
        'size_caption'
    """
    slider = alt.param(
        name=name,
        value=value,
        bind=alt.binding_range(min=1, max=len(captions), step=1, name=f"{label}  "),
    )
    quoted = ", ".join("'" + text.replace("'", "\\'") + "'" for text in captions)
    return slider, alt.param(name=f"{name}_caption", expr=f"[{quoted}][{name} - 1]")


def count_in_words(count: float) -> str:
    """Return a round count in words of both languages: "3 million 300만"."""
    hundred_millions, rest = divmod(round(count / 10_000), 10_000)
    korean = " ".join(
        f"{part:,}{unit}" for part, unit in ((hundred_millions, "억"), (rest, "만")) if part
    )
    if count < 1e6:
        exact = f"{count:,.0f}"
        return both(exact, korean if count >= 1e4 and count % 1e4 == 0 else exact)
    large = (1e9, "billion") if count >= 1e9 else (1e6, "million")
    return both(f"{round(count / large[0], 1):g} {large[1]}", korean)
