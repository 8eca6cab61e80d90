"""data/manifest.json: which data this is, what was dropped, and which rows are in which part."""

from pathlib import Path
from typing import Any

import polars as pl

from ..utils.files import read_json, replacing, sha256_of_file, write_json
from .split import PARTS

PATH = Path("data", "manifest.json")


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
    for name in PARTS:
        named[part_path(root, name)] = manifest["split"]["parts"][name]["sha256"]
    return all(path.is_file() and sha256_of_file(path) == sha for path, sha in named.items())


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
