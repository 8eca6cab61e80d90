"""data/manifest.json: which data this is, what was dropped, and which rows are in which part."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from ..configs.settings import Data
from ..utils.files import read_json, replacing, sha256_of_file, write_json
from .examples import is_unchanged
from .sources import ORIGINAL, find_file
from .split import PARTS

PATH = Path("data", "manifest.json")
READ_ONLY, WRITABLE = 0o444, 0o644


def read_manifest(root: Path) -> dict[str, Any] | None:
    """The manifest, or None before the first `prepare`."""
    return dict(read_json(root / PATH)) if (root / PATH).is_file() else None


def write_manifest(root: Path, content: dict[str, Any]) -> None:
    """Replace the manifest, unless it holds this already."""
    if read_manifest(root) != content:
        write_json(root / PATH, content)


def hashes_of(manifest: dict[str, Any]) -> dict[str, str]:
    """SHA-256 of each original file, by its name in conf/, and of each part."""
    files = {file["name"]: file["sha256"] for file in manifest["files"]}
    return files | {name: manifest["split"]["parts"][name]["sha256"] for name in PARTS}


def is_complete(root: Path, manifest: dict[str, Any]) -> bool:
    """Whether every file that the manifest names is there with the content it names."""
    named = {root / file["file"]: file["sha256"] for file in manifest["files"]}
    named |= {part_path(root, n): part["sha256"] for n, part in manifest["split"]["parts"].items()}
    same = all(path.is_file() and sha256_of_file(path) == sha for path, sha in named.items())
    return same and is_unchanged(root, manifest)


def part_path(root: Path, name: str) -> Path:
    """Where a part is kept."""
    return root / "data" / name / "part-0.parquet"


def write_part(root: Path, name: str, rows: pl.DataFrame) -> dict[str, Any]:
    """Replace a part's file; returns its number of rows and SHA-256."""
    path = part_path(root, name)
    with replacing(path) as temporary:
        rows.write_parquet(temporary, compression="zstd")
    return {"rows": len(rows), "sha256": sha256_of_file(path)}


def read_part(root: Path, name: str, *, for_evaluation: bool = False) -> pl.DataFrame:
    """The typed rows of a part, with their number in the file as `_row`.

    Raises ValueError for the test part unless the caller is `evaluate`.
    """
    if name not in PARTS:
        raise ValueError(f"there is no part '{name}'; there are {', '.join(PARTS)}")
    if name == "test" and not for_evaluation:
        raise ValueError("the test part is opened by `evaluate` alone")
    return pl.read_parquet(part_path(root, name))


def describe_file(
    name: str, file: str, data: Data, root: Path, known: dict[str, Any], *, replace: bool
) -> dict[str, Any]:
    """A data file's entry in the manifest. known: its entry before, or nothing.

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
    today = datetime.now(UTC).date().isoformat()
    return {
        "name": name,
        "file": kept.relative_to(root).as_posix(),
        "sha256": digest,
        "size_bytes": path.stat().st_size,
        "origin": data.origin,
        "licence": data.licence,
        "retrieved": known["retrieved"] if same and before == digest else today,
    }


def keep_original(root: Path, file: str, entry: dict[str, Any]) -> None:
    """A read-only copy of `file` in data/original/, as its entry in the manifest says."""
    kept = root / entry["file"]
    if not (kept.is_file() and sha256_of_file(kept) == entry["sha256"]):
        with replacing(kept) as temporary:
            shutil.copyfile(find_file(root, file), temporary)
            if sha256_of_file(temporary) != entry["sha256"]:
                raise ValueError(f"{file}: changed while it was read; run `prepare` again")
            if kept.exists():
                kept.chmod(WRITABLE)  # Windows replaces no read-only file
    kept.chmod(READ_ONLY)
