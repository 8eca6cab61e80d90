"""Files on disk: written whole or not at all, and known by the id of their content."""

import hashlib
import os
import tempfile
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Replace `path` by `text` in UTF-8; who reads, even after a power cut, sees old or new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, because a rename is atomic within one file system only.
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)  # noqa: PTH101 - mkstemp makes files that only their owner reads
        os.replace(name, path)  # noqa: PTH105
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def blob_id(content: bytes) -> str:
    """The id that git gives to this content, line ends taken as LF as on Windows too."""
    content = content.replace(b"\r\n", b"\n")
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def files_below(folder: Path) -> list[Path]:
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in ("__pycache__", ".git")]
        found += [Path(parent, name) for name in names if not name.endswith(".pyc")]
    return sorted((path for path in found if path.is_file()), key=lambda path: path.as_posix())


def tree_id(root: Path, folder: str) -> str:
    """One id for everything below `root/folder`: it changes when any path or any content does.

    sha256 over the sorted lines "<path relative to root> <blob id>"; an absent folder has the id
    of nothing.
    """
    digest = hashlib.sha256()
    for path in files_below(Path(root) / folder):
        line = f"{path.relative_to(root).as_posix()} {blob_id(path.read_bytes())}\n"
        digest.update(line.encode())
    return digest.hexdigest()
