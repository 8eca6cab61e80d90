"""Leakage in code: what is fitted on which rows, followed by names within a function.

Source: Yang et al. (2022), Data Leakage in Notebooks: Static Detection and Better Processes.
"""

import ast
import re
from collections.abc import Iterator

from .findings import Finding
from .sources import Source, called, calls, name_of

FITS = ("fit", "fit_transform", "partial_fit", "fit_resample")
SPLITS = ("split", "train_test_split")
READERS = ("read_table", "scan_table", "read_csv", "read_parquet", "scan_csv", "scan_parquet")
STATISTICS = ("mean", "std", "var", "median", "quantile", "rank")
HELD_OUT = re.compile(r"(^|_)(valid|validation|val|test|holdout)(_|$)", re.IGNORECASE)
TEST_FILE = re.compile(r"\bdata(/|' / ')test\b")
READS = re.compile(r"(read|scan|load|open|Path)")
# They compare on folds of train and valid, or keep the promise that test is opened here alone.
MAY_FIT = ("executor/compare.py",)
MAY_OPEN_TEST = ("executor/evaluate.py", "dataloader/manifest.py", "registry/comparison.py")
BEFORE_SPLIT = ("dataloader/sources.py", "dataloader/schema.py", "dataloader/split.py")
FEATURES = "model/features.py"
Scope = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef


def find_leakage(source: Source) -> Iterator[Finding]:
    """Findings of one file, in no order."""
    for call in calls(source.tree):
        yield from _of_call(source, call)
    for node in ast.walk(source.tree):
        if isinstance(node, Scope):
            yield from Names(source).follow(node)


def _of_call(source: Source, call: ast.Call) -> Iterator[Finding]:
    last, place = called(call), source.place
    if _opens_test(call, last) and place not in MAY_OPEN_TEST:
        yield source.finding("leakage.test-opened", call)
    of_cell = ".list." in name_of(call.func)  # a statistic of the list in one cell
    if place == FEATURES and last in STATISTICS and not of_cell:
        yield source.finding("leakage.row-statistic", call)
    if place in BEFORE_SPLIT and last in (*FITS, "mean", "std"):
        yield source.finding("leakage.before-split", call)


def _opens_test(call: ast.Call, last: str) -> bool:
    values = [*call.args, *(one.value for one in call.keywords)]
    # An argument that calls something is looked at as that call.
    texts = [ast.unparse(one) for one in values if not any(calls(one))]
    if last in ("read_part", "part_path"):
        return "'test'" in texts or any(one.arg == "for_evaluation" for one in call.keywords)
    return bool(READS.match(last)) and any(TEST_FILE.search(text) for text in texts)


class Names:
    """What the names of one scope hold: rows that are held out, all rows, or scaled rows."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.held_out: set[str] = set()
        self.all_rows: set[str] = set()
        self.scaled: set[str] = set()

    def follow(self, scope: Scope) -> Iterator[Finding]:
        """Findings of the statements of a scope, in order; functions inside are their own."""
        for statement in _statements(scope.body):
            for call in calls(statement):
                yield from self._check(call)
            if isinstance(statement, ast.Assign):
                for target in statement.targets:
                    self._assign(target, statement.value)

    def _check(self, call: ast.Call) -> Iterator[Finding]:
        last, is_method = called(call), isinstance(call.func, ast.Attribute)
        rows = [*call.args, *(one.value for one in call.keywords if one.arg in ("X", "y", "rows"))]
        if last in FITS and self.source.place not in MAY_FIT:
            if any(self._is_held_out(one) for one in rows):
                yield self.source.finding("leakage.held-out-fit", call)
            elif any(_uses(one, self.all_rows) or _reads_all(one) for one in rows):
                yield self.source.finding("leakage.all-rows-fit", call)
            if is_method:
                self.scaled |= {one.id for one in rows if isinstance(one, ast.Name)}
        if last in SPLITS and any(_uses(one, self.scaled) for one in call.args):
            yield self.source.finding("leakage.before-split", call)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        """Remember what a name holds. Several names of one call are known by their names."""
        if isinstance(target, ast.Tuple | ast.List):
            values = value.elts if isinstance(value, ast.Tuple) else []
            if len(values) == len(target.elts):
                for one, other in zip(target.elts, values, strict=True):
                    self._assign(one, other)
            return
        name = name_of(target)
        facts = (
            (self.held_out, self._is_held_out(value)),
            (self.all_rows, _uses(value, self.all_rows) or _reads_all(value)),
            (self.scaled, _uses(value, self.scaled) or _scales(value)),
        )
        for names, holds in facts:
            (names.add if holds else names.discard)(name)

    def _is_held_out(self, node: ast.expr) -> bool:
        """Whether rows of valid or test are part of a value."""
        is_place = isinstance(node, ast.Subscript) and _is_number(node.slice)
        if is_place:
            return False  # of a list of parts, which may be train
        inside = (one for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr))
        return self._names_held_out(node) or any(self._is_held_out(one) for one in inside)

    def _names_held_out(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Name):
            return node.id in self.held_out or bool(HELD_OUT.search(node.id))
        if isinstance(node, ast.Attribute):
            return node.attr in ("valid", "test")
        if isinstance(node, ast.Subscript):
            return getattr(node.slice, "value", None) in ("valid", "test")
        is_read = isinstance(node, ast.Call) and name_of(node.func).endswith("read_part")
        return is_read and any(part in ast.unparse(node) for part in ("'valid'", "'test'"))


def _statements(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Simple statements in order, and the heads and statements of `if`, `for` and `with`."""
    for one in body:
        if isinstance(one, Scope | ast.ClassDef):
            continue
        blocks = [getattr(one, name, []) for name in ("body", "orelse", "finalbody")]
        blocks += [handler.body for handler in getattr(one, "handlers", [])]
        if not any(blocks):
            yield one
            continue
        yield from (getattr(one, name) for name in ("test", "iter") if hasattr(one, name))
        yield from (item.context_expr for item in getattr(one, "items", []))
        for block in blocks:
            yield from _statements(block)


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


def _uses(node: ast.expr, names: set[str]) -> bool:
    return any(isinstance(one, ast.Name) and one.id in names for one in ast.walk(node))


def _reads_all(node: ast.expr) -> bool:
    """Whether a table is read that is not the part train."""
    found = [one for one in calls(node) if called(one) in READERS]
    return any("train" not in ast.unparse(one) for one in found)


def _scales(node: ast.expr) -> bool:
    """Whether values are fitted and transformed, or divided by a deviation of their own."""
    names = {called(one) for one in calls(node)}
    divides = any(isinstance(one, ast.Div) for one in ast.walk(node))
    return bool(names & {"fit_transform", "fit_resample"}) or (divides and "std" in names)
