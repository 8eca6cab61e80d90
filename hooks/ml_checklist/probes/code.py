"""The probe that reads who opens a part of the data, without running any code."""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from ml_checklist.probes.finding import Finding, found, missing, unknown
from ml_checklist.probes.tree import Tree, matches

MAX_SOURCE = 1 << 19  # characters; parsing more takes seconds
MAP = "map your code folder in checklist/project.yml"
_READER = re.compile(r"read|load|open|scan", re.IGNORECASE)


def only_reader(tree: Tree, *, of: str, allowed: list[str]) -> Finding:
    """Only the allowed modules open a part of the data."""
    names = tree.find("src/**/*.py")
    if not names:
        return unknown("there is no code below src/", MAP)
    readers = []
    for name in names:
        if any(matches(name, tree.theirs(pattern)) for pattern in allowed):
            readers.append(name)
        elif lines := _readings(tree.text(name) or "", of):
            return missing(f"{name} line {lines[0]} does too", f"{name}:{lines[0]}")
    if not readers:
        return missing(f"none of {', '.join(allowed)} exists", "src/", absent=allowed[0])
    return found(f"only {', '.join(readers)}", readers[0])


@lru_cache(maxsize=256)  # the projects of a fleet have most of their files in common
def _readings(source: str, of: str) -> list[int]:
    """Lines of code that name the path `of`, or ask a reader for its last part."""
    # Parsing costs milliseconds a file, and most files do not hold the word at all.
    part = re.escape(of.rstrip("/").rpartition("/")[2])
    if of not in source and not re.search(rf"[\"']{part}[\"']|for_evaluation", source):
        return []
    if len(source) > MAX_SOURCE:
        return [1]
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return [1] if of in source else []
    prose = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    nodes = [node for node in ast.walk(module) if id(node) not in prose]
    return sorted(line for node in nodes for line in _reading(node, of))


def _reading(node: ast.AST, of: str) -> Iterator[int]:
    folder, _, part = of.rstrip("/").rpartition("/")
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and of in node.value:
        yield node.lineno
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        if _text(node.right) == part and folder and _last_part(node.left) == folder:
            yield node.lineno
    elif isinstance(node, ast.Call) and _READER.search(_name(node.func)):
        named = {k.arg: k.value for k in node.keywords}
        whole = named.get("for_evaluation")
        asks = part in map(_text, (*node.args, *named.values()))
        if asks or (isinstance(whole, ast.Constant) and whole.value is True):
            yield node.lineno


def _text(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _last_part(node: ast.AST) -> str | None:
    """The last part of a path as written: `root / "data"`, `Path("data")`, "data"."""
    if isinstance(node, ast.BinOp):
        return _text(node.right)
    single = isinstance(node, ast.Call) and len(node.args) == 1
    return _text(node.args[0]) if single and isinstance(node, ast.Call) else _text(node)


def _name(node: ast.AST) -> str:
    return str(getattr(node, "attr", None) or getattr(node, "id", ""))
