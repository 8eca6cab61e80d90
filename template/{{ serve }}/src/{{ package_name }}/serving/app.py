"""The HTTP interface."""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import yaml  # type: ignore[import-untyped]
from fastapi import Depends, FastAPI, Request, Response, Security
from fastapi.exceptions import RequestValidationError
from fastapi.security import APIKeyHeader
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from ..configs.load import load
from ..configs.settings import Section
from .middleware import ApiError, Limits, Metrics, RequestMiddleware
from .model_version import ModelVersion, Outputs, Timing
from .requests import body_type, explain_errors, row_model, typed_table, types_of

PATH = "conf/service.yaml"
PACKAGE = __package__.partition(".")[0]
JSON = "application/json"
CODES = {400: "not_json", 404: "not_found", 405: "wrong_method"}


class Stop(Section):
    """How the service ends."""

    drain_s: Annotated[float, Field(ge=0)]
    wait_s: Annotated[int, Field(ge=1)]


class Service(Section):
    """Everything in conf/service.yaml."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)]
    model: Annotated[str, Field(coerce_numbers_to_str=True)]  # a version is written 2, means "2"
    key_env: str | None = None
    timing: Timing
    limits: Limits
    stop: Stop
    outputs: Outputs
    log_inputs: bool


def load_service(root: Path, overrides: Sequence[str] = ()) -> Service:
    """conf/service.yaml, changed by `key=value` words; raises ValueError, one line a mistake."""
    return load(root, PATH, Service, overrides)


class Feedback(BaseModel):
    """What happened after a prediction."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    prediction_id: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    label: Annotated[str, Field(max_length=1000)] | float | None = None
    correct: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Feedback":
        if self.label is None and self.correct is None:
            raise ValueError("label or correct is missing")
        return self


class ErrorResponse(BaseModel):
    """Every refusal: a code for programs, a message for people, and each wrong field."""

    error: str
    message: str
    fields: list[dict[str, Any]]
    request_id: str


ERRORS: dict[int | str, Any] = {
    status: {"model": ErrorResponse} for status in (400, 401, 408, 413, 415, 422, 429, 500, 503)
}


def prediction_model(version: ModelVersion) -> type[BaseModel]:
    """The response for one row."""
    classes = version.description["classes"]
    kind: Any = float if classes is None else Literal[tuple(classes)]
    return create_model(
        "Prediction",
        prediction_id=(str, ...),
        prediction=(kind, ...),
        probabilities=(None if classes is None else dict[str, float], ...),
        model_version=(str, ...),
        source=(Literal["model", "fallback"], ...),
        reason=(str | None, ...),
    )


def create_app(version: ModelVersion, service: Service, keys: Sequence[str] = ()) -> FastAPI:
    """The application. keys: any of them is valid as X-API-Key; none lets everyone in.

    app.state.draining: /ready reports it, so that no new requests are sent.
    """
    app = FastAPI(title=f"{version.description['target']} service", version="1", redoc_url=None)
    app.state.draining, metrics = False, Metrics()
    _add_predictions(app, version, service, metrics, [Depends(_key_check(keys))])
    _add_status(app, version, metrics)
    app.add_exception_handler(RequestValidationError, _invalid(list(version.schema.columns)))
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ApiError, _api_error)
    paths = {str(getattr(route, "path", "")) for route in app.routes}
    app.add_middleware(RequestMiddleware, limits=service.limits, metrics=metrics, paths=paths)
    return app


