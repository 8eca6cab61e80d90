"""Faults of the registry and the service: what is done to a sound project, and what goes red.

Read by the tests in our own environment: standard library only.
"""

from __future__ import annotations

from tests.generated.faults.listed import ALL, PENGUINS, SAMPLE, WEATHER, Edit, Fault

PREDICT, FAILURES = "tests/serving/test_predict.py::", "tests/serving/test_failures.py::"
INTERFACE, REGISTRY = "tests/serving/test_interface.py::", "tests/registry/test_registry.py::"
GOLDEN = PREDICT + "test_the_predictions_recorded_at_registration_are_predicted_again"
FIELDS = PREDICT + "test_missing_and_unknown_fields_are_named_with_their_row"
ABSENT = FAILURES + "test_a_missing_or_changed_model_gives_the_fallback_and_is_not_ready"
PROMOTED = REGISTRY + "test_a_model_that_learnt_wrong_labels_is_not_promoted"


def _fault(
    name: str,
    caught_by: str,
    says: str,
    *edits: tuple[str, str, str],
    tables: tuple[str, ...] = (SAMPLE,),
) -> Fault:
    return Fault(name, caught_by, says, tuple(Edit(*edit) for edit in edits), tables=tables)


IN_REQUESTS = (
    _fault(
        "features-are-computed-otherwise-in-the-service",
        GOLDEN,
        "Not equal",
        (
            "serving/requests.py",
            "    return pl.from_dicts(cells, schema=types)\n",
            "    table = pl.from_dicts(cells, schema=types)\n"
            "    return table.with_columns(pl.selectors.float() * 1.01)\n",
        ),
        tables=ALL,
    ),
    _fault(
        "columns-of-a-request-in-another-order",
        GOLDEN,
        "Not equal",
        (
            "serving/requests.py",
            "dict(zip(types, vars(row).values(), strict=True))",
            "dict(zip(types, reversed(vars(row).values()), strict=True))",
        ),
    ),
    _fault(
        "a-column-that-is-missing-counts-as-empty",
        FIELDS,
        "KeyError",
        (
            "serving/requests.py",
            "(_cell_type(column), Field(alias=name, title=name))",
            "(_cell_type(column), Field(None, alias=name, title=name))",
        ),
        tables=(PENGUINS,),
    ),
    _fault(
        "an-unknown-field-is-ignored",
        FIELDS,
        "KeyError",
        ("serving/requests.py", 'ConfigDict(extra="forbid")', 'ConfigDict(extra="ignore")'),
    ),
    _fault(
        "the-service-forgets-the-range-of-the-schema",
        PREDICT + "test_a_cell_is_refused_by_name_exactly_where_the_schema_refuses_it",
        "1e+30",
        ("serving/requests.py", "ge=column.min, le=column.max", "ge=None, le=None"),
        tables=(WEATHER,),
    ),
    _fault(
        "a-number-that-is-not-finite-passes",
        PREDICT + "test_a_number_that_is_not_finite_is_refused",
        "200 == 422",
        (
            "serving/requests.py",
            "Field(strict=True, allow_inf_nan=False, ge=column.min, le=column.max)",
            "Field(strict=True, allow_inf_nan=True)",
        ),
    ),
)

IN_THE_MODEL = (
    _fault(
        "label-of-the-lowest-score",
        GOLDEN,
        "==",
        (
            "serving/model_version.py",
            "classes[scores.index(highest)]",
            "classes[scores.index(min(scores))]",
        ),
        tables=(PENGUINS,),
    ),
    _fault(
        "classes-of-the-export-in-another-order",
        GOLDEN,
        "Not equal",
        ("serving/model_version.py", 'facts["codes"])', 'facts["codes"][::-1])'),
    ),
    _fault(
        "the-newest-version-is-served-instead-of-the-champion",
        INTERFACE + "test_the_service_reports_its_health_and_its_model",
        "'2' == '1'",
        (
            "serving/serve.py",
            "    folder = resolve_checked(root, service.model if name is None else name)\n",
            '    folder = resolve_checked(root, "2")\n',
        ),
    ),
    _fault(
        "a-changed-model-file-is-loaded",
        ABSENT,
        "",
        (
            "serving/model_version.py",
            '    if sha256_of_file(path) != facts["onnx_sha256"]:\n',
            "    if False:\n",
        ),
        tables=(PENGUINS,),
    ),
    _fault(
        "the-fallback-passes-for-the-model",
        ABSENT,
        "('model', ",
        ("serving/model_version.py", '"source": "fallback"', '"source": "model"'),
    ),
    _fault(
        "outputs-that-are-not-finite-leave",
        FAILURES + "test_an_output_that_is_not_finite_is_replaced",
        "not-finite",
        ("serving/model_version.py", "if not 0.999 < sum(scores) < 1.001:", "if False:"),
        ("serving/model_version.py", "if not math.isfinite(value):", "if False:"),
        tables=(SAMPLE, WEATHER),
    ),
    _fault(
        "a-slow-model-is-waited-for",
        FAILURES + "test_a_slow_model_gives_the_fallback_within_the_budget",
        "None == 'slow'",
        (
            "serving/batching.py",
            "asyncio.timeout(self.timing.budget_ms / 1000)",
            "asyncio.timeout(None)",
        ),
    ),
)

IN_HTTP = (
    _fault(
        "ready-without-a-model",
        ABSENT,
        "200 == 503",
        (
            "serving/app.py",
            "    is_absent, facts = version.predictor is None, _facts(version)\n",
            "    is_absent, facts = False, _facts(version)\n",
        ),
    ),
    _fault(
        "the-key-is-not-checked",
        FAILURES + "test_without_a_key_nothing_is_predicted",
        "[401, 401, 200]",
        ("serving/middleware.py", "if self.keys and not any(", "if False and not any("),
    ),
    _fault(
        "no-limit-of-the-rate",
        FAILURES + "test_a_client_that_sends_too_many_requests_gets_429",
        "assert []",
        (
            "serving/middleware.py",
            "if most is not None and self._n_requests",
            "if False and self._n_requests",
        ),
    ),
    _fault(
        "no-limit-of-the-body",
        FAILURES + "test_a_body_that_is_too_large_or_of_another_type_is_refused",
        "200 == 413",
        ("serving/middleware.py", "        if int(size) > most:\n", "        if False:\n"),
    ),
    _fault(
        "the-log-lacks-the-id-of-the-prediction",
        INTERFACE + "test_feedback_is_logged_under_the_id_of_its_prediction",
        "prediction_id",
        ("serving/app.py", '["predictions"] = predictions\n', '["predictions"] = outputs\n'),
    ),
)

IN_THE_REGISTRY = (
    _fault(
        "a-model-that-is-worse-than-the-baseline-is-promoted",
        PROMOTED,
        "baseline    fails",
        ("registry/gates.py", '(gain["low"] or 0) > 0', "True"),
    ),
    _fault(
        "a-version-predicts-with-the-values-of-another-preprocessing",
        REGISTRY + "test_each_version_of_this_project_still_predicts_as_when_it_was_registered",
        "",
        (
            "registry/register.py",
            "    prediction_table(model, sample).write_parquet(",
            "    learnt = model.preprocessor.numbers_\n"
            '    learnt["mean"] = [0.0] * len(learnt["mean"])\n'
            "    prediction_table(model, sample).write_parquet(",
        ),
        tables=(WEATHER,),
    ),
)

SERVED = (*IN_REQUESTS, *IN_THE_MODEL, *IN_HTTP, *IN_THE_REGISTRY)
