"""Which persons the parts hold: salted hashes, kept beside the models trained on them."""

import hashlib
import hmac
import secrets
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from ..configs.load import load_project
from ..configs.settings import Config
from ..dataloader.manifest import hashes_of, is_complete, read_manifest, read_part
from ..dataloader.sources import ROW, load
from ..registry.versions import MODELS
from ..utils.files import read_json, write_json
from .settings import load_governance

FOLDER = "subjects"  # below models/; one file for each content of the train part
SALT = Path("data", "served", ".salt")
LEARNT = ("train", "valid")  # valid chooses between models


def pseudonym(root: Path, subject: str) -> str:
    """A hash that only those can make who have data/served/.salt."""
    return hmac.new(_salt(root), subject.encode(), hashlib.sha256).hexdigest()


@cache
def _salt(root: Path) -> bytes:
    path = root / SALT
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".salt.{secrets.token_hex(4)}.part")
        part.touch(0o600)
        part.write_bytes(secrets.token_bytes(32))
        with suppress(FileExistsError):
            path.hardlink_to(part)  # the first of two processes wins
        part.unlink()
    return path.read_bytes()


def rows_by_subject(root: Path, config: Config, column: str) -> pl.DataFrame:
    """All rows as they are in the files, with their person as text in `column`."""
    table = load(config.data, root)
    if column not in table.columns:
        raise ValueError(f"conf/governance.yaml: subject.column: the data has no '{column}'")
    return table.with_columns(as_text(pl.col(column)))


def as_text(cells: pl.Expr) -> pl.Expr:
    """Names of persons as text: 7.0 is `7`."""
    return cells.cast(pl.String).str.strip_chars().str.strip_suffix(".0")


def record_subjects(root: Path) -> None:
    """Keep the pseudonyms of train and valid; nothing where no column names persons."""
    column, manifest = load_governance(root).subject.column, read_manifest(root)
    if column is None or manifest is None or not is_complete(root, manifest):
        return
    path = _path(root, hashes_of(manifest))
    if path.is_file():
        return
    parts = pl.concat([read_part(root, name).select(ROW) for name in LEARNT])
    rows = rows_by_subject(root, load_project(root), column)
    learnt = rows.with_columns(pl.col(ROW).cast(parts[ROW].dtype)).join(parts, on=ROW, how="semi")
    names = learnt[column].drop_nulls().unique()
    write_json(path, sorted(pseudonym(root, name) for name in names))


def has_learnt(root: Path, data: dict[str, Any], subject: str) -> bool | None:
    """Whether a model trained on this data has seen the person; None where nobody can tell."""
    path = _path(root, data)
    return pseudonym(root, subject) in read_json(path) if path.is_file() else None


def _path(root: Path, data: dict[str, Any]) -> Path:
    return root / MODELS / FOLDER / f"{data['train'][:16]}-{data['valid'][:16]}.json"
