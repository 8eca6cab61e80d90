"""The project's Python files and notebooks as syntax trees."""

import ast
import json
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .findings import Finding

PACKAGE = str(__package__).partition(".")[0]
CODE = ("*.py", "src/**/*.py", "scripts/**/*.py", "notebooks/**/*.py", "notebooks/**/*.ipynb")


@dataclass(frozen=True)
class Source:
    """file: relative to the project. module: below the package, such as ("model", "features").

    cells: the first line of each cell of a notebook, or nothing.
    """

    file: str
    tree: ast.Module
    module: tuple[str, ...]
    cells: tuple[int, ...] = ()

    @property
    def place(self) -> str:
        """`model/features.py`, or the file where it is outside the package."""
        return "/".join(self.module) + ".py" if self.module else self.file

    def finding(self, kind: str, node: ast.AST) -> Finding:
        """A finding at a node, with its first line; of a notebook lines are counted by cell."""
        line, seen = int(getattr(node, "lineno", 1)), ast.unparse(node).partition("\n")[0][:120]
        if self.cells:
            cell = bisect_right(self.cells, line)
            line, seen = line - self.cells[cell - 1] + 1, f"cell {cell}: {seen}"
        return Finding(kind, seen, self.file, line)


def read_sources(root: Path) -> tuple[list[Source], list[Finding]]:
    """All sources, and a finding for each that is not Python. Tests open what they test."""
    paths = sorted({path for pattern in CODE for path in root.glob(pattern)})
    sources, unread = [], []
    for path in paths:
        file = path.relative_to(root).as_posix()
        if "/." in file:
            continue  # what an editor or Jupyter keeps
        try:
            text, cells = _content(path)
            tree = ast.parse(text)
        except (SyntaxError, ValueError, KeyError, TypeError) as error:
            line = getattr(error, "lineno", None)
            unread.append(Finding("audit.unreadable", f"{error}", file, line))
            continue
        _, inside, name = file.partition(f"src/{PACKAGE}/")
        module = tuple(name.removesuffix(".py").split("/")) if inside else ()
        sources.append(Source(file, tree, module, cells))
    return sources, unread


def _content(path: Path) -> tuple[str, tuple[int, ...]]:
    """Python text; of a notebook its code cells, and the first line of every cell."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text, ()
    lines: list[str] = []
    starts = []
    for cell in json.loads(text)["cells"]:
        starts.append(len(lines) + 1)
        code = "".join(cell["source"]) if cell["cell_type"] == "code" else ""
        # Commands of the notebook itself, such as `%matplotlib inline`, are no Python.
        is_magic = code.startswith("%%")
        for line in [] if is_magic else code.splitlines():
            lines.append("pass" if line.startswith(("%", "!")) else line)
    return "\n".join(lines), tuple(starts)


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Every call below a node."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def called(call: ast.Call) -> str:
    """The last name of what is called: `fit` of `Scaler().fit(X)`."""
    return name_of(call.func).rpartition(".")[2]


def name_of(node: ast.AST) -> str:
    """`pl.read_csv` of that attribute, `.fit` of one of a call's result; else nothing."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return ""
