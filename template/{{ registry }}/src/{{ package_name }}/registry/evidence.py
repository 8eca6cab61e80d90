"""reports/promotion.json and registry.json: which version is in use, and why."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..model.store import read_description
from ..utils import runs
from ..utils.files import read_json, write_json
from ..utils.provenance import git_state
from . import versions

PROMOTION = Path("reports", "promotion.json")
REGISTRY = Path("reports", "registry.json")
ORIGIN = ("run", "data", "trees", "git", "config_sha256")


def read_history(root: Path) -> list[dict[str, Any]]:
    """Every promotion and rollback, also those of other machines, the oldest first."""
    path = root / PROMOTION
    return list(read_json(path)["history"]) if path.is_file() else []


def write_promotion(root: Path, folder: Path, gates: list[dict[str, Any]], **how: Any) -> None:
    """Write both files.

    how: `how` ("promotion" or "rollback"), `replaced` (a version or None) and `reason`.
    """
    description, record = read_description(folder), read_json(folder / runs.RECORD)
    made = {"version": folder.name, "created": datetime.now(UTC).isoformat(), **how}
    history = [*read_history(root), made]
    origin = {key: record[key] for key in ORIGIN} | {"sha256": description["sha256"]}
    current = {"model": description["model"], "promoted_at": git_state(root, "src", "conf")}
    content = {**made, **current, **origin, "gates": gates, "history": history}
    write_json(root / PROMOTION, content)
    champions = [one["version"] for one in history]
    models = [_listed(root, str(number), champions) for number in versions.numbers(root)]
    write_json(root / REGISTRY, {"models": models})


def _listed(root: Path, number: str, champions: list[str]) -> dict[str, Any]:
    """stage: production, candidate (newer than the champion, never in use) or retired."""
    found = read_description(versions.resolve(root, number))
    is_new = number not in champions and int(number) > int(champions[-1])
    stage = "production" if number == champions[-1] else "candidate" if is_new else "retired"
    facts = {"name": found["model"], "run": found["run"], "sha256": found["sha256"]}
    return {"version": number, **facts, "stage": stage}
