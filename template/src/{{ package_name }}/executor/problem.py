"""One prepared prediction problem: its columns, its models, and what they say about rows."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..configs.schema import Config

if TYPE_CHECKING:
    import polars as pl

    from ..dataloader.contract import Contract
    from ..evaluation.predictions import Predictions
    from ..model.features import Columns


@dataclass(frozen=True)
class Problem:
    """classes: in order, of two the positive one last; None for regression."""

    config: Config
    contract: Contract
    columns: Columns
    classes: list[str] | None

    @classmethod
    def of(cls, config: Config, manifest: dict[str, Any]) -> Problem:
        """The problem that a configuration and prepared data pose."""
        from ..dataloader.manifest import contract_of
        from ..model.features import group

        contract = contract_of(manifest)
        return cls(config, contract, group(contract.features), manifest["classes"])

    def X(self, table: pl.DataFrame) -> pl.DataFrame:  # noqa: N802
        """The features of typed rows."""
        from ..model.features import to_X

        return to_X(table, self.columns)

    def fit(self, name: str, table: pl.DataFrame) -> tuple[Any, list[str]]:
        """The model (or baseline) of that name, fitted on these rows, and what it complained of."""
        model = self._unfitted(name)
        y = table[self.contract.target.name].to_numpy()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(self.X(table), y)
        return model, sorted({str(warning.message).partition("\n")[0] for warning in caught})

    def _unfitted(self, name: str) -> Any:
        from ..model import baseline, pipeline

        config = self.config
        common: dict[str, Any] = {
            "task": config.task,
            "class_weight": config.train.class_weight,
            "seed": config.seed,
        }
        if name in baseline.names(config.task):
            return baseline.build_baseline(name, self.columns, **common)
        return pipeline.build(name, self.parameters(name), self.columns, **common)

    def parameters(self, name: str) -> dict[str, Any]:
        """The configured parameters of a model."""
        return dict(getattr(self.config.models, name).model_dump())

    def predict(self, model: Any, table: pl.DataFrame) -> Predictions:
        """What a fitted model says about typed rows whose target is known."""
        import numpy as np

        from ..dataloader.read import ROW
        from ..evaluation.predictions import Predictions
        from ..model.answers import answer

        y_pred, y_score = answer(model, self.X(table), self.classes)
        y_true = table[self.contract.target.name].to_numpy()
        return Predictions(
            y_true=y_true if self.classes is None else y_true.astype(str),
            y_pred=y_pred,
            y_score=y_score,
            classes=None if self.classes is None else np.asarray(self.classes),
            row_ids=table[ROW].to_numpy(),
        )
