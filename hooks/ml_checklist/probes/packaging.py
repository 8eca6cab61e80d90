"""Probes of pyproject.toml and its lock file: dependencies, import contracts, freshness."""

import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from ml_checklist.errors import UnreadableError
from ml_checklist.probes.code import MAP
from ml_checklist.probes.data import one
from ml_checklist.probes.finding import Finding, found, missing, unknown
from ml_checklist.probes.tree import Tree


def import_contract(tree: Tree) -> Finding:
    """An import-linter contract names every sub-package."""
    contracts = one(read_pyproject(tree), "tool.importlinter.contracts")
    layers = [c for c in contracts or () if isinstance(c, dict) and c.get("type") == "layers"]
    if not layers:
        where = "pyproject.toml tool.importlinter"
        return missing("there is none", where, absent="pyproject.toml")
    packages = sorted({name.split("/")[2] for name in tree.find("src/*/*/__init__.py")})
    if not packages:
        return unknown("there is no package below src/", MAP)
    named = re.findall(r"\w+", str([contract.get("layers") for contract in layers]))
    excluded = [package for package in packages if package not in named]
    if excluded:
        return missing(f"{', '.join(excluded)} left out", "pyproject.toml tool.importlinter")
    return found(f"{len(packages)} sub-packages in layers", "pyproject.toml", len(packages))


def read_pyproject(tree: Tree) -> Any:
    """The content of pyproject.toml; raises UnreadableError."""
    names = tree.find("pyproject.toml")
    if not names:
        raise UnreadableError("pyproject.toml", "there is no pyproject.toml")
    return tree.data(names[0], "toml")


def dependency(tree: Tree, *, name: str, group: str = "") -> Finding:
    project = read_pyproject(tree)
    for where, demand in requirements(project):
        if normal(demand) == normal(name) and group in ("", where):
            return found(f"{demand} in {where}", "pyproject.toml")
    nowhere = f"the group {group} does not" if group else "no group names it"
    return missing(nowhere, "pyproject.toml")


def normal(demand: str) -> str:
    """The name of a requirement, spelt as package indexes compare it."""
    name = re.split(r"[\s\[<>=!~;@(]", demand.strip(), maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements(project: Any) -> Iterator[tuple[str, str]]:
    """(group, requirement) for each line of pyproject.toml; the project's own is `project`."""
    for demand in one(project, "project.dependencies") or ():
        yield "project", str(demand)
    for at in ("project.optional-dependencies", "dependency-groups"):
        for group, demands in (one(project, at) or {}).items():
            yield from ((group, demand) for demand in demands if isinstance(demand, str))


LOCK = "run `uv lock`"
_SPECIFIER = re.compile(r"(===|~=|==|!=|<=|>=|<|>)\s*([^\s,;()]+)")


def lock_fresh(tree: Tree) -> Finding:
    project = read_pyproject(tree)
    text = tree.text("uv.lock") if tree.find("uv.lock") else None
    if text is None:
        return missing("there is no uv.lock", "uv.lock", remedy=LOCK, absent="uv.lock")
    try:
        lock = _read(text, normal(str(one(project, "project.name") or "")))
    except ValueError as error:
        return missing(str(error), "uv.lock")
    if lock.own is None:
        return missing("it was made for another project", "uv.lock", remedy=LOCK)
    lines = requirements(project)
    wanted = {(normal(group), normal(line), _versions(line)) for group, line in lines}
    locked = _locked(lock.own)
    if wanted != locked:
        names = ", ".join(sorted({name for _, name, _ in wanted ^ locked}))
        return missing(f"it disagrees with pyproject.toml on {names}", "uv.lock", remedy=LOCK)
    if _versions(one(project, "project.requires-python")) != _versions(lock.requires_python):
        return missing("it disagrees on requires-python", "uv.lock", remedy=LOCK)
    text = f"made for this pyproject.toml, {lock.n_packages} packages"
    return found(text, "uv.lock", lock.n_packages)


class _Lock(NamedTuple):
    """What matters of a lock file; `own` is the project's own entry."""

    own: dict[str, Any] | None
    requires_python: Any
    n_packages: int


@lru_cache(maxsize=16)
def _read(text: str, name: str) -> _Lock:
    # A lock file has a thousand lines of hashes: reading two entries of it is fifty times faster.
    head, *packages = re.split(r"^\[\[package\]\]$", text.replace("\r\n", "\n"), flags=re.MULTILINE)
    own = None
    for part in packages:
        title = re.search(r'^name = "([^"\n]+)"$', part, re.MULTILINE)
        if title and normal(title[1]) == name:
            package = tomllib.loads(f"[[package]]{part}")["package"][0]
            is_own = {"virtual", "editable", "directory"} & set(package.get("source") or ())
            own = own or (package if is_own else None)
    return _Lock(own, tomllib.loads(head).get("requires-python"), len(packages))


Demand = tuple[str, str, frozenset[str]]


def _locked(package: dict[str, Any]) -> set[Demand]:
    found = []
    for each in one(package, "metadata.requires-dist") or ():
        extra = re.search(r"extra == '([^']+)'", each.get("marker", ""))
        found.append((extra[1] if extra else "project", each))
    for group, lines in (one(package, "metadata.requires-dev") or {}).items():
        found += [(group, each) for each in lines]
    return {(normal(g), normal(e["name"]), _versions(e.get("specifier"))) for g, e in found}


def _versions(text: Any) -> frozenset[str]:
    """The version bounds in a requirement, without its name, extras and markers."""
    bare = str(text or "").split(";")[0]
    return frozenset(f"{sign}{version}" for sign, version in _SPECIFIER.findall(bare))