def _add_predictions(
    app: FastAPI, version: ModelVersion, service: Service, metrics: Metrics, checks: list[Any]
) -> None:
    types, row = types_of(version.schema), row_model(version.schema)
    body, one = body_type(row, service.limits.rows), prediction_model(version)
    pool = ThreadPoolExecutor(service.timing.threads)
    documented: dict[str, Any] = {"responses": ERRORS, "dependencies": checks}

    async def predicted(request: Request, rows: list[BaseModel]) -> list[dict[str, Any]]:
        outputs = await version.predict_within(typed_table(types, rows), service.timing, pool)
        found = []
        for cells, output in zip(rows, outputs, strict=True):
            metrics.predictions.labels(output["source"], output["reason"] or "").inc()
            names = {"prediction_id": secrets.token_hex(16), "model_version": version.name}
            found.append(names | output)
        request.scope["facts"]["predictions"] = [
            prediction | _inputs(cells, service.log_inputs)
            for prediction, cells in zip(found, rows, strict=True)
        ]
        return found

    @app.post("/predict", response_model=one | list[one], **documented)
    async def predict(request: Request, body: body) -> Response:  # type: ignore[valid-type]
        """Predict one row (a JSON object) or many (a list of objects)."""
        many = isinstance(body, list)
        found = await predicted(request, body if many else [body])
        return Response(to_json(found if many else found[0]), media_type=JSON)

    @app.post("/feedback", status_code=202, **documented)
    async def feedback(request: Request, body: Feedback) -> dict[str, str]:
        """What happened after a prediction; logged under its id."""
        request.scope["facts"]["feedback"] = body.model_dump()
        return {"prediction_id": body.prediction_id}

    if find_spec(f"{PACKAGE}.explain") is None:

        @app.post("/explain", include_in_schema=False)
        async def no_explain() -> None:
            raise ApiError(404, "not_found", _how_to_add("explain", version.folder.parents[1]))

        return
    contributions = import_module(f"{PACKAGE}.explain.contributions").contributions

    @app.post("/explain", **documented)
    async def explain(request: Request, body: row) -> dict[str, float]:  # type: ignore[valid-type]
        """How much each column moved the prediction of one row."""
        table = typed_table(types, [body])
        task = asyncio.get_running_loop().run_in_executor(
            pool, lambda: contributions(version.trained, version.background, table)[0]
        )
        try:
            return await asyncio.wait_for(task, service.timing.explain_ms / 1000)
        except TimeoutError:
            raise ApiError(503, "too_slow", "the explanation takes too long", wait_s=1) from None


def _add_status(app: FastAPI, version: ModelVersion, metrics: Metrics) -> None:
    @app.get("/health")
    async def health() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/ready", responses={503: {"description": "without a model, or about to stop"}})
    async def ready(response: Response) -> dict[str, str]:
        """Whether requests should be sent here."""
        status = "draining" if app.state.draining else "ready"
        status = "absent" if version.predictor is None else status
        response.status_code = 200 if status == "ready" else 503
        return {"status": status}

    @app.get("/version")
    async def model_version() -> dict[str, Any]:
        """Which model predicts, on which engine, and where it comes from."""
        facts = {key: version.facts.get(key) for key in ("engine", "reason")}
        known = {key: version.description[key] for key in ("model", "task", "run", "data")}
        return {"model_version": version.name, **facts, **known}

    @app.get("/metrics", include_in_schema=False)
    async def read_metrics() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _key_check(keys: Sequence[str]) -> Any:
    async def check(key: str | None = Security(APIKeyHeader(name="X-API-Key", auto_error=False))) -> None:
        given = (key or "").encode()
        if keys and not any(hmac.compare_digest(given, one.encode()) for one in keys):
            raise ApiError(401, "no_key", "X-API-Key is missing or wrong")

    return check


def _inputs(cells: BaseModel, shown: bool) -> dict[str, Any]:
    """The SHA-256 of a row, and its values where conf/service.yaml says so."""
    digest = hashlib.sha256(repr(list(vars(cells).values())).encode()).hexdigest()
    values = {"inputs": cells.model_dump(by_alias=True)} if shown else {}
    return {"input_sha256": digest, **values}


def _how_to_add(component: str, root: Path) -> str:
    """The command that adds a component to those that the project has."""
    answers = root / ".copier-answers.yml"
    text = answers.read_text(encoding="utf-8") if answers.is_file() else ""
    stored = list((yaml.safe_load(text) or {}).get("components") or [])
    names = ", ".join([*stored, component])
    return f"this needs the component {component}: uvx copier update --data 'components=[{names}]'"


def _invalid(names: list[str]) -> Any:
    async def handle(request: Request, error: RequestValidationError) -> Response:
        errors = error.errors()
        if errors[0]["type"] == "json_invalid":
            return await _api_error(request, ApiError(400, "not_json", "the body is not JSON"))
        fields = explain_errors(errors, names)
        first = fields[0]
        message = f"{first['field'] or 'the body'} {first['problem']}"
        more = f" (and {len(fields) - 1} more)" if len(fields) > 1 else ""
        return await _api_error(request, ApiError(422, "invalid", message + more, fields))

    return handle


async def _http_error(request: Request, error: Any) -> Response:
    code = CODES.get(error.status_code, "refused")
    return await _api_error(request, ApiError(error.status_code, code, str(error.detail)))


async def _api_error(request: Request, error: Any) -> Response:
    return cast(Response, error.response(request.scope["facts"]["request_id"]))
