"""Put the chapters, laws and letter templates into the wheel, below `onetomany/kit`.

An editable install needs no copy: the code finds the checkout's own folders. A requester's log and
particulars (`data_requests/log`, `requester.toml`) are private and stay out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PARTS = ("notebooks/*.ipynb", "notebooks/case/*.ipynb", "notebooks/start.md",
         "data_requests/*.*", "data_requests/laws/*", "data_requests/registers/*",
         "data_requests/templates/**/*", "data_requests/log/README.md",
         "uv.lock", "environment.yml")  # fmt: skip
PRIVATE = "data_requests/requester.toml"


class KitFiles(BuildHookInterface[Any]):
    """The build hook that hatchling calls before it makes a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add each file of PARTS to a wheel that is not editable."""
        root = Path(self.root)
        names = [path.relative_to(root).as_posix() for part in PARTS for path in root.glob(part)]
        if version != "editable":
            build_data["force_include"] |= {
                name: f"onetomany/kit/{name}"
                for name in names
                if name != PRIVATE and (root / name).is_file()
            }
