"""Keep the parsed catalog, so that YAML is read once and not at every prompt.

It lies in the user's cache folder and not in the project: a branch must not be able to bring its
own. Its key is the hash of the tool's version, of its rules, and of all the catalog's bytes; a
wrong or broken file is read anew.
"""

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import ml_checklist
from ml_checklist import files
from ml_checklist.catalog import load as loading
from ml_checklist.catalog.conditions import Fact
from ml_checklist.catalog.items import Catalog, Section


def load(folder: Path, where: str) -> Catalog:
    """The catalog in `folder`, from the cache when it is the same to the byte."""
    key = _key(folder)
    try:
        data = json.loads(_path(folder).read_text(encoding="utf-8"))
        if data["key"] == key:
            return _thaw(data, folder, where)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):
        pass  # no home, no cache yet, or one that is not ours
    read = loading.load(folder, where)
    # No home that can be written: slower, not wrong.
    with suppress(OSError, RuntimeError):
        items = read.items.values()
        frozen = {
            "key": key,
            "sections": list(read.sections.values()),
            "items": [[i.section, Path(i.file).name, i.line, i.data] for i in items],
            "retired": read.retired,
            "facts": list(read.facts.values()),
        }
        files.write(_path(folder), json.dumps(frozen, ensure_ascii=False, separators=(",", ":")))
    return read


def _key(folder: Path) -> str:
    digest = hashlib.sha256(ml_checklist.__version__.encode())
    for path in (*sorted(folder.glob("*.yml")), *_rules()):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _rules() -> list[Path]:
    """What decides how a catalog is read: the tool may be edited without a new version."""
    top = Path(ml_checklist.__file__).parent
    return [top / "shapes.py", top / "probes/__init__.py", *sorted((top / "catalog").glob("*.py"))]


def _path(folder: Path) -> Path:
    """Where the cache of this catalog lies; OSError when there is no safe place for it."""
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    base = Path(home) if home else Path.home() / ".cache"
    # A relative folder, or one below the project, is one that a branch can fill.
    if not base.is_absolute() or base.resolve().is_relative_to(folder.resolve().parent.parent):
        raise OSError("the cache folder lies in the project")
    return base / "ml-checklist" / f"{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}.json"


def _thaw(data: dict[str, Any], folder: Path, where: str) -> Catalog:
    facts = [Fact(name, tuple(choices), *rest) for name, choices, *rest in data["facts"]]
    reader = loading.Reader({fact.name: fact for fact in facts})
    reader.sections = {each[0]: Section(*each) for each in data["sections"]}
    reader.retired = data["retired"]
    for section, file, line, raw in data["items"]:
        reader.take(raw, section, f"{where}/{file}", line)
    if reader.problems:
        raise ValueError("the cache does not fit this tool")
    return reader.catalog(folder)
