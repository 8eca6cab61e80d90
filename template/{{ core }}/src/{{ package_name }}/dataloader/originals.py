"""Keep a read-only copy of each data file in data/original/, as it was received."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..configs.settings import Config, Data
from ..utils.files import replacing, sha256_of_file
from .sample import SAMPLE, sample
from .sources import ORIGINAL, find_file

READ_ONLY, WRITABLE = 0o444, 0o644


def with_sample(config: Config, root: Path) -> Data:
    """The data settings; where they name the sample, its file is written and its origin filled."""
    if config.data.file != SAMPLE:
        return config.data
    found = sample(config.task, config.data.target)
    path = root / ORIGINAL / found.name
    if not (path.is_file() and path.read_bytes() == found.content):
        with replacing(path) as temporary:
            temporary.write_bytes(found.content)
    origin, licence = config.data.origin or found.origin, config.data.licence or found.licence
    known = {"file": (ORIGINAL / found.name).as_posix(), "origin": origin, "licence": licence}
    return config.data.model_copy(update=known)


def describe_file(
    name: str, file: str, data: Data, root: Path, known: dict[str, Any], *, replace: bool
) -> dict[str, Any]:
    """A file's entry in the manifest. known: its entry before, or nothing.

    Raises ValueError if its content changed since, unless `replace` says that this is meant.
    """
    path = find_file(root, file)
    kept, digest = root / ORIGINAL / path.name, sha256_of_file(path)
    same = bool(known) and root / known["file"] == kept
    before = known["sha256"] if same else sha256_of_file(kept) if kept.is_file() else digest
    if before != digest and not replace:
        raise ValueError(
            f"{file}: its content has changed since `prepare` read it (sha256 {digest[:12]}, was "
            f"{before[:12]}); restore it, or if that is meant, run `prepare --replace`"
        )
    return {
        "name": name,
        "file": kept.relative_to(root).as_posix(),
        "sha256": digest,
        "size_bytes": path.stat().st_size,
        "origin": data.origin,
        "licence": data.licence,
        "retrieved": known["retrieved"] if same and before == digest else _today(),
    }


def keep_original(root: Path, file: str, entry: dict[str, Any]) -> None:
    """Copy `file` to where its entry in the manifest says, unless it is there; read-only."""
    kept = root / entry["file"]
    if not (kept.is_file() and sha256_of_file(kept) == entry["sha256"]):
        with replacing(kept) as temporary:
            shutil.copyfile(find_file(root, file), temporary)
            if sha256_of_file(temporary) != entry["sha256"]:
                raise ValueError(f"{file}: changed while it was read; run `prepare` again")
            if kept.exists():
                kept.chmod(WRITABLE)  # Windows replaces no read-only file
    kept.chmod(READ_ONLY)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
