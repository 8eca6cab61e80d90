"""The manifest: what data this is, what was dropped, and which rows are where."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..utils.files import read_json, sha256_of_file, write_json
from .contract import Contract
from .parts import part_path
from .split import PARTS

PATH = Path("data", "manifest.json")


def read_manifest(root: Path) -> dict[str, Any] | None:
    """The manifest, or None before the first `prepare`."""
    return dict(read_json(root / PATH)) if (root / PATH).is_file() else None


def write_manifest(root: Path, content: dict[str, Any]) -> None:
    """Replace the manifest, unless it says this already."""
    if read_manifest(root) != content:
        write_json(root / PATH, content)


def contract_of(manifest: dict[str, Any]) -> Contract:
    """The data contract in a manifest."""
    return Contract.from_json(
        {"columns": manifest["files"][0]["columns"], "ranges": manifest["ranges"]}
    )


def columns_of(contract: Contract) -> list[dict[str, Any]]:
    """The contract's columns as the manifest holds them."""
    return [asdict(column) for column in contract.columns]


def hashes_of(manifest: dict[str, Any]) -> dict[str, str]:
    """The SHA-256 of the original file and of each part, for the record of a run."""
    parts = {name: manifest["split"]["parts"][name]["sha256"] for name in PARTS}
    return {"original": manifest["files"][0]["sha256"], **parts}


def is_complete(root: Path, manifest: dict[str, Any]) -> bool:
    """Whether every file that the manifest names is there, with the content it names."""
    named = {root / manifest["files"][0]["file"]: manifest["files"][0]["sha256"]}
    for name in PARTS:
        named[part_path(root, name)] = manifest["split"]["parts"][name]["sha256"]
    return all(path.is_file() and sha256_of_file(path) == sha for path, sha in named.items())
