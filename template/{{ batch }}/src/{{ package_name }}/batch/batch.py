"""Predict a file of any size, part by part: `batch INPUT OUTPUT_FOLDER`."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

import polars as pl
from filelock import FileLock, Timeout

from ..configs.load import load_project
from ..configs.settings import Data
from ..dataloader import sources
from ..dataloader.schema import Schema
from ..executor.predict import prediction_table
from ..model import store
from ..model.predictor import Predictor
from ..registry.versions import resolve
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import read_json, replacing, sha256_of_file, write_json
from ..utils.logs import log

JOB, LOCK = "job.json", ".lock"
ROWS_PER_PART = 50_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, the folder, the model, and two limits."""
    parser.add_argument("input", metavar="INPUT", help="CSV or Parquet with the model's columns")
    parser.add_argument(
        "output", metavar="OUTPUT_FOLDER", help="a new one, or that of a stopped job"
    )
    parser.add_argument("--model", default="champion", help="alias or version (default: champion)")
    parser.add_argument(
        "--rows-per-part",
        type=int,
        default=ROWS_PER_PART,
        help=f"rows in memory at once, and in a part file (default: {ROWS_PER_PART})",
    )
    parser.add_argument(
        "--max-invalid-share",
        type=float,
        default=0.1,
        help="with more invalid rows the exit code is 1 (default: 0.1)",
    )


def run(args: argparse.Namespace) -> None:
    """Predict the valid rows of INPUT, and list the violations of the others."""
    if args.rows_per_part < 1:
        raise ValueError(f"--rows-per-part must be at least 1, got {args.rows_per_part}")
    config = load_project(args.root, args.overrides)
    folder = resolve(args.root, args.model)
    scorer = BatchScorer.load(folder, config.data, args.root, args.input)
    with (
        lock(Path(args.output)),
        runs.recorded(args.root, "batch", config.model_dump(mode="json")) as record,
    ):
        job = Job.open(Path(args.output), describe(scorer, folder.name, args.rows_per_part))
        n_before = len(job.parts)
        total = job.work(scorer)
        record.add(batch={"output": args.output, **job.about, **total})
    resumed = f"; {n_before} of {len(job.parts)} parts were done before" if n_before else ""
    log("batch", f"{total['rows']} rows with model {folder.name}{resumed}")
    log("", f"{total['predicted']} predicted, {total['invalid']} invalid, in {args.output}")
    if total["invalid"] > args.max_invalid_share * total["rows"]:
        raise CheckFailed(
            f"{args.output}: {total['invalid']} of {total['rows']} rows are invalid, more than "
            f"--max-invalid-share {args.max_invalid_share:g}; see invalid-*.parquet there"
        )


