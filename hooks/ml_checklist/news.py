"""What an update of the catalog brought: new, changed and retired items, and what it made stale."""

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from ml_checklist import export, gitrepo, yaml_strict
from ml_checklist.errors import DataError
from ml_checklist.project import Project
from ml_checklist.survey import Survey

FOLDER = "checklist/catalog"


class Entry(NamedTuple):
    """One piece of news."""

    since: str
    word: str
    item: str
    sentence: str


def previous(project: Project, since: str | None) -> str:
    """The revision to compare with: the one given, else that before the catalog's last change."""
    if since:
        return since
    home = project.home
    dirty = gitrepo.git(home, "status", "--porcelain", "--", FOLDER)
    if dirty is None:
        raise DataError(f"{home}: is no git repository, so what was before is not known")
    if dirty.strip():
        return "HEAD"
    last = (gitrepo.git(home, "log", "-1", "--format=%H", "--", FOLDER) or "").strip()
    return f"{last}^" if last else "HEAD"


def old_items(project: Project, revision: str) -> dict[str, dict[str, Any]]:
    """The items of the catalog at a revision, read loosely.

    Its format may be older than this tool.
    """
    top = gitrepo.top_level(project.home)
    if top is None or gitrepo.git(top, "rev-parse", "--verify", "--quiet", f"{revision}^0") is None:
        return {}
    place = (project.home / FOLDER).relative_to(top.resolve()).as_posix()
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="ml-checklist-") as folder:
        export.lay_out(top, revision, Path(folder), place)
        for path in sorted((Path(folder) / place).glob("*.yml")):
            found.update(_items(path))
    return found


def _items(path: Path) -> dict[str, dict[str, Any]]:
    try:
        data = yaml_strict.load(path, path.name, strict=False)
    except DataError:
        return {}
    items = data.get("items") if isinstance(data, dict) else None
    return {
        str(item["id"]): item for item in items or () if isinstance(item, dict) and "id" in item
    }


def entries(survey: Survey, old: dict[str, dict[str, Any]]) -> list[Entry]:
    """All news, newest version first."""
    catalog = survey.project.catalog
    found = []
    for item in catalog.items.values():
        names = (item.id, *(item.data.get("was") or ()))
        before = next((old[name] for name in names if name in old), None)
        found += _entry(survey, item.id, before)
    for name, tomb in catalog.retired.items():
        if name in old and (old[name].get("lifecycle") or {}).get("state") != "retired":
            by = tomb["lifecycle"].get("replaced_by")
            found.append(
                Entry(
                    tomb["lifecycle"]["since"],
                    "retired",
                    name,
                    f"see {by}" if by else "nothing to do",
                )
            )
    return sorted(
        found, key=lambda e: ([-int(part) for part in e.since.split(".")], e.word, e.item)
    )


def _entry(survey: Survey, name: str, before: dict[str, Any] | None) -> list[Entry]:
    status = survey.statuses[name]
    item, lifecycle = status.item, status.item.data["lifecycle"]
    note = lifecycle.get("note", "")
    if before is None:
        counts = f"upcoming, counts from {lifecycle.get('active_in', 'the next major version')}"
        return [
            Entry(
                lifecycle["since"],
                "new",
                name,
                counts if item.lifecycle == "upcoming" else item.title,
            )
        ]
    found = []
    if item.rev > int(before.get("rev", 1)):
        tick = "; your tick is stale" if status.state == "stale" else ""
        found.append(Entry(lifecycle["since"], "changed", name, (note or item.title) + tick))
    if before.get("id") != name:
        found.append(
            Entry(lifecycle["since"], "renamed", name, f"was {before['id']}; your tick stays")
        )
    if (before.get("lifecycle") or {}).get("state") == "upcoming" and item.lifecycle == "active":
        found.append(Entry(lifecycle["since"], "counts", name, "was upcoming, counts now"))
    return found
