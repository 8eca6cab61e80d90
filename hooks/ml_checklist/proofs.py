"""The report that a test run leaves: which items its tests proved, and on which content."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ml_checklist import files
from ml_checklist.files import tree_id

FOLDERS = ("src", "conf", "tests")
MANIFEST = "data/manifest.json"


def identity(root: Path) -> dict[str, Any]:
    """What a test result depends on: ids of code, configuration and tests, and the data's hash."""
    manifest = root / MANIFEST
    data = None
    if manifest.is_file():
        data = hashlib.sha256(manifest.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
    return {"trees": {folder: tree_id(root, folder) for folder in FOLDERS}, "data": data}


def load(path: Path) -> Any:
    """The JSON of a file; None when it is missing or none."""
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (OSError, ValueError, RecursionError):
        return None


def read(path: Path) -> dict[str, Any] | None:
    """The report at `path`; None when it is missing or not one."""
    data = load(path)
    if not isinstance(data, dict) or not isinstance(data.get("trees"), dict):
        return None
    results = data.get("results")
    fits = isinstance(results, list) and all(isinstance(result, dict) for result in results)
    return data if fits else None


def same_tree(report: dict[str, Any], now: dict[str, Any]) -> bool:
    return bool(report.get("trees") == now["trees"] and report.get("data") == now["data"])


def keep(
    path: Path,
    now: dict[str, Any],
    outcomes: dict[tuple[str, str], str],
    ran: Mapping[str, bool] = MappingProxyType({}),
    tests: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write the outcomes of a session by (item, test), beside earlier ones on the same tree.

    ran: test -> whether it ran code of the project. tests: outcome of every test of the session.
    """
    results = [
        {"item": item, "test": test, "outcome": how, "ran": ran.get(test, True)}
        for (item, test), how in outcomes.items()
    ]
    old = read(path)
    if old and same_tree(old, now):
        earlier_tests = old.get("tests")
        tests = {**(earlier_tests if isinstance(earlier_tests, dict) else {}), **tests}
        earlier = [(r, (r.get("item"), r.get("test"))) for r in old["results"]]
        results += [result for result, key in earlier if key not in outcomes]
    results.sort(key=lambda result: (str(result.get("item")), str(result.get("test"))))
    time = datetime.now(UTC).isoformat(timespec="seconds")
    report = {**now, "time": time, "tests": dict(sorted(tests.items())), "results": results}
    files.write(path, json.dumps(report, indent=1, ensure_ascii=False) + "\n")
