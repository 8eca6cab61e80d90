"""Join true labels from a file to the logged predictions: `labels FILE`."""

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from ..dataloader.sources import read_table
from ..utils.files import replacing
from ..utils.logs import log
from .log import LABELS, SCHEMAS, SERVED, read_predictions
from .segments import CLOSED, TIME

ID, LABEL = "prediction_id", "label"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file."""
    parser.add_argument("file", metavar="FILE", help=f"CSV or Parquet with {ID} and {LABEL}")


def run(args: argparse.Namespace) -> None:
    """Add the labels of FILE to data/served/labels/; raises ValueError for a missing column."""
    labels = read_label_file(Path(args.file))
    path = args.root / SERVED / LABELS / f"file-{time.time_ns()}{CLOSED}"
    with replacing(path) as temporary:
        labels.write_parquet(temporary)
    logged = read_predictions(args.root).select(ID).collect()
    n_matched = len(labels.join(logged, on=ID, how="semi"))
    log("labels", f"{len(labels)} labels of {args.file}; {n_matched} belong to logged predictions")


def read_label_file(path: Path) -> pl.DataFrame:
    """A table for data/served/labels/; of one id the last row. Raises ValueError."""
    table = read_table(path, str(path))
    if missing := [name for name in (ID, LABEL) if name not in table.columns]:
        raise ValueError(f"{path}: column '{missing[0]}' is missing; it needs {ID} and {LABEL}")
    given = table.select(pl.col(ID, LABEL).cast(pl.String)).drop_nulls()
    newest = given.unique(ID, keep="last", maintain_order=True)
    named = newest.with_columns(pl.lit(datetime.now(UTC)).alias(TIME), source=pl.lit(path.name))
    empty = pl.DataFrame(schema=SCHEMAS[LABELS])
    return pl.concat([empty, named], how="diagonal")
