"""Delete a person's rows everywhere: `forget ID`."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import polars.selectors as cs

from ..configs.load import load_project
from ..dataloader.sources import PARQUET
from ..executor.prepare import ensure
from ..model import store
from ..monitoring.log import SCHEMAS, close, read_predictions, stores
from ..monitoring.segments import CLOSED
from ..registry.versions import numbers, resolve
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.logs import log
from . import person_rows, trail
from .settings import PATH, load_governance
from .subjects import has_learnt, pseudonym, record_subjects, rows_by_subject

ID = "prediction_id"
SEARCHED = ("data", "models", "logs", "reports")
SHORT = 5  # characters; a shorter id is found by chance in any file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The person, and predictions that are known to be about them."""
    parser.add_argument("id", metavar="ID", help=f"a value of subject.column in {PATH}")
    text = "a prediction about this person; may be repeated"
    parser.add_argument("--prediction", action="append", default=[], metavar="ID", help=text)


def run(args: argparse.Namespace) -> None:
    """Delete; run again, it completes what was interrupted. Raises CheckFailed for what is left."""
    root, subject = args.root, args.id
    column, config = load_governance(root).subject.column, load_project(root, args.overrides)
    if column is None:
        raise ValueError(f"{PATH}: subject.column is null; name the column that names a person")
    record_subjects(root)
    rows = rows_by_subject(root, config, column).filter(pl.col(column) == subject)
    waiting = _forget_served(root, {*args.prediction, *_predictions(root, subject, column)})
    person_rows.forget_quarantine(root, subject)
    person_rows.forget_background(root, rows)
    copies = person_rows.forget_files(root, config, column, subject, rows)
    log("forget", f"{len(rows)} rows of the data files")
    ensure(config, root, replace=True)  # new parts, manifest and profile
    for text in _models(root, subject):
        log("", text)
    if left := [*waiting, *copies, *_search(root, subject)]:
        raise CheckFailed("\n".join(left))


def _predictions(root: Path, subject: str, column: str) -> Iterator[str]:
    """Ids by the column, where it was logged, and by the header of the request, in the trail."""
    mentions = pl.col("row").str.contains(json.dumps(subject)[1:-1], literal=True)
    logged = read_predictions(root).filter(mentions).select(ID, "row").collect()
    for name, row in logged.rows():
        if str(json.loads(row).get(column)).strip().removesuffix(".0") == subject:
            yield name
    hidden = pseudonym(root, subject)
    for record in trail.records(root, hidden):
        if record.get("subject") == hidden:
            yield from record["predictions"]


def _forget_served(root: Path, ids: set[str]) -> list[str]:
    """Delete predictions and labels; returns a sentence for each file that is still open."""
    n_deleted, waiting = 0, []
    close(root)
    for path in stores(root):
        if ID not in SCHEMAS[path.parent.name]:
            continue  # refusals, which hold no values
        if path.suffix == CLOSED:
            n_deleted += _delete(path, ids)
        elif any(one.encode() in path.read_bytes() for one in ids):
            name = path.relative_to(root).as_posix()
            waiting.append(f"{name}: the service writes it; stop it, or run this again later")
    log("forget", f"{n_deleted} predictions and labels")
    return waiting


def _delete(path: Path, ids: set[str]) -> int:
    """Rewrite a file without these predictions; returns how many records are gone."""
    table, theirs = pl.read_parquet(path), pl.col(ID).is_in(list(ids))
    n_gone = len(table.filter(theirs))
    if n_gone == len(table):
        path.unlink()
    elif n_gone:
        person_rows.keep_rows(path, ~theirs)
    return n_gone


def _models(root: Path, subject: str) -> Iterator[str]:
    """A sentence for each version and run that learnt from the person."""
    words = {True: "learnt from this person", None: "nobody can tell"}
    folders = {str(number): resolve(root, str(number)) for number in numbers(root)}
    data = {f"version {k}": store.read_description(f)["data"] for k, f in folders.items()}
    data |= {f"run {one.folder.name}": one.record.get("data") for one in runs.every(root)}
    known = {name: has_learnt(root, found, subject) for name, found in data.items() if found}
    models = [f"{name}: {words[learnt]}" for name, learnt in known.items() if learnt is not False]
    yield from models
    if models:
        yield "next      train, evaluate, register and promote, then delete these models"


def _search(root: Path, subject: str) -> Iterator[str]:
    """Files that still hold the id as a word; for ids that are not found by chance."""
    if len(subject) < SHORT:
        log("", f"'{subject}' is too short to search for; files were not searched")
        return
    for path in (one for name in SEARCHED for one in sorted((root / name).rglob("*"))):
        if path.is_file() and _holds(path, subject):
            yield f"{path.relative_to(root).as_posix()}: still holds '{subject}'; delete it there"


def _holds(path: Path, subject: str) -> bool:
    if path.suffix in PARQUET:
        cells = pl.read_parquet(path).select(cs.string() | cs.integer() | cs.categorical())
        texts = (column.cast(pl.String) for column in cells)
        return any(column.str.contains(subject, literal=True).any() for column in texts)
    return subject.encode() in path.read_bytes()
