"""The faults: what is done to a sound project, and the shipped test that must go red.

Read by the tests in our own environment, which has no polars: standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass

SAMPLE, PENGUINS, WEATHER = "sample", "penguins", "weather"
ALL = (SAMPLE, PENGUINS, WEATHER)

DATALOADER, MODEL = "tests/dataloader/test_", "tests/model/test_"
EXECUTOR, EVALUATION = "tests/executor/test_", "tests/evaluation/test_"


@dataclass(frozen=True)
class Edit:
    """Replace `old`, which stands once in the package's file, by `new`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Fault:
    """One fault.

    caught_by: the shipped test that must fail. says: words of its failure, so that it is red for
    the right reason. data: a function of tables.py that spoils the data. quick: the table on which
    it is planted in each run; on the others with the slow tests.
    """

    name: str
    caught_by: str
    says: str
    edits: tuple[Edit, ...] = ()
    data: str = ""
    quick: str = ""
    tables: tuple[str, ...] = ALL


def _in_data(
    name: str, caught_by: str, says: str, quick: str = "", tables: tuple[str, ...] = ALL
) -> Fault:
    """A fault of the data: `name` is the function of tables.py that makes it."""
    return Fault(name.replace("_", "-"), DATALOADER + caught_by, says, (), name, quick, tables)


IN_DATA = (
    _in_data(
        "target_copied",
        "leakage.py::test_no_feature_alone_gives_the_answer_away",
        "'outcome_code' gives",
        SAMPLE,
    ),
    _in_data(
        "target_copied_with_noise",
        "leakage.py::test_no_feature_alone_gives_the_answer_away",
        "'late_reading' gives",
    ),
    _in_data(
        "target_in_the_gaps",
        "leakage.py::test_no_feature_alone_gives_the_answer_away",
        "'follow_up' gives",
        tables=(SAMPLE,),  # the gaps of one column tell two classes apart, and no more
    ),
    _in_data(
        "target_is_a_sum",
        "leakage.py::test_no_two_features_together_reproduce_the_answer",
        "'part_one' and 'part_two' give",
        SAMPLE,
    ),
    _in_data(
        "rows_copied_with_rounding",
        "split.py::test_no_row_stands_in_two_parts",
        "also stand in",
        PENGUINS,
        (SAMPLE, PENGUINS),  # by time, both copies of a row fall into one part
    ),
)

OF_THE_SPLIT = (
    Fault(
        "scaler-before-split",
        DATALOADER + "split.py::test_the_parts_hold_the_values_of_the_file_unscaled",
        "in train",
        (
            Edit(
                "executor/prepare.py",
                "    dealt = _deal(config, table, before,",
                "    import polars as pl\n"
                "    from polars import selectors\n"
                "    numbers = selectors.float() - selectors.by_name(config.data.target)\n"
                "    table.rows = table.rows.with_columns(\n"
                "        (numbers - numbers.mean()) / numbers.std()\n"
                "    )\n"
                "    dealt = _deal(config, table, before,",
            ),
        ),
        quick=SAMPLE,
    ),
    Fault(
        "rows-in-two-parts",
        DATALOADER + "split.py::test_no_row_stands_in_two_parts",
        "also stand in train",
        (
            Edit(
                "executor/prepare.py",
                "        rows = table.rows.filter(dealt.part == name)\n",
                "        import polars as pl\n"
                "        rows = table.rows.filter(dealt.part == name)\n"
                '        more = table.rows.filter(dealt.part == "train")[:20]\n'
                '        rows = rows if name == "train" else pl.concat([rows, more])\n',
            ),
        ),
        quick=SAMPLE,
    ),
    Fault(
        "duplicates-kept",
        DATALOADER + "split.py::test_copies_of_rows_are_dropped_before_the_split",
        "exact duplicate",
        (Edit("executor/prepare.py", "    typed.drop_duplicates(table, config.data)\n", ""),),
    ),
    Fault(
        "group-crosses-parts",
        DATALOADER + "split.py::test_rows_of_one_group_stay_in_one_part",
        "is in train and",
        (
            Edit(
                "dataloader/split.py",
                '    if data.split.by == "group":\n',
                '    if data.split.by == "never":\n',
            ),
        ),
        quick=PENGUINS,
    ),
    Fault(
        "time-split-shuffled",
        DATALOADER + "split.py::test_train_is_before_valid_and_valid_before_test",
        "<",
        (
            Edit(
                "dataloader/split.py",
                '    if data.split.by == "time":\n',
                '    if data.split.by == "never":\n',
            ),
        ),
        quick=WEATHER,
    ),
    Fault(
        "split-moves-when-rows-arrive",
        DATALOADER + "split.py::test_rows_that_arrive_later_move_no_earlier_row",
        "assert",
        (
            Edit(
                "dataloader/split.py",
                "    return Dealt(part, _fingerprint(moments, part), dict(cuts))\n",
                "    part = part.shuffle(len(part))\n"
                "    return Dealt(part, _fingerprint(moments, part), dict(cuts))\n",
            ),
            Edit(
                "dataloader/split.py",
                '        part = pl.Series("part", [_part_of(key, data.split) for key in keys])\n',
                '        part = pl.Series("part", [_part_of(key, data.split) for key in keys])\n'
                "        part = part.shuffle(len(part))\n",
            ),
        ),
    ),
    Fault(
        "original-left-writable",
        DATALOADER
        + "split.py::test_the_original_is_read_only_and_the_file_that_the_manifest_names",
        "S_IWUSR",
        (
            Edit(
                "dataloader/original.py", "file.kept.chmod(READ_ONLY)", "file.kept.chmod(WRITABLE)"
            ),
        ),
    ),
    Fault(
        "infinite-numbers-pass",
        DATALOADER + "contract.py::test_an_infinite_number_stops_prepare",
        "assert",
        (
            Edit(
                "dataloader/checks/finite.py",
                "    return violations",
                "    return [] and violations",
            ),
        ),
    ),
)

