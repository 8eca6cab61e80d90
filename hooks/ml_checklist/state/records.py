"""Read a folder of one file an item: strict, by id or former id, never two files for one item."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from ml_checklist import yaml_io
from ml_checklist.catalog.items import Catalog
from ml_checklist.errors import DataError, Problem, nearest
from ml_checklist.shapes import Shape, check


class Folder(NamedTuple):
    """What a folder of ticks, waivers or declines holds, by the item's present id.

    problems: files that cannot be read. refused: files that do not count for their item.
    former: what was signed for items that are retired, by their id.
    """

    entries: dict[str, dict[str, Any]]
    files: dict[str, str]
    problems: list[Problem]
    warnings: list[Problem]
    refused: dict[str, Problem]
    former: dict[str, dict[str, Any]]


def read(folder: Path, shape: Shape, catalog: Catalog) -> Folder:
    """Everything in `folder`; what is wrong is listed, not raised, so that all of it is shown."""
    into = Folder({}, {}, [], [], {}, {})
    if folder.resolve() != folder.parent.parent.resolve() / "checklist" / folder.name:
        # Code owners are asked by path, and nobody is by that of the link's target.
        text = "is behind a link; keep it here"
        into.problems.append(Problem(f"checklist/{folder.name}", 0, text))
    if into.problems or not folder.is_dir():
        return into
    spelt: dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        where = f"checklist/{folder.name}/{path.name}"
        if path.name.startswith("."):
            continue
        twin = spelt.setdefault(path.name.lower(), path.name)
        if twin != path.name:
            text = f"differs from {twin} in case only, and some disks hold one of them; delete one"
            into.problems.append(Problem(where, 0, text))
        elif _regular(path, where, into):
            _entry(path, where, shape, catalog, into)
    return into


def _regular(path: Path, where: str, into: Folder) -> bool:
    text = ""
    if path.is_symlink():
        text = "is a link; keep a file here"
    elif not path.is_file():
        text = "is not a file; keep one file an item here"
    elif path.suffix != ".yml":
        text = "must be called <item id>.yml; rename or delete it"
    if text:
        into.problems.append(Problem(where, 0, text))
    return not text


def _entry(path: Path, where: str, shape: Shape, catalog: Catalog, into: Folder) -> None:
    try:
        data = yaml_io.load(path, where)
    except DataError as error:
        into.problems.extend(p for p in error.problems if isinstance(p, Problem))
        return
    faults = check(shape, data, where)
    into.problems.extend(faults)
    item = catalog.resolve(path.stem)
    if item is None:
        if not faults:
            into.former[path.stem] = data
        into.warnings.append(Problem(where, 0, _orphan(path.stem, catalog)))
    elif item.id in into.entries:
        both = f"this and {into.files[item.id]}"
        text = f"two files for {item.id}: {both}; keep the newer as {item.id}.yml"
        into.problems.append(Problem(where, 0, text))
    elif not faults:
        into.entries[item.id] = data
        into.files[item.id] = where


def _orphan(name: str, catalog: Catalog) -> str:
    if name in catalog.retired:
        by = catalog.retired[name]["lifecycle"].get("replaced_by")
        return f"{name} is retired{f', replaced by {by}' if by else ''}; you may delete this file"
    return f"no item is called {name!r}{nearest(name, catalog.items)}; rename or delete this file"


def join(ticks: Folder, catalog: Catalog) -> None:
    """Raise the tick of a merged item to the rev of the merge, where its parts are ticked too.

    The joint tick has the evidence of all, and the date of the oldest.
    """
    for item in catalog.items.values():
        own, merged = ticks.entries.get(item.id), item.data.get("merged")
        if not own or not merged or own["item_rev"] != merged["rev"] - 1:
            continue
        ids = {name: catalog.retired[name]["rev"] for name in merged["ids"]}
        parts = [ticks.former.get(name, {}) for name in ids]
        pairs = zip(parts, ids.values(), strict=True)
        if all(part.get("status") == "done" and part["item_rev"] >= rev for part, rev in pairs):
            ticks.entries[item.id] = _joint([own, *parts], merged["rev"])
            # Files that still count are not superfluous.
            used = {f"checklist/ticks/{name}.yml" for name in ids}
            ticks.warnings[:] = [each for each in ticks.warnings if each.where not in used]


def _joint(ticks: list[dict[str, Any]], rev: int) -> dict[str, Any]:
    oldest = min(tick["date"] for tick in ticks)
    evidence = [entry for tick in ticks for entry in tick.get("evidence", ())]
    return {**ticks[0], "date": oldest, "item_rev": rev, "evidence": evidence}


def real_date(text: str) -> date | None:
    """The date that a text means; None when there is no such day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def bad_dates(data: dict[str, Any], where: str, *keys: str) -> Iterator[Problem]:
    for key in keys:
        if real_date(data[key]) is None:
            line = getattr(data, "lines", {}).get(key, 0)
            yield Problem(where, line, f"{key}: {data[key]} is not a day; write it as 2026-11-20")


def is_bot(name: str) -> bool:
    return name.strip().lower().endswith("[bot]")
