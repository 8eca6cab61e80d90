"""Predict a file of any size, part by part: `batch INPUT OUTPUT_FOLDER`."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import polars as pl
from filelock import FileLock, Timeout

from ..configs.load import load_project
from ..configs.settings import Data
from ..dataloader import sources
from ..dataloader.examples import labels, to_examples
from ..dataloader.schema import Schema
from ..executor.predict import labelled, prediction_table
from ..model import store
from ..registry.versions import resolve_checked
from ..utils import runs
from ..utils.engines import Spread, engine
from ..utils.errors import CheckFailed
from ..utils.files import read_json, replacing, sha256_of_file, write_json
from ..utils.logs import log

JOB, LOCK = "job.json", ".lock"
COUNTS = ("rows", "predicted", "invalid")
Part = dict[str, Any]  # file, sha256 and COUNTS
Scored = tuple[int, pl.DataFrame, pl.DataFrame]  # how many rows, predictions, violations


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, the folder, the model, and two limits."""
    add = parser.add_argument
    add("input", metavar="INPUT", help="CSV or Parquet with the model's columns")
    add("output", metavar="OUTPUT_FOLDER", help="a new one, or that of a stopped job")
    add("--model", default="champion", help="alias or version (default: champion)")
    rows = "rows in memory at once, and of a part file (default: 50000)"
    add("--rows-per-part", type=int, default=50_000, metavar="N", help=rows)
    share = "with more invalid rows the exit code is 1 (default: 0.1)"
    add("--max-invalid-share", type=float, default=0.1, metavar="SHARE", help=share)


def run(args: argparse.Namespace) -> None:
    """Predict the valid rows of INPUT, and list the violations of the others."""
    if args.rows_per_part < 1:
        raise ValueError(f"--rows-per-part must be at least 1, got {args.rows_per_part}")
    config = load_project(args.root, args.overrides)
    folder, version = Path(args.output), resolve_checked(args.root, args.model)
    scorer = BatchScorer(version, config.data, args.root, args.input)
    model = {"version": version.name, "sha256": scorer.description["sha256"]}
    about = {"input": scorer.hashes, "model": model, "rows_per_part": args.rows_per_part}
    with lock(folder):
        job = Job.open(folder, about)
        n_before = len(job.parts)
        try:
            with runs.recorded(args.root, "batch", config.model_dump(mode="json")) as record:
                with engine(config.engine, args.root) as spread:
                    total = job.work(scorer, spread)
                record.add(batch={"output": args.output, **about, **total})
        except OSError as error:
            done = f"{folder} has {len(job.parts)} finished parts, {job.n('rows')} rows"
            remedy = "make room, and the same command resumes"
            raise ValueError(f"{error}; {done}; {remedy}") from error
    resumed = f"; {n_before} of {len(job.parts)} parts were done before" if n_before else ""
    log("batch", f"{total['rows']} rows with model {version.name}{resumed}")
    log("", f"{total['predicted']} predicted, {total['invalid']} invalid, in {folder}")
    if total["invalid"] > args.max_invalid_share * total["rows"]:
        limit = f"--max-invalid-share {args.max_invalid_share:g}"
        raise CheckFailed(f"{folder}: more invalid rows than {limit}; see invalid-*.parquet there")


