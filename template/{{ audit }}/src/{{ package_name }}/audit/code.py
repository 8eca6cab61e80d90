"""Faults in code: fits on rows of other parts, unsafe files, imports against the layers.

Source: Yang et al. (2022), Data Leakage in Notebooks: Static Detection and Better Processes.
"""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .records import Finding, rules

PACKAGE = str(__package__).partition(".")[0]
CODE = ("*.py", "src/**/*.py", "scripts/**/*.py", "notebooks/**/*.py")  # tests open what they test
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as run; run(['--no-cache'])"
FORBIDDEN = re.compile(r"^- (\S+) -> (\S+) \(l\.(\d+)", re.MULTILINE)


def find_in_code(root: Path) -> tuple[int, list[Finding]]:
    """The number of files of code, and their faults; a file that is not Python is one."""
    paths = sorted({path for pattern in CODE for path in root.glob(pattern)})
    found = list(_forbidden_imports(root))
    for path in paths:
        visitor = CodeVisitor(path.relative_to(root).as_posix())
        try:
            visitor.visit(ast.parse(path.read_text(encoding="utf-8")))
        except (SyntaxError, ValueError, RecursionError) as error:
            visitor.add("audit.unreadable", str(error), getattr(error, "lineno", None))
        found += visitor.found.values()
    return len(paths), found


def _forbidden_imports(root: Path) -> Iterator[Finding]:
    """Imports against the layers in pyproject.toml, which import-linter finds."""
    if not (root / "pyproject.toml").is_file():
        return
    command, env = [sys.executable, "-c", LINT_IMPORTS], {**os.environ, "PYTHONPATH": "src"}
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
    found = FORBIDDEN.findall(done.stdout)
    for module, imported, line in found:
        file = f"src/{module.replace('.', '/')}"
        file += "/__init__.py" if (root / file).is_dir() else ".py"
        yield Finding("architecture.layers", f"{module} imports {imported}", file, int(line))
    if done.returncode and not found:
        seen = (done.stderr or done.stdout).strip().rpartition("\n")[2]
        yield Finding("audit.unreadable", f"lint-imports: {seen}", "pyproject.toml")


class CodeVisitor(ast.NodeVisitor):
    """Collects the faults of one file in `found`; values are followed by name in one function.

    sources: name -> what its value comes from, of `sources` in rules.yaml.
    """

    def __init__(self, file: str) -> None:
        place = file.partition(f"src/{PACKAGE}/")[2]  # model/features.py, or nothing
        calls = [one for one in rules()["calls"] if place in one.get("only", [place])]
        self.file, self.calls = file, [one for one in calls if place not in one.get("allowed", ())]
        self.found: dict[tuple[str, int | None], Finding] = {}  # one of a kind a line
        self.sources: dict[str, set[str]] = {}

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        outside, self.sources = self.sources, {}
        self.generic_visit(node)
        self.sources = outside

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        # Several names of one call are known by their names.
        for name in (one.id for one in node.targets if isinstance(one, ast.Name)):
            self.sources[name] = self._sources_of(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        rows = [*node.args, *(one.value for one in node.keywords if one.arg in ("X", "y", "rows"))]
        sources = set[str]().union(*(self._sources_of(one) for one in rows))
        # An argument that calls something is looked at as that call.
        plain = [one for one in (*node.args, *node.keywords) if not isinstance(one, ast.Call)]
        called, given = ast.unparse(node.func), ", ".join(ast.unparse(one) for one in plain)
        for rule in self.calls:
            is_called = re.fullmatch(rule["called"], called, re.DOTALL)
            is_given = re.search(rule.get("given", ""), given)
            if is_called and is_given and rule.get("rows") in (None, *sources):
                self.add(rule["kind"], ast.unparse(node), node.lineno)
        if called.endswith(".fit"):
            known = {one.id: sources | {"scaled"} for one in rows if isinstance(one, ast.Name)}
            self.sources.update(known)

    def add(self, kind: str, seen: str, line: int | None) -> None:
        """Add a finding, unless the line has one of this kind."""
        seen = seen.partition("\n")[0][:120]
        self.found.setdefault((kind, line), Finding(kind, seen, self.file, line))

    def _sources_of(self, value: ast.expr) -> set[str]:
        inside, text = list(ast.walk(value)), ast.unparse(value)
        # An item of a list, `parts[0]`, may be train.
        indexed = [one for one in inside if isinstance(one, ast.Subscript)]
        items = [one.value for one in indexed if isinstance(getattr(one.slice, "value", None), int)]
        names = [one.id for one in inside if isinstance(one, ast.Name) and one not in items]
        found = set[str]().union(*(self.sources.get(name, ()) for name in names))
        for source, of in rules()["sources"].items():
            if re.search(of["text"], text) or any(re.search(of["name"], name) for name in names):
                found.add(source)
        return found
