"""Write the tests that the template brings as proof of an item, by the layer that brings them.

`python hooks/shipped_tests.py checklists/tests.json`
"""

import ast
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

TEMPLATE = Path(__file__).resolve().parents[1] / "template"
_BRACES = re.compile(r"\{%.*?%\}|\{\{\s*(\w+)\s*\}\}")


def listed(template: Path = TEMPLATE) -> dict[str, dict[str, list[str]]]:
    """Item -> layer -> ids of test functions."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for layer in sorted(path for path in template.iterdir() if path.is_dir()):
        name = layer.name.strip("{} ")
        for path in sorted((layer / "tests").rglob("test_*.py*")):
            if path.suffix == ".pyc":
                continue
            file = path.relative_to(layer).as_posix().removesuffix(".jinja")
            for item, function in _marked(path.read_text(encoding="utf-8")):
                found[item][name].append(f"{file}::{function}")
    return {item: dict(sorted(layers.items())) for item, layers in sorted(found.items())}


def _marked(source: str) -> Iterator[tuple[str, str]]:
    """(item, test function) for each mark in a test module, its own mark for all of it too."""
    tree = ast.parse(_BRACES.sub(lambda match: match[1] or "", source))
    whole = [node.value for node in tree.body if isinstance(node, ast.Assign) and _is_mark(node)]
    common = [item for value in whole for item in _proves(value)]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            own = [item for mark in node.decorator_list for item in _proves(mark)]
            yield from ((item, node.name) for item in sorted({*common, *own}))


def _is_mark(node: ast.Assign) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "pytestmark" for each in node.targets)


def _proves(node: ast.expr) -> list[str]:
    """The items in `pytest.mark.proves("data.leakage")`, alone or in a list."""
    return [
        str(call.args[0].value)
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
        and getattr(call.func, "attr", "") == "proves"
        and isinstance(call.args[0], ast.Constant)
    ]


def text() -> str:
    return json.dumps(listed(), indent=1) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
