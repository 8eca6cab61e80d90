"""Answer what is left of a job, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from ...dataloader.contract import conform
from ...dataloader.read import ROW
from .answering import Desk
from .blocks import Block, CsvFile, ParquetFile, Place, open_file
from .identity import identity
from .job import Job, Part


@dataclass
class Progress:
    """Every part of the job, and how many of its rows this process did."""

    parts: list[Part] = field(default_factory=list)
    n_here: int = 0


def work(job: Job, desk: Desk) -> Progress:
    """Do every part that is not there yet, in order.

    Raises ValueError where a file cannot be read, lacks a column or changes meanwhile. All files
    are opened before the first is answered: a mistake in the last should not cost an hour.
    """
    names = [one["file"] for one in job.about["inputs"]]
    files = [_open(name, desk, job.about["block_bytes"]) for name in names]
    progress = Progress()
    for number, file in enumerate(files):
        _answer(file, number, job, desk, progress)
        if identity(Path(names[number]), names[number]) != job.about["inputs"][number]:
            raise ValueError(f"{names[number]}: changed while it was answered; run this again")
    if not any(part.rows for part in progress.parts):
        raise ValueError(f"{', '.join(names)}: no rows; nothing was answered")
    return progress


def _answer(
    file: CsvFile | ParquetFile, number: int, job: Job, desk: Desk, progress: Progress
) -> None:
    place = Place()
    for part in job.done(number):
        progress.parts.append(part)
        place = part.after
    shown = job.about["inputs"][number]["file"]
    there = [name for name in desk.wanted if name in file.columns]
    for block in _ahead(file.blocks(there, place)):
        name = job.name(number, block.start)
        part, answers, refused = desk.answer(block, name, shown, file.n_cells)
        job.write(part, answers, refused)
        progress.parts.append(part)
        progress.n_here += part.rows


def _ahead(blocks: Iterator[Block]) -> Iterator[Block]:
    """The same blocks, each read by a second thread while the one before it is answered."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = pool.submit(next, blocks, None)
            yield block


def _open(name: str, desk: Desk, block_bytes: int) -> CsvFile | ParquetFile:
    """Raises ValueError with one line for each column that is missing."""
    file = open_file(Path(name), name, desk.contract.features, block_bytes)
    there = dict.fromkeys([ROW, *file.columns, *desk.optional], pl.String)
    conform(pl.DataFrame(schema=there), desk.contract, name)
    return file
