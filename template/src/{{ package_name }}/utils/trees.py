"""One hash for all files below a folder, so that a report can say which code it is about."""

import hashlib
from pathlib import Path


def tree_id(root: Path, folder: str) -> str:
    """SHA-256 over sorted lines "<path> <git blob id>" of the files under root/folder.

    Line ends are read as LF, so that a checkout on Windows has the same id. The checklist tool
    computes the same value; a report with another one is stale.
    """
    paths = (path for path in (root / folder).rglob("*") if path.is_file())
    names = {path.relative_to(root).as_posix(): path for path in paths if not _is_derived(path)}
    lines = [f"{name} {_blob_id(names[name])}\n" for name in sorted(names)]
    return hashlib.sha256("".join(lines).encode("utf-8")).hexdigest()


def _is_derived(path: Path) -> bool:
    return path.suffix == ".pyc" or "__pycache__" in path.parts


def _blob_id(path: Path) -> str:
    content = path.read_bytes().replace(b"\r\n", b"\n")
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