class BatchScorer:
    """A model, its schema, and the file to predict.

    hashes: SHA-256 of the file and of those that are joined, by name.
    """

    def __init__(self, model: Path, data: Data, root: Path, file: str) -> None:
        self.predictor, self.description = store.load(model)
        self.schema = Schema.model_validate(self.description["schema"])
        self.path, self.data, self.root = Path(file).absolute(), data, root
        self.file = file
        sources.scan_table(self.path, file)  # a file that cannot be read is named here
        self.others = sources.read_others(data, root)
        files = {name: sources.find_file(root, name) for name in data.files.values()}
        self.hashes = {n: sha256_of_file(path) for n, path in {file: self.path, **files}.items()}

    def score(self, first: int, n_rows: int, only_one: bool = False) -> Iterator[Scored]:
        """The rows after the first ones, n_rows at a time; raises ValueError if unreadable.

        Of a series the rows are its forecasts, for which the whole file is in memory. A CSV file's
        numbers are read as such, which takes half the time of text. From the first block on that
        breaks a rule, they are read as text: violations show cells as they are.
        only_one: the rest of the file is not read.
        """
        if labels(self.data):  # many rows of the file make an example
            table = sources.load(self.data, self.root, self.path)
            for examples in table[first:].iter_slices(n_rows):
                yield self._scored(examples, len(examples))
            return
        limit = n_rows if only_one else None
        numbers = [name for name, one in self.schema.columns.items() if one.is_plain_number]
        if not self.others and self.path.suffix.lower() not in sources.PARQUET:
            with suppress(pl.exceptions.PolarsError):  # a cell that is no number
                for part in self._blocks(first, n_rows, limit, numbers):
                    if len(part[2]):
                        break
                    yield part
                    first += n_rows
                else:
                    return
        try:
            yield from self._blocks(first, n_rows, limit, [])
        except pl.exceptions.PolarsError as error:
            sources.check_lengths(self.path, self.file)
            raise ValueError(f"{self.file}: {error}") from error

    def _blocks(
        self, first: int, n_rows: int, limit: int | None, numbers: Sequence[str]
    ) -> Iterator[Scored]:
        rows = sources.scan_table(self.path, self.file, numbers).slice(first, limit)
        checked = self.path.suffix.lower() in sources.PARQUET
        for number, block in enumerate(rows.collect_batches(chunk_size=n_rows)):
            # Polars fills a line that is too short with nulls.
            if not checked and block[:, -1].null_count():
                sources.check_lengths(self.path, self.file)
                checked = True
            yield self._block(sources.number_rows(block, first + number * n_rows + 1))

    def _block(self, block: pl.DataFrame) -> Scored:
        rows = sources.drop_empty_rows(sources.trim(block.lazy()).collect())
        joined = sources.join_others(rows, self.others)
        return self._scored(to_examples(joined, self.data, to_predict=True), len(block))

    def _scored(self, table: pl.DataFrame, n_rows: int) -> Scored:
        valid, invalid = self.schema.validate_rows(table, self.file, max_invalid_share=1.0)
        row = pl.col(sources.ROW).alias("row")
        named = invalid.select(pl.lit(self.file).alias("file"), row, "column", "rule", "value")
        predicted = labelled(prediction_table(self.predictor, valid), table, self.data)
        return n_rows, predicted, named


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

    about: what decides every byte of the output.
    """

    folder: Path
    about: dict[str, Any]
    parts: list[Part] = field(default_factory=list)

    @classmethod
    def open(cls, folder: Path, about: dict[str, Any]) -> "Job":
        """The job of a folder, new or resumed; raises ValueError if it is another job's folder."""
        remove_unfinished(folder)
        if not (folder / JOB).is_file():
            if others := sorted(path.name for path in folder.iterdir() if path.name != LOCK):
                raise ValueError(f"{folder}: holds {others[0]} and no {JOB}; name another folder")
            return cls(folder, about)
        before = read_json(folder / JOB)
        for key, value in about.items():
            if before.get(key) != value:
                changed = f"was begun with {key} {before.get(key)}, and now it is {value}"
                raise ValueError(f"{folder}: {changed}; name another folder, or delete this one")
        job = cls(folder, about)
        for part in before["parts"]:
            path = folder / part["file"]
            if not path.is_file() or sha256_of_file(path) != part["sha256"]:
                break
            job.parts.append(part)
        return job

    def work(self, scorer: BatchScorer, spread: Spread = map) -> dict[str, int]:
        """Predict the parts that are missing, in order; returns the totals.

        Here the file is read once; on another engine a task reads, predicts and writes one part.
        """
        n_rows, first = self.about["rows_per_part"], len(self.parts)
        parts: Iterator[Part]
        if spread is map:
            scored = enumerate(scorer.score(first * n_rows, n_rows), first)
            parts = (write_part(self.folder, number, *found) for number, found in scored)
        else:
            one_part = partial(predict_part, scorer, n_rows, self.folder.absolute())
            parts = takewhile(bool, spread(one_part, count(first)))
        for part in parts:
            self.parts.append(part)
            self._save(status="running")
        if not self.parts:
            raise ValueError(f"{scorer.file}: no rows; nothing was predicted")
        remove_unfinished(self.folder)
        total = {name: self.n(name) for name in COUNTS}
        self._save(status="finished", **total)
        return total

    def n(self, name: str) -> int:
        """The sum of one of COUNTS over the finished parts."""
        return sum(part[name] for part in self.parts)

    def _save(self, **state: Any) -> None:
        write_json(self.folder / JOB, {**self.about, **state, "parts": self.parts})


def predict_part(scorer: BatchScorer, n_rows: int, folder: Path, number: int) -> Part | None:
    """Write one part and return its entry; None where the file has no such rows."""
    found = next(scorer.score(number * n_rows, n_rows, only_one=True), None)
    return None if found is None else write_part(folder, number, *found)


def write_part(
    folder: Path, number: int, n_rows: int, predicted: pl.DataFrame, violations: pl.DataFrame
) -> Part:
    """Write the violations and then the predictions; returns the part's entry in job.json."""
    name = f"{number:05}.parquet"
    if len(violations):
        write(folder / f"invalid-{name}", violations)
    path = folder / f"part-{name}"
    write(path, predicted)
    counts = (n_rows, len(predicted), violations["row"].n_unique())
    facts = {"file": path.name, "sha256": sha256_of_file(path)}
    return facts | dict(zip(COUNTS, counts, strict=True))


def remove_unfinished(folder: Path) -> None:
    """Remove what a process left that was killed while it wrote."""
    for unfinished in folder.glob(".*.part"):
        unfinished.unlink()


def write(path: Path, rows: pl.DataFrame) -> None:
    """Write a Parquet file, atomically; raises OSError if there is no room."""
    try:
        with replacing(path) as temporary:
            rows.write_parquet(temporary, compression="zstd", compression_level=1)
    except pl.exceptions.PolarsError as error:
        raise OSError(f"{path}: cannot be written: {error}") from error
