"""The log of predictions, labels and refusals below data/served/."""

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from pydantic import BaseModel
from pydantic_core import to_json

from .segments import CLOSED, COUNT, OPEN, TIME, Counts, Schema, read_segment
from .settings import Log

SERVED = Path("data", "served")
PREDICTIONS, LABELS, REFUSALS = "predictions", "labels", "refusals"
TEXT = pl.String
# prediction: a class, or a number as text. probabilities, row: JSON. ms: of the whole request.
SCHEMAS: dict[str, Schema] = {
    PREDICTIONS: {
        TIME: pl.Datetime,
        **dict.fromkeys(("prediction_id", "request_id", "traceparent", "model_version"), TEXT),
        **dict.fromkeys(("prediction", "probabilities", "source", "reason"), TEXT),
        **dict.fromkeys(("row", "row_sha256"), TEXT),
        "ms": pl.Float64,
    },
    # source: `feedback`, or the name of a file.
    LABELS: {
        TIME: pl.Datetime,
        **dict.fromkeys(("prediction_id", "request_id", "label"), TEXT),
        "correct": pl.Boolean,
        "source": TEXT,
    },
    # One line a request and broken rule; no values.
    REFUSALS: {TIME: pl.Datetime, **dict.fromkeys(("request_id", "column", "rule"), TEXT)},
}
# https://www.w3.org/TR/trace-context/#traceparent-header
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class Served(NamedTuple):
    """A request that was predicted. facts: those of the service."""

    time_us: int
    facts: Mapping[str, Any]
    rows: Sequence[BaseModel]
    ms: float


def now_us() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000


def prediction_encoder(settings: Log) -> Callable[[Served], bytes]:
    """Turns a request into one line a prediction, without the masked columns."""
    hidden: dict[type[BaseModel], set[str]] = {}

    def row_text(row: BaseModel) -> str:
        if not settings.mask:
            return row.model_dump_json(by_alias=True)
        kind = type(row)
        if kind not in hidden:
            fields = kind.model_fields.items()
            hidden[kind] = {name for name, one in fields if one.alias in settings.mask}
        return row.model_dump_json(by_alias=True, exclude=hidden[kind])

    def encode(served: Served) -> bytes:
        line: dict[str, Any] = {TIME: served.time_us, "ms": served.ms, "row": None}
        line["row_sha256"] = None
        line |= {key: served.facts.get(key) for key in ("request_id", "traceparent")}
        lines = []
        for row, found in zip(served.rows, served.facts["predictions"], strict=True):
            line |= found  # the keys are the same for each
            line["prediction"] = _as_text(found["prediction"])
            line["probabilities"] = _as_text(found["probabilities"])
            if settings.raw != "none":
                text = row_text(row)
                line["row_sha256"] = sha256(text)
                line["row"] = text if settings.raw == "row" else None
            lines.append(to_json(line))
        return b"\n".join([*lines, b""])

    return encode


def encode_records(records: Iterable[Mapping[str, Any]]) -> bytes:
    """One line a record."""
    return b"".join(to_json(record) + b"\n" for record in records)


def sha256(text: str) -> str:
    """Of the row as it is logged."""
    return hashlib.sha256(text.encode()).hexdigest()


def label_text(label: str | float | None) -> str | None:
    """A label as training reads it from a file: 1.0 is `1`."""
    if isinstance(label, float) and label.is_integer():
        return str(int(label))
    return None if label is None else str(label)


def read_predictions(root: Path) -> pl.LazyFrame:
    """The predictions that were served, in order of time; the columns are in SCHEMAS."""
    return _scan(root, PREDICTIONS)


def read_labels(root: Path) -> pl.LazyFrame:
    """The labels that arrived, in order of time; one prediction may have several."""
    return _scan(root, LABELS)


def read_refusals(root: Path) -> pl.LazyFrame:
    """The rules that refused requests broke."""
    return _scan(root, REFUSALS)


def stores(root: Path) -> list[Path]:
    """Every file with predictions, labels or refusals: for deletion by person or by age."""
    folders = [root / SERVED / name for name in SCHEMAS]
    return sorted(path for one in folders for end in (OPEN, CLOSED) for path in one.glob(f"*{end}"))


def n_lost(root: Path) -> dict[str, int]:
    """Records that could not be written, by store, since the files of data/served/ began."""
    found = dict.fromkeys(SCHEMAS, 0)
    for path in (root / SERVED).glob(f"*/*{COUNT}"):
        found[path.parent.name] += Counts.read(path)[Counts.LOST]
    return found


def _as_text(value: Any) -> str | None:
    """Text as it is, JSON of anything else."""
    return value if value is None or isinstance(value, str) else to_json(value).decode()


def _scan(root: Path, name: str) -> pl.LazyFrame:
    """Closed and open segments. One that is closed meanwhile is found once: open ones first."""
    folder, schema = root / SERVED / name, SCHEMAS[name]
    current = {}
    for path in sorted(folder.glob(f"*{OPEN}")):
        try:
            current[path.with_suffix(CLOSED)] = read_segment(path, schema)[0]
        except FileNotFoundError:  # closed since it was listed
            continue
    closed = sorted(folder.glob(f"*{CLOSED}"))
    empty = pl.DataFrame(schema={**schema, TIME: pl.Datetime("us", "UTC")}).lazy()
    frames = [pl.scan_parquet(closed)] if closed else []
    frames += [table.lazy() for path, table in current.items() if path not in closed]
    return pl.concat([empty, *frames]).sort(TIME, maintain_order=True)
