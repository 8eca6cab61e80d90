"""The HTTP interface."""

import secrets
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml  # type: ignore[import-untyped]
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from ..model import store
from .batching import Batcher
from .extensions import Context, extensions
from .middleware import BROKEN, ApiError, Metrics, RequestMiddleware
from .model_version import ModelVersion
from .requests import body_type, column_types, explain_error, row_model, typed_table
from .settings import Service

PACKAGE = __name__.partition(".")[0]
JSON = "application/json"


class Feedback(BaseModel):
    """What happened after a prediction: the true label, or whether it was correct."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    prediction_id: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    label: Annotated[str, Field(max_length=1000)] | float | None = None
    correct: bool | None = None


class ErrorResponse(BaseModel):
    """A code for programs, a message for people, and row, field and problem of each mistake."""

    error: str
    message: str
    fields: list[dict[str, Any]]
    request_id: str


REFUSALS = (400, 401, 403, 411, 413, 415, 422, 429, 503)
DOCUMENTED: dict[str, Any] = {"responses": {one: {"model": ErrorResponse} for one in REFUSALS}}


def create_app(version: ModelVersion, service: Service, keys: Sequence[str] = ()) -> ASGIApp:
    """The application. keys: any of them is valid as X-API-Key; none lets everyone in."""
    context = Context(version.folder.parents[1], service, Metrics(), build_interface)
    app: Any = build_interface(version, context)
    context.paths |= {str(getattr(route, "path", "")) for route in app.routes}
    for module in extensions():
        app = module.wrap(app, context)
    paths, recorders = context.paths, context.recorders
    return RequestMiddleware(app, service.limits, context.metrics, keys, paths, recorders)


def build_interface(version: ModelVersion, context: Context) -> FastAPI:
    """The HTTP interface of one version, whose schema its requests follow.

    Endpoints find the model in app.state: FastAPI keeps endpoints after the app is gone, and what
    they close over.
    """
    title = f"{version.description['target']} service"
    app = FastAPI(title=title, version="1", redoc_url=None, lifespan=context.running)
    app.state.version = version
    _add_predict(app, version, context)
    _add_feedback(app)
    _add_explain(app, version)
    _add_status(app, version, context.metrics)
    _add_errors(app, list(version.schema.columns))
    return app


def _add_predict(app: FastAPI, version: ModelVersion, context: Context) -> None:
    service = context.service
    one: Any = _prediction_model(version.description["classes"])
    accepted = body_type(row_model(version.schema), service.limits.rows)
    app.state.batcher = Batcher(version, service.timing, service.limits.concurrency)
    name = version.name

    @app.post("/predict", response_model=one | list[one], **DOCUMENTED)
    async def predict(request: Request, body: accepted) -> Response:  # type: ignore[valid-type]
        """Predict one row (an object) or many (a list of objects)."""
        rows: list[BaseModel] = body if isinstance(body, list) else [body]
        outputs = await request.app.state.batcher.predict(rows)
        predictions = [
            {"prediction_id": secrets.token_hex(16), "model_version": name, **output}
            for output in outputs
        ]
        request.scope["facts"]["predictions"] = predictions
        request.scope["rows"] = rows  # for extensions; never logged
        if service.log_inputs:
            inputs = [row.model_dump(by_alias=True) for row in rows]
            request.scope["facts"]["inputs"] = inputs
        content = predictions if rows is body else predictions[0]
        return Response(to_json(content), media_type=JSON)  # validated already


def _prediction_model(classes: list[str] | None) -> type[BaseModel]:
    definitions: dict[str, Any] = {
        "prediction_id": str,
        "prediction": float if classes is None else Literal[tuple(classes)],
        "probabilities": None if classes is None else dict[str, float],
        "model_version": str,
        "source": Literal["model", "fallback"],
        "reason": str | None,
    }
    return create_model("Prediction", **definitions)


def _add_feedback(app: FastAPI) -> None:
    @app.post("/feedback", status_code=202, **DOCUMENTED)
    async def feedback(request: Request, body: Feedback) -> dict[str, str]:
        """What happened after a prediction; logged under its id."""
        request.scope["facts"]["feedback"] = body.model_dump()
        return {"prediction_id": body.prediction_id}


def _add_explain(app: FastAPI, version: ModelVersion) -> None:
    if find_spec(f"{PACKAGE}.explain") is None:
        advice = _how_to_add("explain", version.folder.parents[1])

        @app.post("/explain", include_in_schema=False)
        async def missing() -> None:
            raise ApiError(404, "not_found", advice)

        return
    if version.predictor is None or not (version.folder / store.MODEL).is_file():
        return
    contributions = import_module(f"{PACKAGE}.explain.contributions").contributions
    trained = store.load(version.folder)[0]  # ONNX cannot be looked into
    contributions(trained, version.background, version.background[:1])  # the first call is slow
    app.state.explained = trained, version.background
    types = column_types(version.schema)

    @app.post("/explain", **DOCUMENTED)
    def explain(
        request: Request,
        body: row_model(version.schema),  # type: ignore[valid-type]
    ) -> dict[str, float]:
        """How much each column moves the prediction of one row."""
        trained, background = request.app.state.explained
        return dict(contributions(trained, background, typed_table(types, [body]))[0])


def _how_to_add(component: str, root: Path) -> str:
    """The command that adds a component to those that the project has."""
    path = root / ".copier-answers.yml"
    answers = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    names = ", ".join([*(answers.get("components") or []), component])
    return f"component {component} is off; add it: uvx copier update --data 'components=[{names}]'"


def _add_status(app: FastAPI, version: ModelVersion, metrics: Metrics) -> None:
    is_absent, facts = version.predictor is None, _facts(version)

    @app.get("/health")
    async def health() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/ready", responses={503: {"description": "without a model"}})
    async def ready(response: Response) -> dict[str, str]:
        """Whether requests should be sent here."""
        response.status_code = 503 if is_absent else 200
        return {"status": "absent" if is_absent else "ready"}

    @app.get("/version")
    async def model_version() -> dict[str, Any]:
        """Which model predicts, on which engine, and where it comes from."""
        return facts

    @app.get("/metrics", include_in_schema=False)
    async def read_metrics() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _facts(version: ModelVersion) -> dict[str, Any]:
    facts = {key: version.facts[key] for key in ("engine", "reason")}
    known = {key: version.description[key] for key in ("model", "task", "run", "data")}
    return {"model_version": version.name, **facts, **known}


def _add_errors(app: FastAPI, names: list[str]) -> None:
    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        found = error.errors()
        if found[0]["type"] == "json_invalid":
            return ApiError(400, "not_json", "the body is not JSON").response(request.scope)
        fields = [explain_error(one, names) for one in found]
        rules = zip(fields, found, strict=True)
        request.scope["refused"] = {(one["field"], rule["type"]) for one, rule in rules}
        message = f"{fields[0]['field'] or 'the body'} {fields[0]['problem']}"
        more = f" (and {len(fields) - 1} more)" if len(fields) > 1 else ""
        return ApiError(422, "invalid", message + more, fields).response(request.scope)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        code = {404: "not_found", 405: "wrong_method"}.get(error.status_code, "refused")
        return ApiError(error.status_code, code, str(error.detail)).response(request.scope)

    @app.exception_handler(ApiError)
    async def known(request: Request, error: ApiError) -> Response:
        return error.response(request.scope)

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        return BROKEN.response(request.scope)  # the middleware logs the error, which goes on to it
