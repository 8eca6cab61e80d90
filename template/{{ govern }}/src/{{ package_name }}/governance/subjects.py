"""Which persons the parts hold: salted hashes, kept beside the models trained on them."""

import hashlib
import hmac
import secrets
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from filelock import FileLock

from ..configs.load import load_project
from ..dataloader.manifest import hashes_of, is_complete, read_manifest, read_part
from ..dataloader.sources import ROW, load
from ..registry.versions import MODELS
from ..utils.files import read_json, replacing, write_json
from .settings import PATH, load_governance

FOLDER = "subjects"  # below models/; one file for each content of train and valid
SALT = Path("data", "served", ".salt")
LEARNT = ("train", "valid")  # valid chooses between models


def pseudonym(root: Path, subject: str) -> str:
    """A hash that only those can make who have data/served/.salt."""
    return hmac.new(_salt(root), subject.encode(), hashlib.sha256).hexdigest()


@cache
def _salt(root: Path) -> bytes:
    path = root / SALT
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(".salt.lock")):
        if not path.is_file():
            with replacing(path) as temporary:
                temporary.touch(0o600)
                temporary.write_bytes(secrets.token_bytes(32))
    return path.read_bytes()


def as_text(cells: pl.Expr) -> pl.Expr:
    """Names of persons as text: 7.0 is `7`."""
    return cells.cast(pl.String).str.strip_chars().str.strip_suffix(".0")


def rows_with_persons(root: Path) -> tuple[pl.DataFrame, str]:
    """All rows as they are in the files, and the column that names persons, which is text."""
    column, table = load_governance(root).subject.column, load(load_project(root).data, root)
    if column is None or column not in table.columns:
        raise ValueError(f"{PATH}: subject.column: the data has no column '{column}'")
    return table.with_columns(as_text(pl.col(column))), column


def record_subjects(root: Path) -> None:
    """Keep the pseudonyms of train and valid; nothing where no column names persons."""
    manifest, named = read_manifest(root), load_governance(root).subject.column is not None
    if not named or manifest is None or not is_complete(root, manifest):
        return
    if (path := _path(root, hashes_of(manifest))).is_file():
        return  # and the person may be in no file any more
    rows, column = rows_with_persons(root)
    learnt = pl.concat([read_part(root, name)[ROW] for name in LEARNT])
    names = rows.filter(pl.col(ROW).is_in(learnt.implode()))[column].drop_nulls().unique()
    write_json(path, sorted(pseudonym(root, name) for name in names))


def has_learnt(root: Path, data: dict[str, Any], subject: str) -> bool | None:
    """Whether a model trained on this data has seen the person; None where nobody can tell."""
    path = _path(root, data)
    return pseudonym(root, subject) in read_json(path) if path.is_file() else None


def _path(root: Path, data: dict[str, Any]) -> Path:
    return root / MODELS / FOLDER / f"{data['train'][:16]}-{data['valid'][:16]}.json"
