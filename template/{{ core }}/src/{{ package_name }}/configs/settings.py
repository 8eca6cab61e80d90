"""What may be configured in conf/default.yaml: types, units and ranges."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from .kind import Keys
from .section import Section as Section

Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]
ColumnType = Literal["number", "boolean", "category", "date", "text", "numbers", "image"]


def _as_text(value: Any) -> Any:
    """YAML reads 1900-01-01 as a date."""
    return value.isoformat() if isinstance(value, date) else value


# Values that mean "not known".
Missing = tuple[Annotated[float | str, BeforeValidator(_as_text)], ...]


class Split(Section):
    """How rows are divided into train, valid and test; `train` is what the other two leave.

    by: a name in SPLITS of dataloader/split.py. For a split by time: valid_from, test_from: the
    first moment of each part; null: chosen from the shares once, and kept. gap, season: in days of
    a date column, else in its unit; rows within `gap` before a part are in none, and `season` is
    the period of the seasonal baseline (null: a year of dates, or a week where train is shorter).
    """

    by: str
    column: str | None = None
    valid: Share
    test: Share
    seed: int
    valid_from: str | None = None
    test_from: str | None = None
    gap: Annotated[float, Field(ge=0)] = 0.0
    season: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _leaves_rows_for_train(self) -> "Split":
        if self.valid + self.test >= 1:
            raise ValueError(f"valid + test must be below 1, got {self.valid + self.test:g}")
        if self.gap and self.by in ("hash", "group"):
            raise ValueError(f"gap needs by: time, got by: {self.by}")
        return self


class Data(Keys):
    """The files, the roles of their columns, and what must hold for them; Keys: of this kind.

    weight: a column with the weight of each row when a model is fitted; no feature.
    """

    file: str
    files: dict[str, str] = {}
    target: str
    id: str | None = None
    weight: str | None = None
    ignore: tuple[str, ...] = ()
    columns: dict[str, ColumnType] = {}
    positive: str | None = None
    origin: str | None = None
    licence: str | None = None
    ranges: dict[str, tuple[float, float]] = {}
    missing: dict[str, Missing] = {}
    accept: dict[str, tuple[str, ...]] = {}
    duplicates: Literal["keep", "drop"] = "keep"
    max_null_share: Annotated[float, Field(ge=0, le=1)]
    max_invalid_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    expected_rows_min: Count
    split: Split


class Train(Section):
    """How a model is fitted.

    class_weight: `balanced`, or the weight of each class by its name. target_transform: the model
    learns from transformed numbers; what it predicts is in the target's unit.
    """

    class_weight: Literal["balanced"] | dict[str, Annotated[float, Field(gt=0)]] | None
    target_transform: Literal["log", "box-cox"] | None = None


class Evaluation(Section):
    """How thoroughly predictions are evaluated."""

    n_resamples: Annotated[int, Field(ge=100)]
    level: Share
    slices: tuple[str, ...] = ()
    floor: float | None = None
    n_bins: Annotated[int, Field(ge=2, le=100)]


class Config(Section):
    """Everything in conf/default.yaml.

    engine: `local`, or the name of one that a component brings: see utils/engines.py.
    metric: a name in METRICS of evaluation/metrics.py. model: a name in ESTIMATORS of
    model/estimators.py. models: the parameters of each model, checked against its estimator.
    """

    task: Literal["classification", "regression"]
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    engine: str = "local"
    metric: str
    data: Data
    model: str
    models: dict[str, dict[str, Any]] = {}
    train: Train
    evaluation: Evaluation
