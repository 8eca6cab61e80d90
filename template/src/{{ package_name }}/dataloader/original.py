"""Take the data in as received: one read-only copy, never edited."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..configs.schema import Config
from ..utils.files import replacing, sha256_of_file
from .sample import SAMPLE, sample

FOLDER = Path("data", "original")
READ_ONLY = 0o444
REMEDY = "if that is meant, run `prepare --replace`"


def take_in(
    root: Path, config: Config, known: dict[str, Any] | None, *, replace: bool
) -> dict[str, Any]:
    """Copy data.file to data/original unless it is there; returns its entry for the manifest.

    known: the entry of the manifest so far. Raises ValueError if a file of that name has other
    content, unless `replace` says that this is meant.
    """
    name, origin, licence = _put(root, config, replace)
    path = root / FOLDER / name
    entry = known if known and known["file"] == (FOLDER / name).as_posix() else None
    digest = sha256_of_file(path)
    if entry and entry["sha256"] != digest and not replace:
        raise ValueError(
            f"{FOLDER.as_posix()}/{name}: not the file that data/manifest.json knows (sha256 "
            f"{digest[:12]}, expected {entry['sha256'][:12]}); restore it, or {REMEDY}"
        )
    same = entry is not None and entry["sha256"] == digest
    return {
        "file": (FOLDER / name).as_posix(),
        "sha256": digest,
        "size_bytes": path.stat().st_size,
        "origin": config.data.origin or origin,
        "licence": config.data.licence or licence,
        "retrieved": entry["retrieved"] if entry and same else _today(),
    }


def _put(root: Path, config: Config, replace: bool) -> tuple[str, str | None, str | None]:
    """Name, origin and licence of the file, which is in place afterwards."""
    if config.data.file == SAMPLE:
        known = sample(config.task, config.data.target)
        _write_once(root / FOLDER / known.name, known.content)
        return known.name, known.origin, known.licence
    path = root / config.data.file
    _copy_once(path, root / FOLDER / path.name, config.data.file, replace)
    return path.name, None, None


def _write_once(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    with replacing(path) as temporary:
        temporary.write_bytes(content)
        temporary.chmod(READ_ONLY)


def _copy_once(path: Path, kept: Path, shown: str, replace: bool) -> None:
    if not path.is_file() and not kept.is_file():
        raise ValueError(
            f"conf/default.yaml: data.file: '{shown}' is not there; it is relative "
            f"to the project folder"
        )
    if not path.is_file() or (kept.is_file() and kept.samefile(path)):
        kept.chmod(READ_ONLY)
        return
    if kept.is_file() and not replace:
        if sha256_of_file(kept) != sha256_of_file(path):
            raise ValueError(
                f"{shown}: differs from {FOLDER.as_posix()}/{kept.name}, the copy that was taken "
                f"in; {REMEDY}"
            )
        return
    with replacing(kept) as temporary:
        shutil.copyfile(path, temporary)
        temporary.chmod(READ_ONLY)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
