"""What the project's own records know: its newest run, its data and its reports."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..configs.load import load_project
from ..configs.settings import Config
from ..dataloader.manifest import is_complete, read_manifest
from ..utils import runs
from ..utils.files import read_json
from .findings import Finding, line_of

CONF = "conf/default.yaml"
MANIFEST, ALIASES = "data/manifest.json", "models/aliases.json"


@dataclass(frozen=True)
class Records:
    """The records below root. What is missing is None, or an empty dict."""

    root: Path

    @cached_property
    def config(self) -> Config:
        return load_project(self.root)

    @cached_property
    def manifest(self) -> dict[str, Any] | None:
        """The manifest, where the parts that it names are there."""
        found = read_manifest(self.root)
        return found if found and is_complete(self.root, found) else None

    @cached_property
    def run(self) -> runs.Run | None:
        """The newest run that saved a model."""
        try:
            return runs.find(self.root)
        except ValueError:
            return None

    @cached_property
    def champion(self) -> Path | None:
        """The folder of the version that serves."""
        version = self.json(ALIASES).get("champion")
        return self.root / "models" / version if version else None

    @property
    def is_served(self) -> bool:
        return self.champion is not None and (self.root / "conf/service.yaml").is_file()

    def json(self, file: str) -> dict[str, Any]:
        """The content of a JSON file below root."""
        path = self.root / file
        return dict(read_json(path)) if path.is_file() else {}

    def name(self, path: Path) -> str:
        """A path relative to root, with `/`."""
        return path.relative_to(self.root).as_posix()

    def finding(self, kind: str, seen: str, file: str, *path: str | int) -> Finding:
        """A finding at a key of a YAML or JSON file."""
        return Finding(kind, seen, file, line_of(self.root, file, *path))
