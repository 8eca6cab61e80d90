"""The OpenAPI description: what FastAPI finds by itself, and the bodies that the contract makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from .examples import example_row
from .problems import STATUS_OF
from .responses import Answers, Problem

if TYPE_CHECKING:
    from .state import State

REF = "#/components/schemas/{model}"
# What the gate and the envelope may answer to any question for a prediction.
REFUSALS = sorted({status for code, status in STATUS_OF.items() if code != "not_found"} - {405})


def documented(answer: type[BaseModel], body: str, status: int = 200) -> dict[str, Any]:
    """Arguments of a route: its answers, and the named schema of its body."""
    refusals: dict[int | str, Any] = {code: {"model": Problem} for code in REFUSALS}
    schema = {"$ref": REF.format(model=body)}
    return {
        "response_model": None,
        "responses": {status: {"model": answer}, **refusals},
        "openapi_extra": {
            "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}
        },
    }


def describe(app: FastAPI, state: State) -> None:
    """Let the application describe itself with the bodies that its release takes."""
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(_openapi(app, state))
        return made

    app.openapi = openapi  # type: ignore[method-assign] # as FastAPI's documentation does


def _openapi(app: FastAPI, state: State) -> dict[str, Any]:
    content = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    schemas = content["components"]["schemas"]
    for model in (state.reader.row, state.reader.rows, Answers(state.release).outcome):
        schema = model.model_json_schema(ref_template=REF)
        schemas |= schema.pop("$defs", {})
        schemas[model.__name__] = schema
    row = example_row(state.release)
    schemas["Row"]["example"] = row
    schemas["Rows"]["example"] = {"rows": [row]}
    return content