OF_TRAINING = (
    Fault(
        "fitted-on-train-and-valid",
        MODEL + "fitted_on_train.py::test_what_was_learnt_is_what_the_train_part_teaches",
        ".estimator.coef_",
        (
            Edit(
                "executor/train.py",
                "problem.fit(config.model, fitted_on)",
                "problem.fit(config.model, fitted_on.vstack(valid))",
            ),
        ),
        quick=SAMPLE,
    ),
    Fault(
        "test-part-read-in-train",
        EXECUTOR
        + "evaluate.py::test_only_evaluate_opens_the_test_part_and_it_finds_the_same_numbers",
        "'test' not in",
        (
            Edit(
                "executor/train.py",
                '    fitted_on, valid = read_part(root, "train"), read_part(root, "valid")\n',
                '    fitted_on, valid = read_part(root, "train"), read_part(root, "valid")\n'
                '    valid = valid.vstack(read_part(root, "test", for_evaluation=True))\n',
            ),
        ),
        quick=WEATHER,
    ),
    Fault(
        "labels-mixed-up",
        EXECUTOR + "train.py::test_the_model_is_better_than_a_guess_on_valid_by_more_than_chance",
        "that could be chance",
        (
            Edit(
                "executor/problem.py",
                "        y = table[self.contract.target.name].to_numpy()\n        with",
                "        import numpy as np\n"
                "        y = table[self.contract.target.name].to_numpy()\n"
                "        labels = np.unique(y)\n"
                "        wrong = np.roll(labels, 1)[np.searchsorted(labels, y)]\n"
                "        y = wrong if self.classes else 2 * y.mean() - y\n"
                "        with",
            ),
        ),
        quick=SAMPLE,
    ),
    Fault(
        "most-labels-are-noise",
        EXECUTOR + "train.py::test_the_model_is_better_than_the_best_question_about_one_feature",
        "nothing more was learnt",
        (
            Edit(
                "executor/train.py",
                "    model, complaints = problem.fit(config.model, fitted_on)\n",
                "    import polars as pl\n"
                "    answer = pl.col(config.data.target)\n"
                "    kept = pl.int_range(pl.len()) % 20 == 0\n"
                "    noise = pl.when(kept).then(answer).otherwise(answer.shuffle(seed=0))\n"
                "    noisy = fitted_on.with_columns(noise.alias(config.data.target))\n"
                "    model, complaints = problem.fit(config.model, noisy)\n",
            ),
        ),
        quick=SAMPLE,
    ),
    Fault(
        "unstable-seed",
        EXECUTOR + "train.py::test_training_again_gives_the_same_metrics_and_the_same_predictions",
        "==",
        (
            Edit(
                "executor/train.py",
                "problem.fit(config.model, fitted_on)",
                "problem.fit(config.model, fitted_on.sample(fraction=0.8))",
            ),
        ),
        quick=PENGUINS,
    ),
    Fault(
        "interrupted-run-says-finished",
        EXECUTOR + "train.py::test_an_interrupted_run_leaves_a_record_that_says_so",
        "interrupted",
        (Edit("utils/runs.py", 'status = "interrupted"', 'status = "finished"'),),
    ),
)

