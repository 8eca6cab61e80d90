"""Answer the rows of a block, and give the others their reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from ...dataloader.contract import Contract
from ...dataloader.door import Door, Refusal
from ...dataloader.quarantine import counted
from ...dataloader.read import ROW
from ...dataloader.violations import as_written
from ...model.features import to_X
from ...model.scorer import Answers, Scorer
from .blocks import Block
from .job import Part

# More rows at once fall out of the processor's cache and take longer each.
SCORED_ROWS = 10_000
REFUSED_SCHEMA = {
    "file": pl.String,
    "row": pl.Int64,
    "column": pl.String,
    "rule": pl.String,
    "value": pl.String,
}


@dataclass(frozen=True)
class Desk:
    """All that is needed to answer: the model, what it was trained on, and the door."""

    scorer: Scorer
    contract: Contract
    door: Door

    @property
    def wanted(self) -> tuple[str, ...]:
        """The columns that the model sees."""
        return tuple(column.name for column in self.contract.features)

    @property
    def optional(self) -> tuple[str, ...]:
        """Those of them that a file need not have."""
        rules = self.door.rules.columns
        return tuple(name for name in self.wanted if name in rules and not rules[name].required)

    def answer(
        self, block: Block, name: str, shown: str, n_cells: int
    ) -> tuple[Part, pl.DataFrame, pl.DataFrame]:
        """The part of that name, its answers and its refusals."""
        ragged = [
            Refusal(shown, row, "the record", f"of {n_cells} cells", f"{n} cells")
            for row, n in block.ragged
        ]
        inspected = self.door.admit(self._completed(block.cells), self.contract, shown)
        refused = sorted([*ragged, *inspected.refused], key=lambda one: one.row)
        answers = self._answers(inspected.kept, shown)
        reasons = {why: len(rows) for why, rows in counted(refused).items()}
        part = Part(name, block.after, block.n_rows, len(answers), reasons)
        assert part.rows == part.answered + part.refused, f"{shown}: rows are lost in {name}"
        return part, answers, _table(refused)

    def _completed(self, cells: pl.DataFrame) -> pl.DataFrame:
        gone = [name for name in self.optional if name not in cells.columns]
        return cells.with_columns(pl.lit(None, pl.String).alias(name) for name in gone)

    def _answers(self, typed: pl.DataFrame, shown: str) -> pl.DataFrame:
        said = self._scored(to_X(typed, self.scorer.columns))
        columns = [
            pl.repeat(shown, len(typed), dtype=pl.String, eager=True).alias("file"),
            typed[ROW].alias("row"),
            self._predictions(said),
        ]
        if said.y_score is not None:
            columns += [
                pl.Series(f"probability_{label}", said.y_score[:, place], dtype=pl.Float64)
                for place, label in enumerate(self.scorer.classes or ())
            ]
        return pl.DataFrame(columns)

    def _predictions(self, said: Answers) -> pl.Series:
        if self.scorer.classes is None:
            return pl.Series("prediction", said.y_pred, dtype=pl.Float64)
        codes = np.zeros(len(said.y_pred), dtype=np.uint32)
        for code, label in enumerate(self.scorer.classes):
            codes[said.y_pred == label] = code
        return pl.Series("prediction", self.scorer.classes).gather(codes)

    def _scored(self, X: pl.DataFrame) -> Answers:
        said = [self.scorer.score_table(rows) for rows in _slices(X)]
        if not said:
            n_classes = len(self.scorer.classes or ())
            return Answers(np.empty(0), np.empty((0, n_classes)) if n_classes else None)
        scores = [one.y_score for one in said if one.y_score is not None]
        y_pred = np.concatenate([one.y_pred for one in said])
        return Answers(y_pred, np.concatenate(scores) if scores else None)


def _slices(X: pl.DataFrame) -> Iterator[pl.DataFrame]:
    return (X.slice(first, SCORED_ROWS) for first in range(0, len(X), SCORED_ROWS))


def _table(refused: Sequence[Refusal]) -> pl.DataFrame:
    rows = [(one.file, one.row, one.column, one.rule, as_written(one.value)) for one in refused]
    return pl.DataFrame(rows, schema=REFUSED_SCHEMA, orient="row")
