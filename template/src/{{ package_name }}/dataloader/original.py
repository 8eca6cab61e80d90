"""Take the data in as received: one read-only copy, never edited."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..configs.schema import Config
from ..utils.files import replacing, sha256_of_file
from .sample import SAMPLE, sample

FOLDER = Path("data", "original")
READ_ONLY, WRITABLE = 0o444, 0o644
REMEDY = "if that is meant, run `prepare --replace`"


@dataclass(frozen=True)
class Incoming:
    """A file on its way in: where it is read, how messages call it, what is known of it.

    retrieved: the day it was taken in, ISO 8601.
    """

    path: Path
    shown: str
    kept: Path
    sha256: str
    origin: str | None
    licence: str | None
    retrieved: str


def find(root: Path, config: Config, known: dict[str, Any] | None, *, replace: bool) -> Incoming:
    """The file that the configuration names. Nothing is written but the sample.

    known: the entry of the manifest so far. Raises ValueError if a file of that name was taken in
    with other content, unless `replace` says that this is meant.
    """
    path, shown, origin, licence = _named(root, config)
    kept = root / FOLDER / path.name
    digest = sha256_of_file(path)
    entry = known if known and root / known["file"] == kept else None
    if kept.is_file() and sha256_of_file(kept) != digest and not replace:
        raise ValueError(
            f"{shown}: differs from {kept.relative_to(root).as_posix()}, the copy that was taken "
            f"in; {REMEDY}"
        )
    if entry and entry["sha256"] != digest and not replace:
        raise ValueError(
            f"{shown}: differs from the file that data/manifest.json knows (sha256 {digest[:12]}, "
            f"expected {entry['sha256'][:12]}); restore it, or {REMEDY}"
        )
    return Incoming(
        path=path,
        shown=shown,
        kept=kept,
        sha256=digest,
        origin=config.data.origin or origin,
        licence=config.data.licence or licence,
        retrieved=entry["retrieved"] if entry and entry["sha256"] == digest else _today(),
    )


def take_in(root: Path, file: Incoming) -> dict[str, Any]:
    """Keep a read-only copy, unless it is there; returns the entry for the manifest.

    Raises ValueError if the file changed since it was found.
    """
    if not (file.kept.is_file() and sha256_of_file(file.kept) == file.sha256):
        with replacing(file.kept) as temporary:
            shutil.copyfile(file.path, temporary)
            if sha256_of_file(temporary) != file.sha256:
                raise ValueError(f"{file.shown}: changed while it was read; run `prepare` again")
            if file.kept.exists():
                file.kept.chmod(WRITABLE)  # Windows replaces no read-only file
    file.kept.chmod(READ_ONLY)
    return {
        "file": file.kept.relative_to(root).as_posix(),
        "sha256": file.sha256,
        "size_bytes": file.kept.stat().st_size,
        "origin": file.origin,
        "licence": file.licence,
        "retrieved": file.retrieved,
    }


def _named(root: Path, config: Config) -> tuple[Path, str, str | None, str | None]:
    """Path, name for messages, origin and licence of data.file."""
    if config.data.file == SAMPLE:
        known = sample(config.task, config.data.target)
        path = root / FOLDER / known.name
        if not (path.is_file() and path.read_bytes() == known.content):
            with replacing(path) as temporary:
                temporary.write_bytes(known.content)
        return path, path.relative_to(root).as_posix(), known.origin, known.licence
    path = root / config.data.file
    if path.is_file():
        return path, config.data.file, None, None
    kept = root / FOLDER / path.name
    if kept.is_file():
        return kept, kept.relative_to(root).as_posix(), None, None
    raise ValueError(
        f"conf/default.yaml: data.file: there is no file '{config.data.file}'; the path is "
        f"relative to the project folder"
    )


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
