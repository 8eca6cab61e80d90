"""Logged rows as tables: as training reads them, and as the service reads them."""

from pathlib import Path

import polars as pl

from ..dataloader.manifest import part_path, read_part
from ..dataloader.schema import Schema
from ..dataloader.sources import ROW
from ..executor.predict import prediction_table
from ..model import store
from ..registry.versions import BACKGROUND, PREDICTIONS
from ..utils.files import sha256_of_file

MAX_REFERENCE = 20_000  # rows; more change no index
CELLS = {"number": pl.Float64, "boolean": pl.Boolean}


def training_rows(rows: pl.Series, schema: Schema) -> pl.DataFrame:
    """ROW and the columns, typed as `prepare` types a file. rows: JSON text, none null."""
    columns = {name: CELLS.get(one.type, pl.String) for name, one in schema.columns.items()}
    content = "\n".join(rows).encode()
    cells = pl.read_ndjson(content, schema=columns) if content else pl.DataFrame(schema=columns)
    return schema.parse(cells.with_row_index(ROW))


def reference(folder: Path, columns: list[str]) -> tuple[str, pl.DataFrame, pl.DataFrame]:
    """(where it is from, inputs, outputs) of a registered version's training.

    inputs: rows of train. outputs: predictions for valid, which the model has not learnt. Where
    data/ holds other data now, both are of the version's background rows.
    """
    model, description = store.load(folder)
    root, data = folder.parents[1], description["data"]
    paths = {name: part_path(root, name) for name in ("train", "valid")}
    if all(p.is_file() and sha256_of_file(p) == data[name] for name, p in paths.items()):
        train, valid = (_some(read_part(root, name)) for name in paths)
        predicted = prediction_table(model, valid)
        return "train, and predictions for valid", train.select(columns), outputs(predicted)
    background = pl.read_parquet(folder / BACKGROUND)
    recorded = pl.read_parquet(folder / PREDICTIONS)
    return f"{len(background)} background rows", background.select(columns), outputs(recorded)


def outputs(predicted: pl.DataFrame) -> pl.DataFrame:
    """The prediction, and of classes the highest probability. predicted: prediction_table's."""
    scores = [name for name in predicted.columns if name.startswith("probability_")]
    confidence = [pl.max_horizontal(scores).alias("highest probability")] if scores else []
    return predicted.select("prediction", *confidence)


def _some(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.sample(min(len(rows), MAX_REFERENCE), seed=0)
