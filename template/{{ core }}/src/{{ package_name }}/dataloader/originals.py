"""Keep a read-only copy of each data file in data/original/, as it was received."""

import shutil
from collections.abc import Mapping
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
    return config.data.model_copy(
        update={
            "file": (ORIGINAL / found.name).as_posix(),
            "origin": config.data.origin or found.origin,
            "licence": config.data.licence or found.licence,
        }
    )


def describe_file(
    name: str, file: str, data: Data, root: Path, known: Mapping[str, Any] | None, replace: bool
) -> dict[str, Any]:
    """A file's entry in the manifest; raises ValueError if its content changed unasked."""
    path = find_file(root, file)
    kept, digest = root / ORIGINAL / path.name, sha256_of_file(path)
    remedy = "if that is meant, run `prepare --replace`"
    same_file = known is not None and root / known["file"] == kept
    if not replace and kept.is_file() and sha256_of_file(kept) != digest:
        shown = kept.relative_to(root).as_posix()
        raise ValueError(f"{file}: differs from {shown}, the copy that was read before; {remedy}")
    if not replace and known and same_file and known["sha256"] != digest:
        raise ValueError(
            f"{file}: differs from the file that data/manifest.json names (sha256 {digest[:12]}, "
            f"expected {known['sha256'][:12]}); restore it, or {remedy}"
        )
    unchanged = known is not None and same_file and known["sha256"] == digest
    return {
        "name": name,
        "path": path,
        "file": kept.relative_to(root).as_posix(),
        "sha256": digest,
        "size_bytes": path.stat().st_size,
        "origin": data.origin,
        "licence": data.licence,
        "retrieved": known["retrieved"] if known and unchanged else _today(),
    }


def keep_original(root: Path, file: dict[str, Any]) -> None:
    """Keep a read-only copy of a file in data/original/."""
    kept = root / file["file"]
    if not (kept.is_file() and sha256_of_file(kept) == file["sha256"]):
        with replacing(kept) as temporary:
            shutil.copyfile(file["path"], temporary)
            if sha256_of_file(temporary) != file["sha256"]:
                raise ValueError(f"{file['path']}: changed while it was read; run `prepare` again")
            if kept.exists():
                kept.chmod(WRITABLE)  # Windows replaces no read-only file
    kept.chmod(READ_ONLY)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
