"""What may be configured in conf/default.yaml: types, units and ranges."""

from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Task = Literal["classification", "regression"]
ModelName = Literal["logistic", "ridge", "forest", "boosting"]

MODELS_OF: dict[str, tuple[str, ...]] = {
    "classification": ("logistic", "forest", "boosting"),
    "regression": ("ridge", "forest", "boosting"),
}
# The names in evaluation/metrics.py; a test holds the two equal.
METRICS_OF: dict[str, tuple[str, ...]] = {
    "classification": (
        "accuracy",
        "balanced_accuracy",
        "f1",
        "roc_auc",
        "average_precision",
        "log_loss",
        "brier",
    ),
    "regression": ("mae", "rmse", "r2", "median_absolute_error", "max_error", "bias"),
}


class Section(BaseModel):
    """A part of the configuration: fixed once read, and with no key that nothing reads."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Split(Section):
    """How rows go to train, valid and test; `train` is what the other two leave."""

    by: Literal["hash", "time", "group"]
    column: str | None = None
    valid: Share
    test: Share
    seed: int

    @model_validator(mode="after")
    def _fits(self) -> "Split":
        if self.valid + self.test >= 1:
            raise ValueError(f"valid + test must be below 1, got {self.valid + self.test:g}")
        if self.by != "hash" and not self.column:
            raise ValueError(f"column must name the {self.by} column, since by is '{self.by}'")
        return self


class Data(Section):
    """The file, what its columns are, and what must hold for it."""

    file: str
    target: str
    id: str | None = None
    ignore: tuple[str, ...] = ()
    positive: str | None = None
    origin: str | None = None
    licence: str | None = None
    ranges: dict[str, tuple[float, float]] = {}
    max_null_share: Annotated[float, Field(ge=0, le=1)]
    expected_rows_min: Count
    split: Split


class Logistic(Section):
    """Logistic regression."""

    C: Positive
    max_iter: Count


class Ridge(Section):
    """Ridge regression."""

    alpha: Annotated[float, Field(ge=0)]


class Forest(Section):
    """Random forest."""

    n_estimators: Count
    max_depth: Count | None = None
    min_samples_leaf: Count


class Boosting(Section):
    """Histogram gradient boosting."""

    learning_rate: Positive
    max_iter: Count
    max_leaf_nodes: Annotated[int, Field(ge=2)]
    min_samples_leaf: Count
    max_bins: Annotated[int, Field(ge=2, le=255)]


class Models(Section):
    """The parameters of each model; `model` says which one is used."""

    logistic: Logistic
    ridge: Ridge
    forest: Forest
    boosting: Boosting


class Train(Section):
    """How a model is fitted."""

    class_weight: Literal["balanced"] | None


class Evaluation(Section):
    """How thoroughly predictions are judged."""

    n_resamples: Annotated[int, Field(ge=100)]
    level: Share
    slices: tuple[str, ...] = ()
    floor: float | None = None
    n_bins: Annotated[int, Field(ge=2, le=100)]


class Config(Section):
    """Everything in conf/default.yaml."""

    task: Task
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    metric: str
    data: Data
    model: ModelName
    models: Models
    train: Train
    evaluation: Evaluation

    @field_validator("metric", "model")
    @classmethod
    def _suits_task(cls, value: str, info: ValidationInfo) -> str:
        task = info.data.get("task")  # absent where the task itself is wrong
        names = {"metric": METRICS_OF, "model": MODELS_OF}[str(info.field_name)].get(task or "")
        if names is not None and value not in names:
            raise PydanticCustomError(
                "choice", "must suit the task", {"task": task, "names": names}
            )
        return value