@dataclass(frozen=True)
class BatchScorer:
    """A registered model, the schema that it was trained with, and the file to predict."""

    predictor: Predictor
    schema: Schema
    sha256: str
    data: Data
    root: Path
    file: str

    @classmethod
    def load(cls, folder: Path, data: Data, root: Path, file: str) -> "BatchScorer":
        """The model in a folder of models/; raises ValueError if it is unusable."""
        predictor, description = store.load(folder)
        schema = Schema.model_validate(description["schema"])
        return cls(predictor, schema, description["sha256"], data, root, file)

    def blocks(self, first: int, n_rows: int) -> Iterator[pl.DataFrame]:
        """The file's rows after the first ones, n_rows at a time; ValueError if unreadable."""
        path = Path(self.file)
        rows = sources.scan_table(path, self.file).slice(first)
        checked = path.suffix.lower() in sources.PARQUET
        try:
            for block in rows.collect_batches(chunk_size=n_rows, maintain_order=True):
                # Polars fills a line that is too short with nulls.
                if not checked and block[:, -1].null_count():
                    sources.check_lengths(path, self.file)
                    checked = True
                yield block
        except pl.exceptions.PolarsError as error:
            sources.check_lengths(path, self.file)
            raise ValueError(f"{self.file}: {error}") from error

    def score(self, block: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """(predictions of the valid rows, violations of the others) for raw rows."""
        # A number between blanks is rare; to trim all of them takes a fifth of the time.
        plain = [name for name, column in self.schema.columns.items() if column.type != "number"]
        valid, invalid = self._validate(block, plain)
        if len(invalid):
            valid, invalid = self._validate(block, [*plain, *invalid["column"].unique()])
        row = pl.col(sources.ROW).alias("row")
        named = invalid.select(pl.lit(self.file).alias("file"), row, "column", "rule", "value")
        return prediction_table(self.predictor, valid), named

    def _validate(
        self, block: pl.DataFrame, trimmed: Sequence[str]
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Schema.validate_rows, with the cells of some columns trimmed."""
        names = [name for name in trimmed if name in block.columns]
        names = block.columns if self.data.files else names  # a key may be any column
        rows = sources.trim(block.lazy(), names).collect() if names else block
        table = sources.join_others(sources.drop_empty_rows(rows), self.data, self.root)
        return self.schema.validate_rows(table, self.file, max_invalid_share=1.0)


def describe(scorer: BatchScorer, version: str, rows_per_part: int) -> dict[str, Any]:
    """What decides every byte of the output: files, model, and rows per part."""
    files = {scorer.file: Path(scorer.file)}
    for name in scorer.data.files.values():
        files[name] = sources.find_file(scorer.root, name)
    return {
        "input": {name: sha256_of_file(path) for name, path in files.items()},
        "model": {"version": version, "sha256": scorer.sha256},
        "rows_per_part": rows_per_part,
    }


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Within, no other job writes into the folder; raises ValueError if one does."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / LOCK, timeout=0):
            yield
    except Timeout as error:
        raise ValueError(f"{folder}: another job writes here; wait for it, or stop it") from error


@dataclass
class Job:
    """A folder of part files, and job.json, which lists those that are complete.

    about: see `describe`. parts: file, sha256, rows, predicted and invalid of each.
    """

    folder: Path
    about: dict[str, Any]
    parts: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def open(cls, folder: Path, about: dict[str, Any]) -> "Job":
        """The job of a folder, new or resumed; raises ValueError if it is another job's folder."""
        for unfinished in folder.glob(".*.part"):
            unfinished.unlink()
        if not (folder / JOB).is_file():
            if others := sorted(path.name for path in folder.iterdir() if path.name != LOCK):
                raise ValueError(f"{folder}: holds {others[0]} and no {JOB}; name another folder")
            return cls(folder, about)
        before = read_json(folder / JOB)
        for key, value in about.items():
            if before.get(key) != value:
                raise ValueError(
                    f"{folder}: was begun with {key} {before.get(key)}, and now it is {value}; "
                    f"name another folder, or delete this one to begin again"
                )
        intact = takewhile(lambda part: _is_intact(folder, part), before["parts"])
        return cls(folder, about, list(intact))

    def work(self, scorer: BatchScorer) -> dict[str, int]:
        """Predict the parts that are missing, in order; returns the totals."""
        n_rows = self.about["rows_per_part"]
        for block in scorer.blocks(len(self.parts) * n_rows, n_rows):
            self._add(len(block), *scorer.score(block))
        if not self.parts:
            raise ValueError(f"{scorer.file}: no rows; nothing was predicted")
        names = ("rows", "predicted", "invalid")
        total = {name: sum(part[name] for part in self.parts) for name in names}
        self._save(status="finished", **total)
        return total

    def _add(self, n_rows: int, predicted: pl.DataFrame, violations: pl.DataFrame) -> None:
        """Write the violations, the predictions, and then the part's entry in job.json."""
        number = f"{len(self.parts):05}"
        if len(violations):
            _write(self.folder / f"invalid-{number}.parquet", violations)
        path = self.folder / f"part-{number}.parquet"
        _write(path, predicted)
        entry = {"file": path.name, "sha256": sha256_of_file(path), "rows": n_rows}
        counts = {"predicted": len(predicted), "invalid": violations["row"].n_unique()}
        self.parts.append(entry | counts)
        self._save(status="running")

    def _save(self, **state: Any) -> None:
        write_json(self.folder / JOB, {**self.about, **state, "parts": self.parts})


def _is_intact(folder: Path, part: dict[str, Any]) -> bool:
    path = folder / part["file"]
    return path.is_file() and sha256_of_file(path) == part["sha256"]


def _write(path: Path, rows: pl.DataFrame) -> None:
    try:
        with replacing(path) as temporary:
            rows.write_parquet(temporary, compression="zstd", compression_level=1)
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"{path}: cannot be written: {error}") from error
