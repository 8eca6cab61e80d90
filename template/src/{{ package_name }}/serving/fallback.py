"""What is answered where the model cannot, or should not: the constant that asks for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from ..configs.service import AllowedAnswers
    from ..model.scorer import Answers
    from .loading import Release

Source = Literal["model", "fallback"]
Reason = Literal["loading", "absent", "failed", "slow", "not-finite", "out-of-range", "unsure"]


@dataclass(frozen=True, slots=True)
class Said:
    """One answer: whose it is, and where it is the fallback's, why.

    probabilities: by class; None for regression.
    """

    prediction: str | float
    probabilities: dict[str, float] | None
    source: Source = "model"
    reason: Reason | None = None


class Fallback:
    """Answers in the model's place, and decides which of the model's answers may be seen."""

    def __init__(self, release: Release, allowed: AllowedAnswers) -> None:
        self.classes, self.sure_above = release.classes, allowed.sure_above
        labels = release.rules.labels
        self.low = labels.min if allowed.min is None else allowed.min
        self.high = labels.max if allowed.max is None else allowed.max
        self.prediction = release.fallback["prediction"]
        self.probabilities: Any = release.fallback["probabilities"]

    def said(self, reason: Reason) -> Said:
        """The fallback's answer, marked as such."""
        return Said(self.prediction, self.probabilities, "fallback", reason)

    def checked(self, answers: Answers) -> list[Said]:
        """The model's answers, row by row, each replaced where it is none that may be seen."""
        if self.classes is None:
            return [self._number(float(value)) for value in answers.y_pred]
        assert answers.y_score is not None
        scores = answers.y_score.tolist()
        return [
            self._class(str(label), row)
            for label, row in zip(answers.y_pred.tolist(), scores, strict=True)
        ]

    def _number(self, value: float) -> Said:
        if not np.isfinite(value):
            return self.said("not-finite")
        below = self.low is not None and value < self.low
        if below or (self.high is not None and value > self.high):
            return self.said("out-of-range")
        return Said(value, None)

    def _class(self, label: str, scores: list[float]) -> Said:
        # The sum is NaN or infinite if one of them is.
        if not 0.999 < sum(scores) < 1.001:
            return self.said("not-finite")
        if self.sure_above is not None and max(scores) < self.sure_above:
            return self.said("unsure")
        assert self.classes is not None
        return Said(label, dict(zip(self.classes, scores, strict=True)))
