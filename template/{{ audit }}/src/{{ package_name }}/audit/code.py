"""Faults in code: fits on rows of other parts, unsafe files, effects of an import.

Source: Yang et al. (2022), Data Leakage in Notebooks: Static Detection and Better Processes.
"""

import ast
import re
from pathlib import Path

from .findings import Finding

PACKAGE = str(__package__).partition(".")[0]
CODE = ("*.py", "src/**/*.py", "scripts/**/*.py", "notebooks/**/*.py")  # tests open what they test
FITS = ("fit", "fit_transform", "partial_fit", "fit_resample")
SPLITS = ("split", "train_test_split")
READERS = ("read_table", "scan_table", "read_csv", "read_parquet", "scan_csv", "scan_parquet")
HELD_OUT = re.compile(r"(^|_)(valid|validation|val|test|holdout)(_|$)", re.IGNORECASE)
TEST_FILE = re.compile(r"\bdata(/|' / ')test\b")
READS = re.compile(r"(read|scan|load|open|Path)")
UNSAFE = ("pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve")
EFFECTS = (
    *("open", "read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "unlink"),
    *("read_part", "read_json", "read_manifest", "load_project", *READERS),
    *("getenv", "urlopen", "system", "Popen", "check_output"),
)
# They compare on folds of train and valid, or keep the promise that test is opened here alone.
MAY_FIT = ("executor/compare.py",)
MAY_OPEN_TEST = ("executor/evaluate.py", "dataloader/manifest.py", "registry/comparison.py")
BEFORE_SPLIT = ("dataloader/sources.py", "dataloader/schema.py", "dataloader/split.py")


def find_in_code(root: Path) -> tuple[int, list[Finding]]:
    """The number of files of code, and their faults; a file that is not Python is one."""
    paths = sorted({path for pattern in CODE for path in root.glob(pattern)})
    found: list[Finding] = []
    for path in paths:
        file = path.relative_to(root).as_posix()
        visitor = CodeVisitor(file)
        try:
            visitor.visit(ast.parse(path.read_text(encoding="utf-8")))
        except (SyntaxError, ValueError, RecursionError) as error:
            line = getattr(error, "lineno", None)
            found.append(Finding("audit.unreadable", str(error), file, line))
        found += visitor.found
    return len(paths), found


class CodeVisitor(ast.NodeVisitor):
    """Collects the faults of one file in `found`; values are followed by name in one function.

    beyond_train: names that hold rows of valid or test, or all rows. scaled: names of rows whose
    scale was learnt. at_import: whether importing the module runs what is visited.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.place = file.partition(f"src/{PACKAGE}/")[2]  # model/features.py, or nothing
        self.found: list[Finding] = []
        self.beyond_train: set[str] = set()
        self.scaled: set[str] = set()
        self.at_import = bool(self.place)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        outside = self.beyond_train, self.scaled, self.at_import
        self.beyond_train, self.scaled, self.at_import = set(), set(), False
        self.generic_visit(node)
        self.beyond_train, self.scaled, self.at_import = outside

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - the name that ast looks for

    def visit_If(self, node: ast.If) -> None:
        outside = self.at_import
        self.at_import = outside and "__name__" not in ast.unparse(node.test)
        self.generic_visit(node)
        self.at_import = outside

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.generic_visit(node)
        if self.at_import and _name_of(node) == "os.environ":
            self._add("architecture.import-effect", node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        is_beyond, is_scaled = self._is_beyond_train(node.value), self._is_scaled(node.value)
        # Several names of one call are known by their names.
        for name in (one.id for one in node.targets if isinstance(one, ast.Name)):
            (self.beyond_train.add if is_beyond else self.beyond_train.discard)(name)
            (self.scaled.add if is_scaled else self.scaled.discard)(name)

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        last = _called(node)
        if last in FITS:
            self._check_fit(node)
        if last in SPLITS and any(self._is_scaled(one) for one in node.args):
            self._add("leakage.before-split", node)
        if last in (*FITS, "mean", "std") and self.place in BEFORE_SPLIT:
            self._add("leakage.before-split", node)
        if _opens_test(node, last) and self.place not in MAY_OPEN_TEST:
            self._add("leakage.test-opened", node)
        if _is_unsafe(node):
            self._add("architecture.unsafe-load", node)
        if last in EFFECTS and self.at_import:
            self._add("architecture.import-effect", node)

    def _check_fit(self, call: ast.Call) -> None:
        named = [one.value for one in call.keywords if one.arg in ("X", "y", "rows")]
        rows = [*call.args, *named]
        if self.place not in MAY_FIT and any(self._is_beyond_train(one) for one in rows):
            self._add("leakage.held-out-fit", call)
        if isinstance(call.func, ast.Attribute):
            self.scaled |= {one.id for one in rows if isinstance(one, ast.Name)}

    def _is_beyond_train(self, node: ast.expr) -> bool:
        """Whether a value has rows of valid or test, or all rows."""
        key = getattr(node.slice, "value", None) if isinstance(node, ast.Subscript) else None
        if isinstance(key, int):
            return False  # of a list of parts, which may be train
        is_here = key in ("valid", "test")
        if isinstance(node, ast.Name):
            is_here = node.id in self.beyond_train or bool(HELD_OUT.search(node.id))
        elif isinstance(node, ast.Attribute):
            is_here = node.attr in ("valid", "test")
        elif isinstance(node, ast.Call):
            is_here = _reads_beyond_train(node)
        inside = (one for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr))
        return is_here or any(self._is_beyond_train(one) for one in inside)

    def _is_scaled(self, node: ast.expr) -> bool:
        """Whether values are fitted and transformed, or divided by a deviation of their own."""
        inside = list(ast.walk(node))
        names = {_called(one) for one in inside if isinstance(one, ast.Call)}
        divides = "std" in names and any(isinstance(one, ast.Div) for one in inside)
        known = any(isinstance(one, ast.Name) and one.id in self.scaled for one in inside)
        return known or divides or bool(names & {"fit_transform", "fit_resample"})

    def _add(self, kind: str, node: ast.expr | ast.stmt) -> None:
        seen = ast.unparse(node).partition("\n")[0][:120]
        self.found.append(Finding(kind, seen, self.file, node.lineno))


def _reads_beyond_train(call: ast.Call) -> bool:
    """Whether a call reads valid, test, or a table that is not the part train."""
    text = ast.unparse(call)
    if _called(call) == "read_part":
        return "'valid'" in text or "'test'" in text
    return _called(call) in READERS and "train" not in text


def _opens_test(call: ast.Call, last: str) -> bool:
    values = [*call.args, *(one.value for one in call.keywords)]
    # An argument that calls something is looked at as that call.
    texts = [ast.unparse(one) for one in values if not isinstance(one, ast.Call)]
    if last in ("read_part", "part_path"):
        return "'test'" in texts or any(one.arg == "for_evaluation" for one in call.keywords)
    return bool(READS.match(last)) and any(TEST_FILE.search(text) for text in texts)


def _is_unsafe(call: ast.Call) -> bool:
    name = _name_of(call.func)
    if name == "torch.load":
        chosen = {one.arg: ast.unparse(one.value) for one in call.keywords}
        return chosen.get("weights_only") != "True"
    library, _, function = name.rpartition(".")
    return library.rpartition(".")[2] in UNSAFE and function in ("load", "loads", "open")


def _called(call: ast.Call) -> str:
    """The last name of what is called: `fit` of `Scaler().fit(X)`."""
    return _name_of(call.func).rpartition(".")[2]


def _name_of(node: ast.AST) -> str:
    """`pl.read_csv` of that attribute, `.fit` of one of a call's result; else nothing."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_name_of(node.value)}.{node.attr}"
    return ""
