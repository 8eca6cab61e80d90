"""Find the project, and read what it says of itself in checklist/project.yml."""

import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from ml_checklist import files, gitrepo, origin, yaml_io
from ml_checklist.catalog.items import Catalog, Item
from ml_checklist.catalog.overlay import load_all
from ml_checklist.catalog.schema import PROJECT
from ml_checklist.errors import DataError, Problem, nearest, refuse
from ml_checklist.origin import Origin
from ml_checklist.probes.tree import Base, Tree
from ml_checklist.shapes import check

FILE = "checklist/project.yml"


class Project(NamedTuple):
    """Where a project is, what it claims, and the catalog it is judged by.

    home: the folder that holds checklist/; every file of state is below it.
    tree: the files that probes and evidence look at, `root:` below home and home itself by default.
    """

    home: Path
    tree: Tree
    catalog: Catalog
    phase: str
    facts: Mapping[str, Any]
    settings: dict[str, Any]
    today: date


def named(catalog: Catalog, root: Path) -> Catalog:
    """The catalog with the project's own name for `<project>` and `<package>` in what to do."""
    path = root / "pyproject.toml"
    text = path.read_text(encoding="utf-8", errors="replace")[:4000] if path.is_file() else ""
    table = r'^\[(?:project|tool\.poetry)\]\s*\n(?:(?!\[).*\n){0,20}?name *= *"([\w.-]+)"'
    found = re.search(table, text, re.M)
    if not found:
        return catalog
    names = {"<project>": found[1], "<package>": re.sub(r"[-.]+", "_", found[1]).lower()}
    items = {name: _renamed(item, names) for name, item in catalog.items.items()}
    return catalog._replace(items=items)


def _renamed(item: Item, names: Mapping[str, str]) -> Item:
    def own(text: str) -> str:
        return re.sub("|".join(names), lambda mark: names[mark[0]], text)

    written: dict[str, Any] = {key: item.data[key] for key in ("how", "do") if key in item.data}
    for key, value in written.items():
        written[key] = own(value) if isinstance(value, str) else [own(step) for step in value]
    return item._replace(data={**item.data, **written})


def shipped_tests(catalog: Path, came: Origin) -> dict[str, list[str]]:
    """Item -> the tests by which a project of these components proves it, as its catalog lists."""
    path = catalog / "tests.json"
    if came.scaffold in ("", "checklist") or not path.is_file():
        return {}
    layers = {"every", "core", "rows", came.kind, *came.components}
    listed = json.loads(path.read_text(encoding="utf-8"))
    found = {}
    for item, tests in listed.items():
        found[item] = [test for layer in layers & tests.keys() for test in tests[layer]]
    return found


def find_home(start: Path) -> Path:
    for folder in (start, *start.parents):
        if (folder / "checklist/catalog").is_dir() or (folder / FILE).is_file():
            return folder
    remedy = "run this in a project that has checklist/catalog, or name one with --root"
    raise DataError(f"{start}: no checklist here or above; {remedy}")


def find_catalog(home: Path) -> Path:
    """The catalog of a project, or the one it shares with its neighbours in a monorepo."""
    for folder in (home, *home.parents):
        if (folder / "checklist/catalog").is_dir():
            return folder / "checklist/catalog"
    remedy = "restore it with `copier update`, or name one with --catalog"
    raise DataError(f"{home}: checklist/catalog is missing; {remedy}")


def open_project(
    root: str | None = None,
    catalog: str | None = None,
    *,
    today: date | None = None,
    report: Path | None = None,
    base: Base | None = None,
) -> Project:
    """Read a project; raises DataError with what is wrong in project.yml or in the catalog."""
    home = Path(root).resolve() if root else find_home(Path.cwd())
    if not home.is_dir():
        raise DataError(f"--root: {root} is not a folder")
    folder = Path(catalog).resolve() if catalog else find_catalog(home)
    where = folder.relative_to(home).as_posix() if folder.is_relative_to(home) else str(folder)
    items = load_all(folder, catalog or where)
    settings = read_settings(home, items, lenient=catalog is not None)
    items = named(items, below(home, settings))
    day, came = today or date.today(), origin.read(home)
    tree = Tree(
        below(home, settings),
        paths=settings.get("map"),
        report=report,
        base=base,
        today=day,
        shipped=shipped_tests(folder, came),
        foreign=came.scaffold in ("", "checklist"),
    )
    phase, facts = settings.get("phase", "poc"), settings.get("facts") or {}
    return Project(home, tree, items, phase, facts, settings, day)


def read_settings(home: Path, catalog: Catalog, *, lenient: bool = False) -> dict[str, Any]:
    """The content of project.yml, empty where there is none.

    lenient: facts that the catalog does not know are left alone; that of the base, by which a pull
    request is judged, may be older than the project.
    """
    path = home / FILE
    if path.is_symlink():
        raise DataError(Problem(FILE, 0, "is a link; keep a file here"))
    if not path.exists():
        return {}
    data = yaml_io.load(path, FILE)
    problems = check(PROJECT, data, FILE)
    if not problems:
        problems = _facts(data.get("facts") or {}, catalog, lenient)
    refuse(problems)
    return dict(data)


def _facts(facts: dict[str, Any], catalog: Catalog, lenient: bool) -> list[Problem]:
    problems = []
    for name, value in facts.items():
        text, fact = "", catalog.facts.get(name)
        if fact is None and not lenient:
            text = f"facts: unknown fact {name!r}{nearest(name, catalog.facts)}"
        elif fact and value is not None and not fact.accepts(value):
            allowed = ", ".join(fact.choices or ("true", "false"))
            text = f"facts.{name}: must be one of {allowed}, got {value!r}"
        if text:
            problems.append(Problem(FILE, getattr(facts, "lines", {}).get(name, 0), text))
    return problems


def below(home: Path, settings: Mapping[str, Any]) -> Path:
    """The folder that probes look at: `root:` may lead to a neighbour inside the repository."""
    if "root" not in settings:
        return home
    folder = (home / str(settings["root"])).resolve()
    top = gitrepo.top_level(home) or home
    if not folder.is_dir() or not folder.is_relative_to(top.resolve()):
        text = f"root: {settings['root']} must be a folder inside the repository"
        raise DataError(Problem(FILE, 0, text))
    return folder


def write_settings(home: Path, settings: Mapping[str, Any]) -> None:
    """Write project.yml; keys in a fixed order, facts by name."""
    data: dict[str, Any] = {"phase": settings.get("phase", "poc")}
    for key in ("root", "map", "facts"):
        if settings.get(key):
            value = settings[key]
            data[key] = dict(sorted(value.items())) if isinstance(value, dict) else value
    files.write(home / FILE, yaml_io.dump(data))
