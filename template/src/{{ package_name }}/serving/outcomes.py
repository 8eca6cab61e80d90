"""/feedback: what happened after a prediction, written to the log under the prediction's id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from pydantic import TypeAdapter, ValidationError

from .description import documented
from .direct import in_json
from .envelope import NOTE
from .limits import read_body
from .problems import Refused
from .requests import refused
from .responses import Answers, Heard

if TYPE_CHECKING:
    from .state import State


def add_outcomes(app: FastAPI, state: State) -> None:
    """Add the route."""
    outcome = Answers(state.release).outcome
    adapter: TypeAdapter[Any] = TypeAdapter(outcome)

    @app.post("/feedback", status_code=202, **documented(Heard, "Outcome", status=202))
    async def feedback(request: Request) -> Response:
        """Say what turned out to be true, or whether the answer was right."""
        body = await read_body(request, state.service.limits)
        try:
            heard = adapter.validate_json(body)
        except ValidationError as error:
            raise refused(error, tuple(outcome.model_fields)) from None
        if heard.label is None and heard.correct is None:
            raise Refused("unfit", "give label, correct or both")
        request.scope[NOTE].n_in = len(body)
        request.scope[NOTE].facts |= {"event": "feedback", **heard.model_dump()}
        return in_json({"prediction_id": heard.prediction_id}, 202)
