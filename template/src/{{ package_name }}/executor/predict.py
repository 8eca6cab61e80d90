"""Predict a file's rows with a trained model: `predict INPUT OUTPUT`."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..configs.schema import Config
from ..utils import runs
from ..utils.files import replacing
from ..utils.logs import say
from ..utils.seeds import one_thread_each
from .screening import Gate, add_gate_arguments, gates_of

if TYPE_CHECKING:
    import polars as pl

    from ..dataloader.read import Source

# Rows in memory at once. Small enough for a laptop, large enough that calls cost nothing.
CHUNK_ROWS = 50_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The files, and `--run`."""
    parser.add_argument("input", metavar="INPUT", help="CSV or Parquet with the model's columns")
    parser.add_argument("output", metavar="OUTPUT", help="CSV or Parquet to write")
    parser.add_argument("--run", help="the run whose model to use (default: the newest)")
    add_gate_arguments(parser)


def run(config: Config, args: argparse.Namespace) -> int:
    """Predict every row of INPUT, in order."""
    one_thread_each()
    output = Path(args.output)
    if output.suffix.lower() not in (".csv", ".parquet"):
        raise ValueError(f"{args.output}: cannot write '{output.suffix}'; use .csv or .parquet")
    used = runs.find(args.root, args.run)
    n_rows = predict_file(used.folder, Path(args.input), output, gates_of(args))
    say("predict", f"{n_rows} rows to {args.output} with run {used.folder.name}")
    return 0


def predict_file(folder: Path, path: Path, output: Path, gates: Sequence[Gate] = ()) -> int:
    """Write one row per input row that every gate lets in; returns how many.

    Raises ValueError on unfit input, by name.
    """
    from ..dataloader.contract import Contract
    from ..dataloader.read import open_source
    from ..model import store

    model, description = store.load(folder)
    contract = Contract.from_json(description["contract"])
    source = open_source(path, str(path))
    n_rows = 0
    with replacing(output) as temporary, tempfile.TemporaryDirectory(dir=output.parent) as chunks:
        parts: list[Path] = []
        for chunk in _chunks(source):
            for gate in gates:
                chunk = gate.let_in(chunk, contract, source.shown)
            if not len(chunk):
                continue
            rows = predict(model, description, contract, chunk, source.shown)
            parts.append(Path(chunks) / f"{len(parts):06}.parquet")
            rows.write_parquet(parts[-1])
            n_rows += len(rows)
        for gate in gates:
            gate.close(source.shown)
        _join(parts, temporary, output.suffix.lower())
    return n_rows


def predict(
    model: Any, description: dict[str, Any], contract: Any, chunk: pl.DataFrame, shown: str
) -> pl.DataFrame:
    """`row`, `prediction` and for classes their probabilities, for the rows of one chunk.

    A part's own `_row` comes along, so that its answers can be joined to it.
    """
    import polars as pl

    from ..dataloader.contract import conform
    from ..dataloader.read import CAME_AS, ROW
    from ..model.answers import answer
    from ..model.features import group, to_X

    typed = conform(chunk, contract, shown)
    classes = description["classes"]
    y_pred, y_score = answer(model, to_X(typed, group(contract.features)), classes)
    columns = [typed[ROW].alias("row"), pl.Series("prediction", y_pred.tolist())]
    if CAME_AS in chunk.columns:
        columns.insert(1, chunk[CAME_AS].alias(ROW))
    if y_score is not None:
        columns += [
            pl.Series(f"probability_{label}", y_score[:, place])
            for place, label in enumerate(classes)
        ]
    return pl.DataFrame(columns)


def _chunks(source: Source) -> Iterator[pl.DataFrame]:
    """The rows in order, without empty lines: nothing can be said about those."""
    from ..dataloader.read import filled

    rows = source.rows.filter(filled(source.columns))
    yield from rows.collect_batches(chunk_size=CHUNK_ROWS, maintain_order=True)


def _join(parts: list[Path], output: Path, suffix: str) -> None:
    """One file from many, without holding them in memory."""
    import polars as pl

    if not parts:
        raise ValueError("the input has no rows; nothing was written")
    rows = pl.scan_parquet(parts)
    if suffix == ".csv":
        rows.sink_csv(output)
    else:
        rows.sink_parquet(output)
