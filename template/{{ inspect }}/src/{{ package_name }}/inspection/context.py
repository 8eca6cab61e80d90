"""What the commands of this component share: settings, a row to look at, and a report."""

import argparse
from pathlib import Path
from typing import Annotated, Any

import polars as pl
from pydantic import Field

from ..configs.load import load
from ..configs.settings import Count, Section
from ..dataloader import sources
from ..dataloader.sources import ROW
from ..evaluation.report import render
from ..executor.context import RunContext, load_context
from ..model.predictor import Array, Predictor
from ..utils.files import read_json, write_json, write_text
from ..utils.logs import log
from ..utils.names import check_name

PATH = "conf/inspection.yaml"


class Inspection(Section):
    """immutable: columns that no counterfactual changes. The others are limits."""

    immutable: tuple[str, ...] = ()
    max_changes: Count
    max_columns: Count
    n_rows: Annotated[int, Field(ge=10)]


def load_inspection(context: RunContext) -> Inspection:
    """conf/inspection.yaml; raises ValueError where it names a column that the model lacks."""
    settings = load(context.root, PATH, Inspection)
    for name in settings.immutable:
        check_name(name, context.model.columns, f"{PATH}: immutable")
    return settings


def add_run(parser: argparse.ArgumentParser) -> None:
    """`--run`."""
    parser.add_argument("--run", help="the run to inspect, a folder in logs/ (default: newest)")


def add_row(parser: argparse.ArgumentParser) -> None:
    """`--run`, and `--row` or `--file`."""
    add_run(parser)
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--row", type=int, help="a row of train or valid, by its number")
    text = "a JSON object, or a CSV or Parquet file, with one row"
    chosen.add_argument("--file", type=Path, help=text)


def context_of(args: argparse.Namespace) -> RunContext:
    """The run of `--run`, or the newest; raises ValueError if it is of other data."""
    return load_context(args.root, args.overrides, args.run)


def rows_of(context: RunContext, args: argparse.Namespace) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(cells as they came, the same row typed), one row each.

    Raises ValueError where there is no such row, or it breaks a rule of conf/schema.yaml.
    """
    raw = _read(context, args.row, args.file)
    shown = f"row {args.row}" if args.file is None else str(args.file)
    if len(raw) != 1:
        raise ValueError(f"{shown}: {len(raw)} rows; one is needed")
    typed, _ = context.schema.validate_rows(raw, shown)
    return raw.select(list(context.schema.columns)), typed


def _read(context: RunContext, number: int | None, path: Path | None) -> pl.DataFrame:
    data, root = context.config.data, context.root
    if path is None:
        if not any((part[ROW] == number).any() for part in (context.train, context.valid)):
            raise ValueError(f"command line: --row {number}: neither train nor valid has that row")
        kept = root / context.manifest["files"][0]["file"]
        return sources.load(data, root, kept).filter(pl.col(ROW) == number)
    if path.suffix.lower() != ".json":
        return sources.load(data, root, path)
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    content = read_json(path)
    if not isinstance(content, dict):
        raise ValueError(f"{path}: must hold one object, column: value")
    table = sources.number_rows(pl.DataFrame([content], strict=False))
    return sources.join_others(table, sources.read_others(data, root))


def outputs(model: Predictor, rows: pl.DataFrame) -> Array:
    """Numbers, or the probability of the positive or of each class; shape (n_rows, n_outputs)."""
    predicted = model.predict(rows)
    if predicted.y_score is None:
        return predicted.y_pred[:, None]
    return predicted.y_score[:, 1:] if predicted.y_score.shape[1] == 2 else predicted.y_score


def write(context: RunContext, name: str, report: dict[str, Any]) -> None:
    """Write reports/<name>.json, and reports/<name>.html from inspection/pages/<name>.html."""
    content = context.header("valid", len(context.valid)) | report
    path = context.root / "reports" / name
    write_json(path.with_suffix(".json"), content)
    page = render(f"inspection/pages/{name}.html", report=content)
    write_text(path.with_suffix(".html"), page)
    log("", f"report    reports/{name}.html      record  reports/{name}.json")
