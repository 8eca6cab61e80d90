"""/predict, /predict/batch and /explain."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any

import numpy as np
from fastapi import FastAPI, Request, Response

from .description import documented
from .direct import in_json
from .envelope import NOTE, Note
from .limits import read_body
from .responses import Answers

if TYPE_CHECKING:
    from .fallback import Said
    from .requests import Asked
    from .state import State


EXPLAINED = ("unit", "reference", "contributions")


def add_predictions(app: FastAPI, state: State) -> None:
    """Add the routes; bodies are read by the types that the contract makes, once, as JSON."""
    types = Answers(state.release)

    @app.post("/predict", **documented(types.one, "Row"))
    async def predict(request: Request) -> Response:
        """Predict one row."""
        note, body = await _received(request, state)
        asked = state.reader.one(body)
        (said,) = await state.answerer.answer(asked)
        content, facts = _told(state, asked, 0, said)
        note.facts |= facts
        note.headers.append((b"x-prediction-id", content["prediction_id"].encode()))
        return in_json(content)

    @app.post("/predict/batch", **documented(types.many, "Rows"))
    async def predict_batch(request: Request) -> Response:
        """Predict many rows; one that is wrong refuses all."""
        note, body = await _received(request, state)
        asked = await state.reading.run(state.reader.many, body)
        said = await state.answerer.answer(asked)
        note.facts["n_rows"] = len(said)
        listed = []
        for place, one in enumerate(said):
            content, facts = _told(state, asked, place, one)
            state.lines.add("info", "prediction", request_id=note.request_id, **facts)
            listed.append(content)
        return in_json({"predictions": listed})

    @app.post("/explain", **documented(types.explained, "Row"))
    async def explain(request: Request) -> Response:
        """Predict one row, and say how far each feature moved the answer."""
        note, body = await _received(request, state)
        asked = state.reader.one(body)
        told = await state.answerer.explain(asked)
        (said,) = await state.answerer.answer(asked)
        content, facts = _told(state, asked, 0, said)
        note.facts |= facts
        why = {"explains": told["class"], **{name: told[name] for name in EXPLAINED}}
        return in_json(content | why)


async def _received(request: Request, state: State) -> tuple[Note, bytes]:
    note: Note = request.scope[NOTE]
    body = await read_body(request, state.service.limits)
    note.n_in = len(body)
    return note, body


def _told(
    state: State, asked: Asked, place: int, said: Said
) -> tuple[dict[str, Any], dict[str, Any]]:
    """One answer as its caller gets it, and as the log keeps it under the same id."""
    content = {
        "prediction_id": os.urandom(16).hex(),
        "prediction": said.prediction,
        "probabilities": said.probabilities,
        "model_version": state.release.version,
        "source": said.source,
        "reason": said.reason,
    }
    state.metrics.answered(said.source, said.reason)
    facts = content | {"input_sha256": _digest(asked, place)}
    if state.service.log_inputs:
        facts["inputs"] = _inputs(state, asked, place)
    return content, facts


def _digest(asked: Asked, place: int) -> str:
    """The SHA-256 of a row as the model gets it, however the request wrote it."""
    texts = "\x1f".join(asked.texts[place])
    return hashlib.sha256(asked.numbers[place].tobytes() + texts.encode()).hexdigest()


def _inputs(state: State, asked: Asked, place: int) -> dict[str, Any]:
    numbers = [None if np.isnan(value) else value for value in asked.numbers[place].tolist()]
    return dict(zip(state.reader.names, [*numbers, *asked.texts[place]], strict=True))
