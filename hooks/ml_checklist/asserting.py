"""Tell a test that checks something from one that only runs: by reading its source."""

import ast
import inspect
import textwrap
from typing import Any

_CHECKERS = ("assert", "check")
_PYTEST = ("raises", "warns", "fail")


def asserts(function: Any) -> bool:
    """Whether a test function holds an assertion: `assert`, `pytest.raises`, or a helper named so.

    What has no source that can be read is believed.
    """
    try:
        module = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    except (OSError, TypeError, SyntaxError, ValueError):
        return True
    return any(_checks(node) for node in ast.walk(module))


def _checks(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        # `assert True` and `assert "text"` cannot fail.
        return not isinstance(node.test, ast.Constant)
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name.lstrip("_").startswith(_CHECKERS) or name in _PYTEST
