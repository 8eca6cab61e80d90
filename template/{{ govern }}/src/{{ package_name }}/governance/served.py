"""What the service has logged about a person, or before a date: find and delete it."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import polars as pl
from filelock import FileLock, Timeout

from ..monitoring.log import SCHEMAS, read_predictions, stores
from ..monitoring.segments import CLOSED, LOCK, TIME, close_segment, writer_of
from ..utils.files import replacing
from . import trail
from .subjects import pseudonym

ID = "prediction_id"


def forget_served(
    root: Path, subject: str, column: str, predictions: Sequence[str]
) -> tuple[int, list[str]]:
    """(number of deleted records, what could not be deleted yet).

    Found by prediction id, by the column where the model uses it, and by the audit trail, where
    requests named the person in the header.
    """
    ids = {*predictions, *_in_rows(root, subject, column)}
    ids |= trail.predictions_about(root, pseudonym(root, subject))
    n_deleted, waiting = 0, []
    for path in stores(root):
        closed = _closed(path)
        if ID not in SCHEMAS[path.parent.name]:
            continue  # refusals, which hold no values
        if closed is not None:
            n_deleted += _delete(closed, ids)
        elif any(one.encode() in path.read_bytes() for one in ids):
            name = path.relative_to(root).as_posix()
            waiting.append(f"{name}: the service writes it; stop it, or run this again later")
    return n_deleted, waiting


def newest(path: Path) -> datetime | None:
    """When the newest record of a closed file was written; None of an open or empty one."""
    if path.suffix != CLOSED:
        return None
    found: datetime | None = pl.scan_parquet(path).select(pl.col(TIME).max()).collect().item()
    return found


def _in_rows(root: Path, subject: str, column: str) -> set[str]:
    """Predictions whose row has the person in the column."""
    mentions = pl.col("row").str.contains(json.dumps(subject)[1:-1], literal=True)
    found = read_predictions(root).filter(mentions).select(ID, "row").collect()
    return {name for name, row in found.rows() if _name(json.loads(row).get(column)) == subject}


def _name(cell: object) -> str:
    return str(cell).strip().removesuffix(".0")


def _closed(path: Path) -> Path | None:
    """The file as Parquet; None while a service writes it."""
    if path.suffix == CLOSED:
        return path
    lock = FileLock(path.parent / f"{writer_of(path)}{LOCK}")
    try:
        with lock.acquire(timeout=0):
            close_segment(path, SCHEMAS[path.parent.name])
    except Timeout:
        return None
    Path(lock.lock_file).unlink(missing_ok=True)
    return path.with_suffix(CLOSED)


def _delete(path: Path, ids: set[str]) -> int:
    """Rewrite a file without these predictions; returns how many records are gone."""
    if not path.is_file():  # an empty segment becomes no file
        return 0
    table = pl.read_parquet(path)
    kept = table.filter(~pl.col(ID).is_in(list(ids)))
    if len(kept) == 0:
        path.unlink()
    elif len(kept) < len(table):
        with replacing(path) as temporary:
            kept.write_parquet(temporary, compression="zstd")
    return len(table) - len(kept)
