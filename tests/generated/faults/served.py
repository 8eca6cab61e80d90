"""Faults of the mvp scaffold: what is done to a sound project, and the test that must go red."""

from __future__ import annotations

from tests.generated.faults.listed import ALL, PENGUINS, SAMPLE, WEATHER, Edit, Fault

DOOR, AGREED = "tests/dataloader/test_door", "tests/dataloader/test_agreed"
PLANTED = "tests/dataloader/test_planted_faults"
CHOICES, REGISTRY = "tests/model/test_choices", "tests/model/test_registry"
PROMOTION, GATES = "tests/executor/test_promotion", "tests/executor/test_gates"
REGISTER, DRIFT = "tests/executor/test_register", "tests/evaluation/test_drift"
SERVICE, BATCH = "tests/serving/test_service", "tests/serving/test_batch"
CLASSES = (SAMPLE, PENGUINS)


def _fault(
    name: str,
    caught_by: str,
    says: str,
    *edits: tuple[str, str, str],
    quick: str = "",
    tables: tuple[str, ...] = ALL,
) -> Fault:
    parts = tuple(Edit(*edit) for edit in edits)
    return Fault(name, caught_by, says, parts, quick=quick, tables=tables)


IN_SERVING = (
    _fault(
        "skewed-serving-transform",
        f"{SERVICE}_golden.py::test_recorded_requests_are_answered_as_when_the_model_was_accepted",
        "] == []",
        (
            "serving/requests.py",
            "np.array(numbers, dtype=np.float64).reshape(len(rows), self.n_numbers),",
            "np.array(numbers, dtype=np.float64).reshape(len(rows), self.n_numbers) * 1.01,",
        ),
        quick=SAMPLE,
    ),
    _fault(
        "columns-of-a-request-in-another-order",
        f"{SERVICE}_golden.py::test_recorded_requests_are_answered_as_when_the_model_was_accepted",
        "] == []",
        (
            "serving/requests.py",
            "        numbers = [values[: self.n_numbers] for values in cells]\n",
            "        numbers = [values[: self.n_numbers][::-1] for values in cells]\n",
        ),
    ),
    _fault(
        "renamed-column-is-taken-for-empty",
        f"{SERVICE}_requests.py::test_a_missing_field_is_named",
        "",
        (
            "serving/requests.py",
            'absent: dict[str, Any] = {} if rules.required else {"default": None}',
            'absent: dict[str, Any] = {"default": None}',
        ),
        quick=PENGUINS,
    ),
    _fault(
        "unknown-field-is-ignored",
        f"{SERVICE}_requests.py::test_a_renamed_column_is_named_with_the_one_that_was_meant",
        "assert []",
        (
            "serving/requests.py",
            'STRICT = ConfigDict(extra="forbid")',
            'STRICT = ConfigDict(extra="ignore")',
        ),
    ),
    _fault(
        "nan-in-a-request",
        f"{SERVICE}_numerics.py::test_the_service_refuses_a_number_that_is_not_finite_by_its_field",
        "assert 200 in (400, 422)",
        (
            "serving/cells.py",
            "Field(strict=True, allow_inf_nan=False, **limits)",
            "Field(strict=True, allow_inf_nan=True)",
        ),
        quick=SAMPLE,
    ),
    _fault(
        "service-forgets-the-range-of-the-contract",
        f"{SERVICE}_requests.py::test_a_request_is_refused_if_and_only_if_the_door_refuses_the_row",
        "",
        ("serving/cells.py", "allow_inf_nan=False, **limits)", "allow_inf_nan=False)"),
        quick=WEATHER,
    ),
    _fault(
        "ready-before-the-model-is-there",
        f"{SERVICE}_signals.py::test_it_is_alive_before_it_is_ready_and_not_ready_while_it_stops",
        "(503, 'loading')",
        (
            "serving/status.py",
            "        reason = state.not_ready\n",
            "        reason = None\n",
        ),
        quick=SAMPLE,
    ),
    _fault(
        "fallback-passes-for-the-model",
        f"{SERVICE}_failures.py::test_a_missing_model_is_answered_for_by_the_fallback",
        "('fallback', 'loading')",
        (
            "serving/fallback.py",
            'return Said(self.prediction, self.probabilities, "fallback", reason)',
            "return Said(self.prediction, self.probabilities)",
        ),
        quick=SAMPLE,
    ),
    _fault(
        "answers-that-are-not-finite-leave",
        f"{SERVICE}_failures.py::test_an_answer_that_is_not_finite_never_leaves",
        "'not-finite'",
        (
            "serving/fallback.py",
            "        if not 0.999 < sum(scores) < 1.001:\n",
            "        if False:\n",
        ),
        ("serving/fallback.py", "        if not np.isfinite(value):\n", "        if False:\n"),
    ),
    _fault(
        "load-without-limit",
        f"{SERVICE}_limits.py::test_load_beyond_the_limit_gets_503_at_once_and_nobody_hangs",
        "assert 40 == 4",
        (
            "serving/limits.py",
            "        if self.n_inside >= self.limits.concurrency:\n",
            "        if False:\n",
        ),
        quick=SAMPLE,
    ),
    _fault(
        "a-removed-field-breaks-nobody",
        f"{SERVICE}_contract.py::test_a_removed_field_breaks_callers",
        "",
        (
            "serving/compatibility.py",
            "    return list(_paths(old, new))\n",
            "    return [line for line in _paths(old, new) if 'answer' not in line]\n",
        ),
    ),
)

