"""Probe of the lock file: was it made for this pyproject.toml?"""

import re
from typing import Any

from ml_checklist.errors import DataError
from ml_checklist.finding import Finding, found, missing
from ml_checklist.pick import one
from ml_checklist.probes_code import normal, read_pyproject, requirements
from ml_checklist.tree import Tree

LOCK = "run `uv lock`"
_SPECIFIER = re.compile(r"(===|~=|==|!=|<=|>=|<|>)\s*([^\s,;()]+)")


def lock_fresh(tree: Tree) -> Finding:
    """uv.lock must exist and be made for this pyproject.toml"""
    try:
        project = read_pyproject(tree)
        lock = tree.data("uv.lock", "toml") if tree.find("uv.lock") else None
    except (DataError, ValueError) as error:
        return missing(str(error), "uv.lock")
    if lock is None:
        return missing("there is no uv.lock", "uv.lock", remedy=LOCK)
    package = _package(lock, normal(str(one(project, "project.name") or "")))
    if package is None:
        return missing("it was made for another project", "uv.lock", remedy=LOCK)
    wanted, locked = _wanted(project), _locked(package)
    if wanted != locked:
        names = ", ".join(sorted({name for _, name, _ in wanted ^ locked}))
        return missing(f"it disagrees with pyproject.toml on {names}", "uv.lock", remedy=LOCK)
    if _versions(one(project, "project.requires-python")) != _versions(lock.get("requires-python")):
        return missing("it disagrees on requires-python", "uv.lock", remedy=LOCK)
    return found(
        f"made for this pyproject.toml, {len(lock['package'])} packages",
        "uv.lock",
        len(lock["package"]),
    )


def _package(lock: dict[str, Any], name: str) -> dict[str, Any] | None:
    own = [
        p
        for p in lock.get("package", ())
        if isinstance(p, dict) and normal(str(p.get("name"))) == name
    ]
    return next(
        (p for p in own if {"virtual", "editable", "directory"} & set(p.get("source", {}))), None
    )


Demand = tuple[str, str, frozenset[str]]


def _wanted(project: Any) -> set[Demand]:
    return {(normal(group), normal(line), _versions(line)) for group, line in requirements(project)}


def _locked(package: dict[str, Any]) -> set[Demand]:
    demands = {
        (_extra(each), normal(each["name"]), _versions(each.get("specifier")))
        for each in one(package, "metadata.requires-dist") or ()
    }
    for group, lines in (one(package, "metadata.requires-dev") or {}).items():
        demands |= {
            (normal(group), normal(each["name"]), _versions(each.get("specifier")))
            for each in lines
        }
    return demands


def _extra(demand: dict[str, str]) -> str:
    extra = re.search(r"extra == '([^']+)'", demand.get("marker", ""))
    return normal(extra[1]) if extra else "project"


def _versions(text: Any) -> frozenset[str]:
    """The version bounds in a requirement, without its name, extras and markers."""
    bare = str(text or "").split(";")[0]
    return frozenset(f"{sign}{version}" for sign, version in _SPECIFIER.findall(bare))
