"""What an update brought: new, changed and retired items, stale ticks, and edits that it undid."""

import shlex
from pathlib import Path
from typing import Any, NamedTuple

from ml_checklist import __version__, gitrepo, origin, yaml_io
from ml_checklist.catalog.items import Catalog
from ml_checklist.catalog.schema import VERSION
from ml_checklist.errors import DataError
from ml_checklist.state.project import Project
from ml_checklist.state.status import STALE, Status
from ml_checklist.state.survey import Survey

FOLDER = "checklist/catalog"
# In the order in which they are listed within a version.
ITEMS = ("new", "counts", "changed", "renamed", "deprecated", "retired", "stale")
KINDS = (*ITEMS, "replaced", "deleted")


class Entry(NamedTuple):
    """One piece of news about an item, or about the file whose path stands in its place."""

    since: str
    word: str
    item: str
    sentence: str


def previous(project: Project, since: str | None) -> str:
    """The revision to compare with: the one given, else that before the catalog's last change."""
    home = project.home
    if since:
        found = gitrepo.commit(home, since)
        if not found:
            raise DataError(f"--since: {since} is no commit here; fetch it, or name another")
        return found if since.startswith("-") else since
    dirty = gitrepo.git(home, "status", "--porcelain", "--", FOLDER)
    if dirty is None:
        raise DataError(f"{home}: is no git repository, so what was before is not known")
    if dirty.strip():
        return "HEAD"
    last = (gitrepo.git(home, "log", "-1", "--format=%H", "--", FOLDER) or "").strip()
    return f"{last}^" if last else "HEAD"


def old_items(project: Project, revision: str) -> dict[str, dict[str, Any]]:
    """The items of the catalog at a revision, read loosely: its format may be older."""
    home, found = project.home, dict[str, dict[str, Any]]()
    listed = ("ls-tree", "--name-only", "-z", revision, f"{FOLDER}/")
    for name in gitrepo.names(home, *listed) or ():
        text = gitrepo.git(home, "show", f"{revision}:./{name}") if name.endswith(".yml") else ""
        items = yaml_io.table(text or "", name).get("items")
        known = [item for item in items or () if isinstance(item, dict) and "id" in item]
        found |= {str(item["id"]): item for item in known}
    return found


def entries(survey: Survey, old: dict[str, dict[str, Any]], revision: str) -> list[Entry]:
    """All news of items, newest version first. old: the items at `revision`."""
    found = []
    names = ("diff", "--name-only", "--relative", "-z", revision)
    touched = set(gitrepo.names(survey.project.home, *names) or ())
    for status in survey.statuses.values():
        names = (status.item.id, *reversed(status.item.data.get("was") or ()))
        before = next((old[name] for name in names if name in old), None)
        found += _changes(status, before) or _moved(survey, status, touched)
    found += _retired(survey.project.catalog, old)
    found.sort(key=lambda entry: (KINDS.index(entry.word), entry.item))
    return sorted(found, key=lambda entry: [-int(part) for part in entry.since.split(".")])


def _retired(catalog: Catalog, old: dict[str, dict[str, Any]]) -> list[Entry]:
    found = []
    for name, tomb in catalog.retired.items():
        if name in old and _state(old[name]) != "retired":
            life = tomb["lifecycle"]
            by = f"see {life['replaced_by']}" if "replaced_by" in life else "nothing to do"
            why = f"; {life['note']}" if "note" in life else ""
            found.append(Entry(life["since"], "retired", name, by + why))
    return found


def _state(item: dict[str, Any]) -> str:
    return str((item.get("lifecycle") or {}).get("state"))


def _changes(status: Status, before: dict[str, Any] | None) -> list[Entry]:
    item, life = status.item, status.item.data["lifecycle"]
    since, changed = life["since"], life.get("changed", life["since"])
    if before is None:
        counts = f"upcoming, counts from {life.get('active_in', 'the next major version')}"
        text = counts if item.lifecycle == "upcoming" else item.title
        return [Entry(since, "new", item.id, text)]
    found = []
    if item.rev > int(before.get("rev", 1)):
        tick = "; your tick is stale" if status.state == STALE else ""
        found.append(Entry(changed, "changed", item.id, life.get("note", item.title) + tick))
    if before.get("id") != item.id:
        kept = "; your tick stays" if status.tick else ""
        found.append(Entry(changed, "renamed", item.id, f"was {before['id']}{kept}"))
    if _state(before) == "upcoming" and item.lifecycle == "active":
        found.append(Entry(since, "counts", item.id, "was upcoming, counts now"))
    if _state(before) != "deprecated" and item.lifecycle == "deprecated":
        by = f", see {life['replaced_by']}" if "replaced_by" in life else ""
        text = f"no longer counts and will be retired{by}"
        found.append(Entry(since, "deprecated", item.id, text))
    return found


def _moved(survey: Survey, status: Status, touched: set[str]) -> list[Entry]:
    """A tick that went stale because the update changed its evidence."""
    if status.state != STALE or status.calendar or status.tick is None:
        return []
    entries = status.tick.get("evidence", ())
    cited = {str(entry["path"]).partition("#")[0] for entry in entries if "path" in entry}
    if not any(name == path or name.startswith(f"{path}/") for name in touched for path in cited):
        return []
    return [Entry(_version(survey.project.home), "stale", status.item.id, status.sentence)]


def _version(home: Path) -> str:
    version = origin.read(home).version.removeprefix("v")
    return version if VERSION.fits(version) else __version__


def lost_edits(project: Project, revision: str) -> list[Entry]:
    """Files edited since the update before, which this one deleted or wrote without those lines."""
    home = project.home
    base, after = (_last_update(home, each) for each in (revision, f"{revision}..HEAD"))
    if not base or origin.version_at(home, revision) == origin.read(home).version:
        return []
    update = tuple(filter(None, (revision, after)))
    deleted, changed = (_names(home, kind, *update) for kind in "DM")
    found = []
    for name in sorted(_names(home, "M", base, revision) & (deleted | changed)):
        added = _lines(home, "+", name, base, revision)
        if name in deleted or added & _lines(home, "-", name, *update):
            word = "deleted" if name in deleted else "replaced"
            text = f"you had edited it: git show {shlex.quote(f'{revision}:{name}')}"
            found.append(Entry(_version(home), word, name, text))
    return found


def _last_update(home: Path, revisions: str) -> str:
    """The commit that last changed the version in the answers; empty where there is none."""
    options = ("log", "-1", "--first-parent", "--format=%h", "-G^_commit:")
    return (gitrepo.git(home, *options, revisions, "--", origin.ANSWERS) or "").strip()


def _names(home: Path, kind: str, *revisions: str) -> set[str]:
    options = ("diff", "--name-only", "--no-renames", "-z", f"--diff-filter={kind}")
    return set(gitrepo.names(home, *options, *revisions, "--", ".") or ())


def _lines(home: Path, sign: str, name: str, *revisions: str) -> set[str]:
    options = ("diff", "-U0", "--no-color", "--no-ext-diff", *revisions)
    diff = gitrepo.git(home, *options, "--", f":(top,literal){name}") or ""
    body = diff.partition("\n@@")[2].splitlines()
    return {line[1:].strip() for line in body if line.startswith(sign)} - {""}