IN_THE_MODEL = (
    _fault(
        "wrong-order-of-classes",
        f"{CHOICES}.py::test_a_choice_converts_or_says_why_not",
        "",
        (
            "model/scorer.py",
            "    labels, places = np.asarray(known), [",
            "    labels, places = np.asarray(known[::-1]), [",
        ),
        tables=CLASSES,
        quick=SAMPLE,
    ),
    _fault(
        "a-changed-model-file-is-loaded",
        f"{PROMOTION}.py::test_a_graph_that_was_changed_is_not_loaded",
        "INVALID_PROTOBUF",
        (
            "model/scorer.py",
            "    if digest is not None and sha256_of_file(path) != digest:\n",
            "    if False:\n",
        ),
        quick=PENGUINS,
    ),
    _fault(
        "worse-challenger-is-promoted",
        f"{PROMOTION}.py::test_a_model_that_learnt_wrong_answers_stays_out_for_every_reason",
        "'worse than the champion, version 1' in",
        (
            "executor/gating.py",
            '    if tolerance is None and difference["high"] < 0:\n',
            "    if False:\n",
        ),
        quick=SAMPLE,
    ),
    _fault(
        "model-below-the-baseline-is-promoted",
        f"{PROMOTION}.py::test_a_model_that_learnt_wrong_answers_stays_out_for_every_reason",
        "'is not better than the baseline'",
        ("executor/gating.py", '    if gain["low"] > 0:\n', "    if True:\n"),
    ),
    _fault(
        "slice-regression-is-not-seen",
        f"{GATES}.py::test_slices_are_held_to_their_own_floor_the_worst_first",
        "['a'] == ['c']",
        (
            "executor/judging/slice_floors.py",
            'sign = 1 if assessed["higher_is_better"] else -1',
            'sign = -1 if assessed["higher_is_better"] else 1',
        ),
        quick=SAMPLE,
    ),
    _fault(
        "stale-evaluation-is-registered",
        f"{REGISTER}.py::test_a_stale_evaluation_is_not_registered",
        "'conf/ has changed since'",
        (
            "executor/gating.py",
            "        if tree != trees.tree_id(root, name)\n",
            "        if tree is None\n",
        ),
        quick=PENGUINS,
    ),
)

IN_THE_CONTRACT = (
    _fault(
        "unit-change-passes-the-door",
        f"{PLANTED}.py::test_cells_out_of_range_are_set_aside_named_and_counted",
        "",
        (
            "dataloader/rules.py",
            "    if low is not None or high is not None:\n",
            "    if False:\n",
        ),
        quick=SAMPLE,
    ),
    _fault(
        "empty-cells-pass-the-door",
        f"{DOOR}.py::test_a_refusal_names_file_row_column_rule_and_value",
        "",
        ("dataloader/rules.py", "    if not rules.nullable:\n", "    if False:\n"),
    ),
    _fault(
        "stale-contract-is-not-noticed",
        f"{AGREED}.py::test_a_changed_rule_prepares_anew_and_a_changed_remark_does_not",
        "",
        (
            "executor/prepare.py",
            "    made_by = _made_by(config, screens)\n",
            "    made_by = _made_by(config, {})\n",
        ),
        quick=WEATHER,
    ),
    _fault(
        "drift-compares-a-part-with-itself",
        f"{DRIFT}.py::test_the_index_of_a_part_is_its_distance_from_train",
        "",
        (
            "executor/judging/drift.py",
            "    before = _cells(case.fitted_on, names)\n",
            "    before = _cells(case.test, names)\n",
        ),
    ),
)

SERVED = (*IN_SERVING, *IN_THE_MODEL, *IN_THE_CONTRACT)
