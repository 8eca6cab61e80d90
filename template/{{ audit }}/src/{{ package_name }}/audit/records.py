"""Faults that the project's records show: lineage, drift, skew, and duties towards people."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from ..dataloader.manifest import hashes_of, is_complete, read_manifest
from ..utils import runs
from ..utils.files import read_json
from .findings import Finding

CONF, ALIASES, SCHEMA = "conf/default.yaml", "models/aliases.json", "conf/schema.yaml"
SERVICE, FAIRNESS = "conf/service.yaml", "conf/fairness.yaml"
LIVE, SKEW = "reports/live.json", "reports/skew.json"
MAX_UNEQUAL = 0.001  # share of rows, as `skew` has it
# Names that columns often have which identify a person, in English; whole words of the name.
PERSONAL = re.compile(
    r"(^|_)((first|last|full|sur)_?name|e_?mail|phone|mobile|birth|dob|ssn|iban|passport"
    r"|ip_?address|patient_?id)(_|$)"
)


@dataclass(frozen=True)
class Records:
    """The records below root. What is missing is None, or an empty dict."""

    root: Path

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
    def champion(self) -> str | None:
        """The version that serves."""
        name = self.read(ALIASES).get("champion")
        return None if name is None else str(name)

    def read(self, file: str) -> dict[str, Any]:
        """The content of a JSON file below root."""
        path = self.root / file
        return dict(read_json(path)) if path.is_file() else {}

    def finding(self, kind: str, seen: str, file: str, *keys: str) -> Finding:
        """A finding at a key of a JSON or YAML file, or at the deepest key that is there."""
        line, path = None, self.root / file
        node = yaml.compose(path.read_text(encoding="utf-8")) if path.is_file() else None
        for key in keys:
            pairs = node.value if isinstance(node, yaml.MappingNode) else []
            for name, value in [pair for pair in pairs if pair[0].value == key]:
                line, node = int(name.start_mark.line) + 1, value
        return Finding(kind, seen, file, line)


def find_gaps(records: Records) -> Iterator[Finding]:
    """Gaps between the newest run or the champion, its code, its data and its data."""
    if records.champion is not None:
        yield from _of_record(records, f"models/{records.champion}/{runs.RECORD}")
    if records.run is None:
        return
    file = f"logs/{records.run.folder.name}/{runs.RECORD}"
    yield from _of_record(records, file)
    recorded = records.run.record["data"].items()
    if records.manifest is not None and (gone := recorded - hashes_of(records.manifest).items()):
        seen = f"other content now: {', '.join(sorted(key for key, _ in gone))}"
        yield records.finding("lineage.data", seen, file, "data")


def _of_record(records: Records, file: str) -> Iterator[Finding]:
    if not (record := records.read(file)):
        yield Finding("lineage.no-record", "the version that serves has no record", file)
        return
    git = record["git"]
    if git["commit"] is None or git["dirty"]:
        changed = "no commit" if git["commit"] is None else f"changes on {git['commit'][:10]}"
        yield records.finding("lineage.uncommitted", changed, file, "git")


def find_drift(records: Records) -> Iterator[Finding]:
    """A version that serves, and whose data nobody watches."""
    watched, champion = records.read(LIVE).get("model", {}).get("version"), records.champion
    if champion is not None and (records.root / SERVICE).is_file() and watched != champion:
        seen = f"watched: {watched or 'nothing'}; champion: {champion}"
        yield records.finding("drift.unwatched", seen, ALIASES, "champion")


def find_skew(records: Records) -> Iterator[Finding]:
    """Columns that differ between the service and training; a comparison that is missing."""
    report, champion = records.read(SKEW), records.champion
    compared = report.get("model_version")
    for one in report.get("columns", []):
        if one["unequal_share"] > MAX_UNEQUAL:
            seen = f"{one['column']}: {one['unequal_share']:.2%} of rows differ"
            yield records.finding("skew.over-limit", seen, SKEW, "columns")
    is_logged = any((records.root / "data/served/predictions").glob("*.parquet"))
    if is_logged and champion is not None and compared != champion:
        seen = f"compared: {compared or 'nothing'}; champion: {champion}"
        yield records.finding("skew.unchecked", seen, SKEW, "model_version")


def find_compliance(records: Records) -> Iterator[Finding]:
    """Features that identify a person, or are protected attributes."""
    path = records.root / FAIRNESS
    settings = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    protected = settings.get("columns") or []
    for name in records.manifest["features"] if records.manifest else []:
        if name in protected:
            seen = f"{name} of {FAIRNESS} is a feature"
            yield records.finding("compliance.protected", seen, SCHEMA, "columns", name)
        elif PERSONAL.search(name.lower()):
            seen = f"{name} is a feature"
            yield records.finding("compliance.personal", seen, SCHEMA, "columns", name)
