"""The log of predictions, labels and refusals below data/served/."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel
from pydantic_core import to_json

from .segments import CLOSED, COUNT, OPEN, TIME, Schema, close_segments, read_segment
from .settings import Log

SERVED = Path("data", "served")
PREDICTIONS, LABELS, REFUSALS = "predictions", "labels", "refusals"
# What a caller got, and what a shadow or the other arm of a canary predicted for the same rows.
# Role -> where the facts of a request have it.
ANSWER = "served"
ROLES = {ANSWER: "predictions", "shadow": "shadow"}


def _schema(*texts: str, **others: pl.DataType) -> Schema:
    return {TIME: pl.Datetime("us", "UTC"), **dict.fromkeys(texts, pl.String()), **others}


# prediction: a class, or a number as text. probabilities, row: JSON.
# Labels, source: `feedback`, or the name of a file. Refusals: one a request and rule, no values.
SCHEMAS: dict[str, Schema] = {
    PREDICTIONS: _schema(
        *("prediction_id", "request_id", "traceparent", "model_version", "role"),
        *("prediction", "probabilities", "source", "reason", "row", "row_sha256"),
    ),
    LABELS: _schema("prediction_id", "request_id", "label", "source", correct=pl.Boolean()),
    REFUSALS: _schema("request_id", "column", "rule"),
}


def prediction_records(
    request: Mapping[str, Any], facts: Mapping[str, Any], rows: Sequence[BaseModel], settings: Log
) -> Iterator[dict[str, Any]]:
    """One record a prediction, those of a shadow too, without the masked columns.

    request: the fields that its records share. facts: those of the service about it.
    """
    kept = [_row_fields(row, settings) for row in rows]
    for role, key in ROLES.items():
        for fields, found in zip(kept, facts.get(key, ()), strict=False):
            texts = {name: as_text(found[name]) for name in ("prediction", "probabilities")}
            yield {**request, **fields, **found, **texts, "role": role}


def _row_fields(row: BaseModel, settings: Log) -> dict[str, str]:
    if settings.raw == "none":
        return {}
    fields = type(row).model_fields.items() if settings.mask else ()
    masked = {name for name, field in fields if (field.alias or name) in settings.mask}
    text = row.model_dump_json(by_alias=True, exclude=masked)
    kept = {"row": text} if settings.raw == "row" else {}
    return {**kept, "row_sha256": hashlib.sha256(text.encode()).hexdigest()}


def as_text(value: Any) -> str | None:
    """Text as it is, JSON of anything else."""
    return value if value is None or isinstance(value, str) else to_json(value).decode()


def stores(root: Path) -> list[Path]:
    """Every file with predictions, labels or refusals: for deletion by person or by age."""
    folders = [root / SERVED / name for name in SCHEMAS]
    return sorted(path for one in folders for end in (OPEN, CLOSED) for path in one.glob(f"*{end}"))


def close(root: Path) -> None:
    """Make Parquet of every segment that no service writes any more."""
    for name, schema in SCHEMAS.items():
        close_segments(root / SERVED / name, schema)


def n_lost(root: Path) -> dict[str, int]:
    """Records that could not be written, by store."""
    found = dict.fromkeys(SCHEMAS, 0)
    for path in (root / SERVED).glob(f"*/*{COUNT}"):
        found[path.parent.name] += int(path.read_bytes())
    return found


def read_predictions(root: Path) -> pl.LazyFrame:
    """The predictions of every role, in order of time; the columns are in SCHEMAS."""
    return read(root, PREDICTIONS)


def read_labels(root: Path) -> pl.LazyFrame:
    """The labels that arrived, in order of time; one prediction may have several.

    A label is as training reads it from a file: 1.0 is `1`.
    """
    return read(root, LABELS).with_columns(pl.col("label").str.strip_suffix(".0"))


def read(root: Path, name: str) -> pl.LazyFrame:
    """A store, also what is still open. A segment that is closed meanwhile is found once."""
    folder, schema = root / SERVED / name, SCHEMAS[name]
    current = {}
    for path in folder.glob(f"*{OPEN}"):
        try:
            current[path.with_suffix(CLOSED)] = read_segment(path, schema)[0]
        except FileNotFoundError:  # closed since it was listed
            continue
    closed = sorted(folder.glob(f"*{CLOSED}"))
    frames = [pl.DataFrame(schema=schema).lazy(), *map(pl.scan_parquet, closed)]
    frames += [table.lazy() for path, table in current.items() if path not in closed]
    return pl.concat(frames).sort(TIME, maintain_order=True)
