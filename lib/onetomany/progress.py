"""Show how far a long calculation is: on stderr, or below a notebook's cell until it is done."""

import io
import os
import sys
from typing import Any

from tqdm import tqdm

WAIT = 1.0  # seconds before a cell shows a bar: most are done sooner
_HTML = '<progress max="100" value="{percent}"></progress> {done} · {clock}'


class ProgressBar(tqdm):  # type: ignore[type-arg]  # generic in the stubs alone
    """Draw tqdm's bar on stderr; in a Jupyter kernel draw it as a passing output of the cell.

    JupyterLab paints everything on stderr red, as if it were an error. There the bar has no words,
    so it fits a reader of any language, and it goes when the work is done. With TQDM_DISABLE in the
    environment, as for a report's chapters, nothing is drawn.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self.in_cell = _in_kernel()
        self.output: Any = None  # IPython's handle of the output, once there is one
        if self.in_cell:
            options |= {"file": io.StringIO(), "mininterval": 0.5}
            options["delay"] = max(WAIT, options.get("delay", 0))
        if os.environ.get("TQDM_DISABLE"):
            options["disable"] = True
        super().__init__(*args, **options)

    def display(self, msg: str | None = None, pos: int | None = None) -> bool:  # type: ignore[override]
        """Draw the bar as it is now."""
        if not self.in_cell:
            return bool(super().display(msg, pos))
        if self.output is not None or self.format_dict["elapsed"] >= self.delay:
            self._draw(self._cell_html() if msg is None else "")
        return True

    def close(self) -> None:
        """End the bar; in a cell nothing of it stays."""
        super().close()
        if self.output is not None:
            self._draw("")

    def _cell_html(self) -> str:
        facts = self.format_dict
        clock = self.format_interval(facts["elapsed"])
        if not facts["total"]:
            return f"{facts['n']:,} · {clock}"
        percent = min(100, int(100 * facts["n"] / facts["total"]))
        return _HTML.format(percent=percent, done=f"{percent} %", clock=clock)

    def _draw(self, body: str) -> None:
        # loaded here: a command that never meets a kernel has no use for IPython
        from IPython.display import HTML, display

        if self.output is not None:
            self.output.update(HTML(body))
        elif body:
            self.output = display(HTML(body), display_id=True)


def _in_kernel() -> bool:
    """Return whether a Jupyter kernel runs this; a terminal's IPython has none."""
    loaded = sys.modules.get("IPython")
    shell = loaded.get_ipython() if loaded else None
    return getattr(shell, "kernel", None) is not None
