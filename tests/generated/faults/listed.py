"""The faults: what is done to a sound project, and the shipped test that must go red.

Read by the tests in our own environment, which has no polars: standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass

SAMPLE, PENGUINS, WEATHER = "sample", "penguins", "weather"
ALL = (SAMPLE, PENGUINS, WEATHER)

MODEL, EVALUATION = "tests/model/test_behaviour.py::", "tests/evaluation/test_evaluation.py::"
SPLIT, SCHEMA = "tests/dataloader/test_split.py::", "tests/dataloader/test_schema.py::"
LEAKAGE, TRAIN = "tests/dataloader/test_leakage.py::", "tests/executor/test_train.py::"


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
    return Fault(name.replace("_", "-"), caught_by, says, (), name, quick, tables)


def _in_code(
    name: str,
    caught_by: str,
    says: str,
    *edits: tuple[str, str, str],
    quick: str = "",
    tables: tuple[str, ...] = ALL,
    data: str = "",
) -> Fault:
    """A fault of the code, by its edits."""
    return Fault(name, caught_by, says, tuple(Edit(*e) for e in edits), data, quick, tables)


ALONE = LEAKAGE + "test_no_feature_alone_gives_the_target_away"
NO_COPIES = SPLIT + "test_no_row_has_a_copy_in_another_part"

IN_DATA = (
    _in_data("target_copied", ALONE, "outcome_code", SAMPLE),
    _in_data("target_copied_with_noise", ALONE, "late_reading"),
    # The gaps of one column tell two classes apart, and no more.
    _in_data("target_in_the_gaps", ALONE, "follow_up", tables=(SAMPLE,)),
    _in_data(
        "target_is_a_sum",
        LEAKAGE + "test_no_features_together_give_the_target_away",
        "['part_one', 'part_two']",
        SAMPLE,
    ),
    # By time, both copies of a row are in one part.
    _in_data(
        "rows_copied_with_rounding",
        NO_COPIES,
        "have copies in two parts",
        PENGUINS,
        (SAMPLE, PENGUINS),
    ),
)

IN_THE_SPLIT = (
    _in_code(
        "scaler-before-split",
        SPLIT + "test_the_parts_hold_each_row_of_the_file_once_with_its_values",
        "== []",
        (
            "executor/prepare.py",
            "    check_table(config, table)\n",
            "    check_table(config, table)\n"
            "    numbers = pl.selectors.float().exclude(data.target)\n"
            "    table = table.with_columns((numbers - numbers.mean()) / numbers.std())\n",
        ),
        quick=SAMPLE,
    ),
    _in_code(
        "rows-in-two-parts",
        NO_COPIES,
        "have copies in two parts",
        (
            "executor/prepare.py",
            "    part = split(table, data)\n",
            "    part = split(table, data)\n"
            '    more = table.filter(part == "train")[:20]\n'
            "    table = pl.concat([table, more])\n"
            '    part = pl.concat([part, pl.Series(["test"] * len(more))])\n',
        ),
        quick=SAMPLE,
    ),
    _in_code(
        "copies-of-rows-are-dealt-alone",
        NO_COPIES,
        "have copies in two parts",
        ("dataloader/split.py", "    unused = {ROW, data.target,", "    unused = {data.target,"),
        data="rows_copied",
        tables=(SAMPLE, PENGUINS),
    ),
    _in_code(
        "group-crosses-parts",
        SPLIT + "test_rows_of_one_group_share_a_part",
        "is_unique",
        ("dataloader/split.py", '    "group": split_by_group,\n', '    "group": split_by_hash,\n'),
        quick=PENGUINS,
    ),
    _in_code(
        "time-split-shuffled",
        SPLIT + "test_train_is_before_valid_and_valid_before_test",
        "<",
        (
            "dataloader/split.py",
            "    ).to_series()\n    at = moments",
            "    ).to_series().shuffle(0)\n    at = moments",
        ),
        quick=WEATHER,
    ),
    _in_code(
        "split-moves-when-rows-arrive",
        SPLIT + "test_a_row_keeps_its_part_whatever_rows_arrive_and_shares_it_with_its_copies",
        "split(some",
        (
            "dataloader/split.py",
            "    return _parts_of(keys, data.split)\n",
            "    return _parts_of(keys, data.split).shuffle(len(keys))\n",
        ),
        tables=(SAMPLE, PENGUINS),
        quick=PENGUINS,
    ),
    _in_code(
        "original-left-writable",
        SPLIT + "test_the_originals_are_read_only_and_an_edited_one_is_refused",
        "st_mode",
        ("dataloader/manifest.py", "    kept.chmod(READ_ONLY)\n", "    kept.chmod(WRITABLE)\n"),
    ),
    _in_code(
        "edited-original-passes",
        SPLIT + "test_the_originals_are_read_only_and_an_edited_one_is_refused",
        "restored",
        (
            "dataloader/manifest.py",
            "    if before != digest and not replace:\n",
            "    if False:\n",
        ),
        tables=(PENGUINS, WEATHER),  # the sample is written anew
    ),
    _in_code(
        "infinite-numbers-pass",
        SCHEMA + "test_a_cell_that_is_missing_of_another_type_or_out_of_its_range_is_refused",
        "inf",
        (
            "dataloader/schema.py",
            '            found.append(("must be finite", cells.is_finite()))\n',
            "            cells = pl.when(cells.is_finite()).then(cells)\n",
        ),
        quick=SAMPLE,
    ),
    _in_code(
        "values-out-of-range-pass",
        SCHEMA + "test_a_cell_that_is_missing_of_another_type_or_out_of_its_range_is_refused",
        "set()",
        ("dataloader/schema.py", "        if self.max is not None:\n", "        if False:\n"),
    ),
)

IN_TRAINING = (
    _in_code(
        "fitted-on-train-and-valid",
        TRAIN + "test_model_and_preprocessing_are_what_train_alone_teaches",
        "to_json",
        ("executor/train.py", "import time\n", "import time\n\nimport polars as pl\n"),
        (
            "executor/train.py",
            'fit(config, config.model, parts["train"], ',
            "fit(config, config.model, pl.concat(parts.values()), ",
        ),
        quick=SAMPLE,
    ),
    _in_code(
        "test-part-read-in-train",
        TRAIN + "test_a_second_run_learns_the_same_whatever_valid_holds",
        "opens these parts",
        ("executor/train.py", "import time\n", "import time\n\nimport polars as pl\n"),
        (
            "executor/train.py",
            "    features, classes = manifest[",
            '    more = manifests.read_part(root, "test", for_evaluation=True)\n'
            '    parts["valid"] = pl.concat([parts["valid"], more])\n'
            "    features, classes = manifest[",
        ),
        quick=WEATHER,
    ),
    _in_code(
        "labels-mixed-up",
        TRAIN + "test_the_model_is_better_than_a_guess_by_more_than_chance_and_than_a_rule",
        "'low': -",
        (
            "model/predictor.py",
            "        estimator.fit(X, y, **options",
            "        y = 2 * y.mean() - y if classes is None else (y + 1) % len(classes)\n"
            "        estimator.fit(X, y, **options",
        ),
        quick=SAMPLE,
    ),
    _in_code(
        "most-labels-are-noise",
        TRAIN + "test_the_model_is_better_than_a_guess_by_more_than_chance_and_than_a_rule",
        "'low'",
        ("executor/train.py", "import time\n", "import time\n\nimport polars as pl\n"),
        (
            "executor/train.py",
            "    model, warnings = fit(config, config.model, parts[",
            "    answer = pl.col(config.data.target)\n"
            "    kept = pl.int_range(pl.len()) % 20 == 0\n"
            "    noise = pl.when(kept).then(answer).otherwise(answer.shuffle(seed=0))\n"
            '    parts["train"] = parts["train"].with_columns(noise.alias(config.data.target))\n'
            "    model, warnings = fit(config, config.model, parts[",
        ),
        quick=SAMPLE,
    ),
    _in_code(
        "unstable-seed",
        TRAIN + "test_a_second_run_learns_the_same_whatever_valid_holds",
        "==",
        (
            "executor/train.py",
            'fit(config, config.model, parts["train"], ',
            'fit(config, config.model, parts["train"].sample(fraction=0.8), ',
        ),
        quick=PENGUINS,
    ),
    _in_code(
        "interrupted-run-says-finished",
        TRAIN + "test_a_run_that_ends_early_is_recorded_as_such",
        "interrupted",
        ("utils/runs.py", 'status = "interrupted"', 'status = "finished"'),
    ),
)

# The rows beside a row are others in the service: the classic skew between training and serving.
BESIDE = MODEL + "test_the_rows_beside_a_row_do_not_matter"

IN_FEATURES = (
    _in_code(
        "features-scaled-by-their-neighbours",
        BESIDE,
        "Not equal",
        (
            "model/preprocess.py",
            'values -= learnt["mean"]',
            "values -= np.nan_to_num(values).mean(axis=0)",
        ),
        quick=PENGUINS,
    ),
    _in_code(
        "a-feature-of-the-whole-table",
        BESIDE,
        "Not equal",
        (
            "model/features.py",
            "    return table\n",
            "    numbers = pl.selectors.float()\n"
            '    return table.with_columns((numbers / numbers.mean()).name.suffix(" of mean"))\n',
        ),
    ),
    _in_code(
        "predict-without-the-scaler",
        EVALUATION + "test_predictions_for_a_part_have_the_metrics_that_were_reported",
        "==",
        (
            "executor/predict.py",
            "    schema = Schema.model_validate(",
            '    model.preprocessor.numbers_["mean"] = [0.0] * len(\n'
            '        model.preprocessor.numbers_["mean"]\n'
            "    )\n"
            "    schema = Schema.model_validate(",
        ),
        quick=SAMPLE,
    ),
    _in_code(
        "columns-taken-by-position",
        MODEL + "test_the_order_of_rows_and_columns_and_other_columns_do_not_matter",
        "",
        (
            "executor/predict.py",
            "    if not len(table):\n",
            "    names = [name for name, one in schema.columns.items() if one.type == 'number']\n"
            "    came = [name for name in table.columns if name in names]\n"
            "    table = table.rename(dict(zip(came, names, strict=True)))\n"
            "    if not len(table):\n",
        ),
    ),
)

METRICS = EVALUATION + "test_right_predictions_are_better_than_wrong_ones"

IN_EVALUATION = (
    _in_code(
        "evaluated-on-training-rows",
        EVALUATION + "test_predictions_for_a_part_have_the_metrics_that_were_reported",
        "==",
        (
            "executor/evaluate.py",
            '    test = manifests.read_part(context.root, "test", for_evaluation=True)\n',
            '    test = manifests.read_part(context.root, "test", for_evaluation=True)\n'
            "    test = context.train.sample(len(test), seed=0)\n",
        ),
        quick=SAMPLE,
    ),
    _in_code(
        "learning-curve-scored-on-test",
        EVALUATION + "test_the_learning_curve_is_scored_on_train_and_valid",
        "==",
        (
            "executor/evaluate.py",
            "learning_curve(context)",
            "learning_curve(dataclasses.replace(context, valid=test))",
        ),
        (
            "executor/evaluate.py",
            "import argparse\n",
            "import argparse\nimport dataclasses\n",
        ),
        quick=WEATHER,
    ),
    _in_code(
        "probability-of-the-wrong-class",
        METRICS,
        "right > worse",
        (
            "evaluation/metrics.py",
            "sk.roc_auc_score(y_true, y_score[:, 1])",
            "sk.roc_auc_score(y_true, y_score[:, 0])",
        ),
        tables=(SAMPLE,),
        quick=SAMPLE,
    ),
    _in_code(
        "metric-steers-the-wrong-way",
        METRICS,
        "right > worse",
        (
            "evaluation/metrics.py",
            '"log_loss": Metric(log_loss, CLASSES, greater_is_better=False, low=0)',
            '"log_loss": Metric(log_loss, CLASSES)',
        ),
    ),
    _in_code(
        "interval-far-too-narrow",
        EVALUATION + "test_an_interval_covers_the_true_value_as_often_as_its_level_says",
        "160 <=",
        ("evaluation/intervals.py", "[(1 - level) / 2, (1 + level) / 2]", "[0.4, 0.6]"),
        quick=SAMPLE,
    ),
)

IN_COMMANDS = (
    _in_code(
        "unknown-keys-pass",
        "tests/test_main.py::test_a_mistake_is_one_line_that_names_it",
        "returncode",
        ("configs/section.py", 'extra="forbid"', 'extra="ignore"'),
        quick=SAMPLE,
    ),
)

FAULTS = (
    *IN_DATA,
    *IN_THE_SPLIT,
    *IN_TRAINING,
    *IN_FEATURES,
    *IN_EVALUATION,
    *IN_COMMANDS,
)
