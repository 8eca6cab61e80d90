"""Join true labels from a file to the logged predictions: `labels FILE`."""

import argparse
import time
from pathlib import Path

import polars as pl

from ..utils.files import replacing
from ..utils.logs import log
from .log import LABELS, SCHEMAS, SERVED, now_us, read_labels, read_predictions
from .segments import CLOSED, TIME

ID, LABEL = "prediction_id", "label"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file."""
    parser.add_argument("file", metavar="FILE", help=f"CSV or Parquet with {ID} and {LABEL}")


def run(args: argparse.Namespace) -> None:
    """Add the labels of FILE to data/served/labels/; raises ValueError by column."""
    path = Path(args.file)
    given = read_label_file(path)
    n_known = len(given.join(read_labels(args.root).collect(), on=ID, how="semi"))
    n_matched = len(given.join(read_predictions(args.root).collect(), on=ID, how="semi"))
    add_labels(args.root, given, path.name)
    log("labels", f"{len(given)} labels of {path.name}; {n_matched} belong to logged predictions")
    if n_known:
        log("", f"{n_known} predictions had a label before; the newest counts")


def read_label_file(path: Path) -> pl.DataFrame:
    """prediction_id and label as text; of one id the last row. Raises ValueError."""
    is_parquet = path.suffix.lower() in (".parquet", ".pq")
    table = pl.read_parquet(path) if is_parquet else pl.read_csv(path, infer_schema=False)
    if missing := [name for name in (ID, LABEL) if name not in table.columns]:
        raise ValueError(f"{path}: column '{missing[0]}' is missing; it needs {ID} and {LABEL}")
    label = pl.col(LABEL).cast(pl.String).str.strip_suffix(".0")
    table = table.select(pl.col(ID).cast(pl.String).str.strip_chars(), label).drop_nulls()
    return table.unique(ID, keep="last", maintain_order=True)


def add_labels(root: Path, given: pl.DataFrame, source: str) -> None:
    """A new file of data/served/labels/, whole or not at all."""
    values = {"request_id": pl.lit(None, pl.String), "correct": pl.lit(None, pl.Boolean)}
    moment = pl.lit(now_us()).cast(pl.Datetime("us", "UTC"))
    table = given.with_columns(source=pl.lit(source), **values, **{TIME: moment})
    path = root / SERVED / LABELS / f"file-{time.time_ns()}{CLOSED}"
    with replacing(path) as temporary:
        table.select(list(SCHEMAS[LABELS])).write_parquet(temporary)