# What a batch holds is not what a single row brings: the classic skew between training and serving.
SCALED_BY_THE_BATCH = (
    Edit(
        "model/features.py",
        '(column.fill_null(float("nan")) for column in floats)',
        '((column - column.mean()).fill_null(float("nan")) for column in floats)',
    ),
)

OF_FEATURES = (
    Fault(
        "features-scaled-by-their-neighbours",
        MODEL + "features.py::test_making_features_learns_nothing_from_the_table",
        "equals",
        SCALED_BY_THE_BATCH,
    ),
    Fault(
        "rows-beside-a-row-matter",
        EXECUTOR + "behaviour.py::test_the_rows_beside_a_row_do_not_matter",
        "alike(",
        SCALED_BY_THE_BATCH,
        quick=PENGUINS,
    ),
    Fault(
        "predict-without-the-scaler",
        EXECUTOR + "predict.py::test_predictions_for_valid_have_the_metrics_that_training_recorded",
        "==",
        (
            Edit(
                "executor/predict.py",
                "    n_rows = 0\n",
                '    steps = model.named_steps["features"].named_transformers_\n'
                '    steps["numbers"].steps[-1] = ("scale", "passthrough")\n'
                "    n_rows = 0\n",
            ),
        ),
        quick=SAMPLE,
    ),
    Fault(
        "columns-taken-by-position",
        EXECUTOR + "behaviour.py::test_the_order_of_columns_does_not_matter",
        "alike(",
        (
            Edit(
                "executor/predict.py",
                "    typed = conform(chunk, contract, shown)\n",
                "    names = [c.name for c in contract.features if c.kind == 'numeric']\n"
                "    came = [name for name in chunk.columns if name in names]\n"
                "    chunk = chunk.rename(dict(zip(came, names, strict=True)))\n"
                "    typed = conform(chunk, contract, shown)\n",
            ),
        ),
    ),
)

OF_EVALUATION = (
    Fault(
        "evaluated-on-training-rows",
        EXECUTOR + "evaluate.py::test_the_metrics_are_those_of_the_test_part",
        "==",
        (
            Edit(
                "executor/evaluate.py",
                '    test = read_part(root, "test", for_evaluation=True)\n',
                '    test = read_part(root, "test", for_evaluation=True)\n'
                "    test = fitted_on.sample(len(test), seed=0)\n",
            ),
        ),
        quick=SAMPLE,
    ),
    Fault(
        "learning-curve-scored-on-test",
        EXECUTOR + "evaluate.py::test_the_learning_curve_never_scores_on_test",
        "==",
        (
            Edit(
                "executor/evaluate.py",
                "learning_curve(problem, fitted_on, valid, judged.record)",
                "learning_curve(problem, fitted_on, test, judged.record)",
            ),
        ),
    ),
    Fault(
        "unsigned-wrap-around",
        EVALUATION
        + "metrics.py::test_small_and_unsigned_integers_neither_wrap_around_nor_overflow",
        "==",
        (
            Edit(
                "evaluation/rows.py",
                "    floats = values.astype(np.float64)\n",
                "    floats = values\n",
            ),
        ),
        quick=SAMPLE,
    ),
    Fault(
        "ties-count-as-wins",
        EVALUATION + "metrics.py::test_metrics_of_classes_equal_scikit_learns",
        "roc_auc",
        (
            Edit(
                "evaluation/classification.py",
                "np.cumsum(negative, axis=1) - negative / 2",
                "np.cumsum(negative, axis=1)",
            ),
        ),
    ),
    Fault(
        "numbers-that-are-not-finite-pass",
        EVALUATION + "metrics.py::test_numbers_that_are_not_finite_are_refused",
        "must be finite",
        (Edit("evaluation/rows.py", "    if n_bad:\n", "    if n_bad > len(floats):\n"),),
    ),
    Fault(
        "interval-far-too-narrow",
        EVALUATION
        + "intervals.py::test_an_interval_holds_the_true_value_about_as_often_as_its_level_says",
        "0.9 <=",
        (
            Edit(
                "evaluation/intervals.py",
                "[(1 - level) / 2, (1 + level) / 2]",
                "[0.4, 0.6]",
            ),
        ),
    ),
)

FAULTS = (*IN_DATA, *OF_THE_SPLIT, *OF_TRAINING, *OF_FEATURES, *OF_EVALUATION)
