"""Faults in the structure of the code: layers, effects of an import, unsafe files, network."""

import ast
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from .findings import Finding
from .sources import PACKAGE, Source, called, calls, name_of

UNSAFE = ("pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve")
EFFECTS = (
    *("open", "read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "unlink"),
    *("read_csv", "read_parquet", "scan_csv", "scan_parquet", "read_part", "read_json"),
    *("read_manifest", "load_project", "getenv", "urlopen", "system", "Popen", "check_output"),
)
NETWORK = ("requests", "urllib", "http", "httpx", "aiohttp", "socket", "ftplib", "boto3")
TRAINING = ("dataloader", "model", "evaluation", "executor", "configs", "utils")


def find_architecture(source: Source, layers: Sequence[set[str]]) -> Iterator[Finding]:
    """Findings of one file. layers: packages of each layer, the highest first."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _of_import(source, node, layers)
    for call in calls(source.tree):
        if _is_unsafe(call):
            yield source.finding("architecture.unsafe-load", call)
    for node in _at_import(source.tree.body) if source.module else ():
        yield source.finding("architecture.import-effect", node)


def read_layers(root: Path) -> list[set[str]]:
    """The layers of the first contract in pyproject.toml; nothing where there is none."""
    path = root / "pyproject.toml"
    content = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    contracts = content.get("tool", {}).get("importlinter", {}).get("contracts", [])
    texts = contracts[0].get("layers", []) if contracts else []
    return [{name.strip(" ()") for name in text.split("|")} for text in texts]


def _of_import(
    source: Source, node: ast.Import | ast.ImportFrom, layers: Sequence[set[str]]
) -> Iterator[Finding]:
    own = source.module[0] if source.module else ""
    for name in _imported(source, node):
        first, _, rest = name.partition(".")
        if first == PACKAGE and _is_above(own, rest.partition(".")[0], layers):
            yield source.finding("architecture.layers", node)
        elif first in NETWORK and own in TRAINING:
            yield source.finding("architecture.network", node)


def _imported(source: Source, node: ast.Import | ast.ImportFrom) -> set[str]:
    """Full names of what is imported."""
    names = [one.name for one in node.names]
    if isinstance(node, ast.Import):
        return set(names)
    start = [node.module] if node.module else []
    if node.level:
        above = source.module[: len(source.module) - node.level]
        start = [PACKAGE, *above, *start]
    return {".".join([*start, name]) for name in names}


def _is_above(own: str, other: str, layers: Sequence[set[str]]) -> bool:
    """Whether `other` stands above or beside `own`; unknown names are not judged."""
    places = [[n for n, layer in enumerate(layers) if name in layer] for name in (own, other)]
    if own == other or not all(places):
        return False
    return places[1][0] <= places[0][0]


def _is_unsafe(call: ast.Call) -> bool:
    name = name_of(call.func)
    if name == "torch.load":
        chosen = {one.arg: ast.unparse(one.value) for one in call.keywords}
        return chosen.get("weights_only") != "True"
    library, _, function = name.rpartition(".")
    return library.rpartition(".")[2] in UNSAFE and function in ("load", "loads", "open")


def _at_import(body: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """Calls with an effect, and reads of the environment, when the module is imported."""
    for one in body:
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(one, ast.If) and "__name__" in ast.unparse(one.test):
            continue
        if isinstance(one, ast.ClassDef):
            yield from _at_import(one.body)
            continue
        yield from (call for call in calls(one) if called(call) in EFFECTS)
        yield from (node for node in ast.walk(one) if name_of(node) == "os.environ")
