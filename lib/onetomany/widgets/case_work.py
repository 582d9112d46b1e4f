"""Run a command of the kit beside the page, and show how far it is.

The command is a process of its own, isolated and started in an empty folder; documents are parsed
in its cage (docs/cage.md).
"""

import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import IO, Any

import ipywidgets

from onetomany.sources.processes import python_command, safe_environment
from .case_words import case_word
from .desk_words import escaped

_BAR = re.compile(r"(?:(\w[\w ]*):)? *(\d{1,3})%\|")
_STAGES = {
    "ingest": "ingesting",
    "OCR": "ocr",
    "indexing": "indexing",
    "indexing pages": "indexing",
}


class CaseWork:
    """One command at a time, with a bar, a sentence and a button that stops it."""

    def __init__(self, language: str, ended: Callable[[], None]) -> None:
        self.language, self.ended = language, ended
        self.process: subprocess.Popen[bytes] | None = None
        self.thread: Thread | None = None
        self.stopped = False
        self.shown: tuple[str, str] = ("", "")
        self.bar = ipywidgets.IntProgress(max=100, layout=ipywidgets.Layout(width="100%"))
        self.stop = ipywidgets.Button()
        self.stop.on_click(lambda _: self.end())
        self.said = ipywidgets.HTML()
        self.box: Any = ipywidgets.VBox([self.bar, self.said, self.stop])
        self._running(False)
        self.translate(language)

    def start(self, arguments: list[str], during: str, after: str) -> None:
        """Start a command; `during` and `after` are words of the page. One that runs goes on."""
        if self.thread and self.thread.is_alive():
            return
        self.stopped, self.bar.value = False, 0
        self._say(during)
        self._running(True)
        self.thread = Thread(target=self._run, args=(arguments, after), daemon=True)
        self.thread.start()

    def end(self) -> None:
        """Stop the command, if one is running."""
        if self.process and self.process.poll() is None:
            self.stopped = True
            self.process.terminate()

    def translate(self, language: str) -> None:
        """Set the words to a language."""
        self.language = language
        self.stop.description = case_word("stop", language)
        self._say(*self.shown)

    def _run(self, arguments: list[str], after: str) -> None:
        with tempfile.TemporaryDirectory(prefix="onetomany-case-") as empty:
            out = Path(empty) / "out"
            try:
                with out.open("wb") as written:
                    self.process = subprocess.Popen(
                        python_command("-m", "onetomany.cli", *arguments),
                        cwd=empty,
                        env=safe_environment(),
                        stdin=subprocess.DEVNULL,
                        stdout=written,
                        stderr=subprocess.PIPE,
                    )
                    assert self.process.stderr
                    last = self._followed(self.process.stderr)
                    code = self.process.wait()
            except OSError as error:
                code, last = 1, str(error.strerror or error)
            lines = out.read_text("utf-8", "replace").splitlines() if out.exists() else []
        self._running(False)
        if self.stopped:
            self._say("stopped")
        elif code:
            self._say("failed", last or f"exit code {code}")
        else:
            self._say(after, lines[-1] if lines else "")
        self.ended()

    def _followed(self, stream: IO[bytes]) -> str:
        """Move the bar with the command's own; return its last line that is no bar."""
        last = ""
        for line in _lines(stream):
            if found := _BAR.search(line):
                self.bar.value = min(100, int(found[2]))
                self._say(_STAGES.get((found[1] or "").strip(), self.shown[0]))
            elif line.strip():
                last = line.strip()
        return last

    def _say(self, key: str, text: str = "") -> None:
        self.shown = (key, text)
        words = case_word(key, self.language).format(text=text) if key else ""
        look = " desk-clash" if key == "failed" else ""
        said = f'<div class="desk-text{look}" role="status">{escaped(words, 2000)}</div>'
        if self.said.value != said:
            self.said.value = said if key else ""

    def _running(self, yes: bool) -> None:
        for each in (self.bar, self.stop):
            each.layout.display = None if yes else "none"


def _lines(stream: IO[bytes]) -> Iterator[str]:
    """Yield a stream's lines; a carriage return ends one too, as progress bars use it."""
    rest = b""
    while part := stream.read1(4096) if hasattr(stream, "read1") else stream.read(1):
        *whole, rest = re.split(rb"[\r\n]", rest + part)
        yield from (line.decode("utf-8", "replace") for line in whole)
    yield rest.decode("utf-8", "replace")
