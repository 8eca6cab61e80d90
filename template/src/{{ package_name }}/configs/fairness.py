"""What may be said in conf/fairness.yaml: groups, what must be alike for them, and how far."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from .load import load
from .schema import Section

PATH = "conf/fairness.yaml"
METRICS_OF: dict[str, tuple[str, ...]] = {
    "classification": (
        "true_positive_rate",
        "false_positive_rate",
        "selection_rate",
        "precision",
        "accuracy",
    ),
    "regression": ("mae", "bias"),
}


class Fairness(Section):
    """columns empty: nobody has said yet whose groups matter."""

    columns: tuple[str, ...] = ()
    metric: str | None = None
    max_gap: Annotated[float, Field(ge=0)] | None = None
    positive: str | None = None
    max_auc: Annotated[float, Field(ge=0.5, le=1)]
    kept_because: dict[str, str] = Field(default_factory=dict)

    def chosen(self, task: str) -> tuple[str, float]:
        """The metric and the largest gap; raises ValueError that says what is still to choose."""
        if not self.columns:
            raise ValueError(
                f"{PATH}: columns is empty; name the columns whose groups must not be served "
                f"worse, such as [sex, region], and choose metric and max_gap beside it"
            )
        metrics = METRICS_OF[task]
        if self.metric not in metrics:
            seen = "null" if self.metric is None else f"'{self.metric}'"
            raise ValueError(
                f"{PATH}: metric must be one of {', '.join(metrics)} for {task}, got {seen}; "
                f"true_positive_rate finds as many of each group, selection_rate chooses as many"
                if task == "classification"
                else f"{PATH}: metric must be one of {', '.join(metrics)} for {task}, got {seen}"
            )
        if self.max_gap is None:
            raise ValueError(
                f"{PATH}: max_gap is null; how far may groups differ in {self.metric}?"
            )
        return self.metric, self.max_gap

    def positive_of(self, classes: list[str] | None) -> str | None:
        """The class that rates are about, None for numbers; raises ValueError where it is open."""
        if classes is None:
            return None
        if self.positive is None and len(classes) == 2:
            return classes[-1]
        if self.positive not in classes:
            seen = "null" if self.positive is None else f"'{self.positive}'"
            raise ValueError(f"{PATH}: positive must be one of {', '.join(classes)}, got {seen}")
        return self.positive


def load_fairness(root: Path) -> Fairness:
    """conf/fairness.yaml; raises ValueError with one line a mistake."""
    return load(root, PATH, Fairness)
