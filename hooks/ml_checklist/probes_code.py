"""Probes that read code without running it.

Who opens the test part, who may import whom, what is depended on.
"""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ml_checklist import globs
from ml_checklist.errors import DataError
from ml_checklist.finding import Finding, found, missing, unknown
from ml_checklist.pick import one
from ml_checklist.tree import Tree

_READER = re.compile(r"read|load|open|scan", re.IGNORECASE)


def only_reader(tree: Tree, *, of: str, allowed: list[str]) -> Finding:
    """Only {allowed} may open {of}"""
    names = tree.find("src/**/*.py")
    if not names:
        return unknown(
            "there is no code below src/", "map your code folder in checklist/project.yml"
        )
    readers = []
    for name in names:
        lines = [] if _any_match(name, allowed, tree) else _readings(tree.text(name) or "", of)
        if lines:
            return missing(f"{name} line {lines[0]} does too", f"{name}:{lines[0]}")
        readers += [name] if _any_match(name, allowed, tree) else []
    if not readers:
        return missing(f"none of {', '.join(allowed)} exists", "src/")
    return found(f"only {', '.join(readers)}", readers[0])


def _any_match(name: str, patterns: list[str], tree: Tree) -> bool:
    return any(globs.matches(name, tree.theirs(pattern)) for pattern in patterns)


@lru_cache(maxsize=256)  # the projects of a fleet have most of their files in common
def _readings(source: str, of: str) -> list[int]:
    """Lines of code that name the path `of`, or ask a reader for its last part."""
    # Parsing costs milliseconds a file, and most files do not hold the word at all.
    part = re.escape(of.rstrip("/").rpartition("/")[2])
    if of not in source and not re.search(rf"[\"']{part}[\"']|for_evaluation", source):
        return []
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return [1] if of in source else []
    prose = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    lines = [
        line for node in ast.walk(module) if id(node) not in prose for line in _reading(node, of)
    ]
    return sorted(lines)


def _reading(node: ast.AST, of: str) -> Iterator[int]:
    folder, _, part = of.rstrip("/").rpartition("/")
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and of in node.value:
        yield node.lineno
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        if _text(node.right) == part and folder and _ends(node.left) == folder:
            yield node.lineno
    elif isinstance(node, ast.Call) and _READER.search(_name(node.func)):
        asks = any(_text(argument) == part for argument in node.args)
        named = any(
            _text(k.value) == part or (k.arg == "for_evaluation" and _true(k.value))
            for k in node.keywords
        )
        if asks or named:
            yield node.lineno


def _text(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _true(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _ends(node: ast.AST) -> str | None:
    """The last part of a path as written: `root / "data"`, `Path("data")`, "data"."""
    if isinstance(node, ast.BinOp):
        return _text(node.right)
    return (
        _text(node.args[0]) if isinstance(node, ast.Call) and len(node.args) == 1 else _text(node)
    )


def _name(node: ast.AST) -> str:
    return (
        node.attr
        if isinstance(node, ast.Attribute)
        else node.id
        if isinstance(node, ast.Name)
        else ""
    )


def import_contract(tree: Tree) -> Finding:
    """pyproject.toml must hold an import-linter layers contract that names every sub-package"""
    try:
        contracts = one(read_pyproject(tree), "tool.importlinter.contracts")
    except DataError as error:
        return missing(str(error), "pyproject.toml")
    layers = [c for c in contracts or () if isinstance(c, dict) and c.get("type") == "layers"]
    if not layers:
        return missing("there is none", "pyproject.toml tool.importlinter")
    packages = sorted({name.split("/")[2] for name in tree.find("src/*/*/__init__.py")})
    if not packages:
        return unknown(
            "there is no package below src/", "map your code folder in checklist/project.yml"
        )
    named = set(
        re.findall(r"\w+", " ".join(str(layer) for c in layers for layer in c.get("layers", ())))
    )
    left_out = [package for package in packages if package not in named]
    if left_out:
        return missing(f"{', '.join(left_out)} left out", "pyproject.toml tool.importlinter")
    return found(f"{len(packages)} sub-packages in layers", "pyproject.toml", len(packages))


def read_pyproject(tree: Tree) -> Any:
    """The content of pyproject.toml; DataError says why there is none."""
    names = tree.find("pyproject.toml")
    if not names:
        raise DataError("there is no pyproject.toml")
    try:
        return tree.data(names[0], "toml")
    except ValueError as error:
        raise DataError(str(error)) from None


def dependency(tree: Tree, *, name: str, group: str = "") -> Finding:
    """pyproject.toml must depend on {name}"""
    try:
        project = read_pyproject(tree)
    except DataError as error:
        return missing(str(error), "pyproject.toml")
    for where, demand in requirements(project):
        if normal(demand) == normal(name) and group in ("", where):
            return found(f"{demand} in {where}", "pyproject.toml")
    return missing(
        "no group names it" if not group else f"the group {group} does not", "pyproject.toml"
    )


def normal(demand: str) -> str:
    """The name of a requirement, spelt as package indexes compare it."""
    return re.sub(
        r"[-_.]+", "-", re.split(r"[\s\[<>=!~;@(]", demand.strip(), maxsplit=1)[0]
    ).lower()


def requirements(project: Any) -> Iterator[tuple[str, str]]:
    """(group, requirement) for each line of pyproject.toml.

    The group of the project itself is `project`.
    """
    for demand in one(project, "project.dependencies") or ():
        yield "project", str(demand)
    for at in ("project.optional-dependencies", "dependency-groups"):
        for group, demands in (one(project, at) or {}).items():
            yield from ((group, demand) for demand in demands if isinstance(demand, str))
