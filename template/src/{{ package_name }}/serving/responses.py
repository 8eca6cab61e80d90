"""The answers of the service as types, for its OpenAPI description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from .fallback import Reason, Source
from .problems import STATUS_OF

if TYPE_CHECKING:
    from .loading import Release

ID = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


class Closed(BaseModel):
    """An object with these fields and no other."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class WrongField(Closed):
    """One wrong part of a body; `row` counts from 0, and is null outside of a batch."""

    row: int | None
    field: str
    problem: str


class Problem(Closed):
    """Why there is no answer. Programs read `error`, people `message`."""

    error: Literal[tuple(STATUS_OF)]  # type: ignore[valid-type]
    message: str
    fields: list[WrongField]
    request_id: str


class Health(Closed):
    """The process is alive."""

    status: Literal["alive"]


class Ready(Closed):
    """Whether requests should come, and if not, why."""

    ready: bool
    reason: Literal["loading", "absent", "draining"] | None
    model_version: str


class Version(Closed):
    """Which model answers, and where it comes from."""

    model_version: str
    engine: str
    model: str
    run: str
    created: str
    commit: str | None


class Contribution(Closed):
    """How far one feature moved the answer."""

    feature: str
    value: float | str | bool | None
    contribution: float


class Heard(Closed):
    """An outcome was written to the log."""

    prediction_id: ID


class Answers:
    """Types whose fields depend on what a release predicts."""

    def __init__(self, release: Release) -> None:
        label: Any = float if release.classes is None else Literal[tuple(release.classes)]
        chances: Any = None if release.classes is None else dict[str, float]
        fields: dict[str, Any] = {
            "prediction_id": (ID, ...),
            "prediction": (label, ...),
            "probabilities": (chances, ...),
            "model_version": (str, ...),
            "source": (Source, Field(description="fallback: a constant, not the model's answer")),
            "reason": (Reason | None, Field(description="why it is the fallback's answer")),
        }
        self.one = create_model("Prediction", __base__=Closed, **fields)
        listed: dict[str, Any] = {"predictions": (list[self.one], ...)}  # type: ignore[name-defined]
        self.many = create_model("Predictions", __base__=Closed, **listed)
        moved: dict[str, Any] = {
            "explains": (str | None, Field(description="the class whose log-odds are told")),
            "unit": (str, Field(description="of reference and contributions")),
            "reference": (float, Field(description="the answer for the middle of train")),
            "contributions": (list[Contribution], Field(description="they add up from there")),
        }
        self.explained = create_model("Explanation", __base__=self.one, **moved)
        self.outcome = create_model(
            "Outcome",
            __base__=Closed,
            prediction_id=(ID, ...),
            label=(label | None, Field(None, description="what turned out to be true")),
            correct=(bool | None, Field(None, strict=True, description="what a person says")),
        )
