"""Answer the rows of a block, and give the others their reasons."""

from __future__ import annotations

from collections.abc import Sequence
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

# More rows at once fall out of the processor's cache, and take longer each.
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
        refused = [*ragged, *inspected.refused]
        refused.sort(key=lambda one: one.row)
        reasons = {why: len(rows) for why, rows in counted(refused).items()}
        said = self._answers(inspected.kept, shown)
        part = Part(name, block.after, block.n_rows, len(said), reasons)
        assert part.rows == part.answered + part.refused, f"{shown}: rows are lost in {name}"
        return part, said, _reasons(refused)

    @property
    def _schema(self) -> dict[str, pl.DataType]:
        classes = self.scorer.classes
        label = pl.Float64() if classes is None else pl.String()
        scores = {f"probability_{name}": pl.Float64() for name in classes or ()}
        return {"file": pl.String(), "row": pl.Int64(), "prediction": label, **scores}

    def _completed(self, cells: pl.DataFrame) -> pl.DataFrame:
        gone = [name for name in self.optional if name not in cells.columns]
        return cells.with_columns(pl.lit(None, pl.String).alias(name) for name in gone)

    def _answers(self, typed: pl.DataFrame, shown: str) -> pl.DataFrame:
        if not len(typed):
            return pl.DataFrame(schema=self._schema)
        said = self._scored(to_X(typed, self.scorer.columns))
        file = pl.repeat(shown, len(typed), dtype=pl.String, eager=True)
        scores = () if said.y_score is None else said.y_score.T
        columns = [file, typed[ROW], self._predictions(said), *scores]
        return pl.DataFrame(dict(zip(self._schema, columns, strict=True)), schema=self._schema)

    def _scored(self, X: pl.DataFrame) -> Answers:
        said = [
            self.scorer.score_table(X.slice(first, SCORED_ROWS))
            for first in range(0, len(X), SCORED_ROWS)
        ]
        scores = [one.y_score for one in said if one.y_score is not None]
        y_pred = np.concatenate([one.y_pred for one in said])
        return Answers(y_pred, np.concatenate(scores) if scores else None)

    def _predictions(self, said: Answers) -> pl.Series:
        if self.scorer.classes is None:
            return pl.Series(said.y_pred, dtype=pl.Float64)
        codes = np.zeros(len(said.y_pred), dtype=np.uint32)
        for code, label in enumerate(self.scorer.classes):
            codes[said.y_pred == label] = code
        return pl.Series(self.scorer.classes, dtype=pl.String).gather(codes)


def _reasons(refused: Sequence[Refusal]) -> pl.DataFrame:
    rows = [(one.file, one.row, one.column, one.rule, as_written(one.value)) for one in refused]
    return pl.DataFrame(rows, schema=REFUSED_SCHEMA, orient="row")
