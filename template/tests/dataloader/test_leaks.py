"""The leak finder finds planted leaks and leaves honest tables alone."""

import numpy as np
import polars as pl
import pytest
from leaks import shared_rows, telling_columns, telling_pairs

pytestmark = pytest.mark.data

CLASSIFICATION, REGRESSION = "classification", "regression"


@pytest.fixture
def honest():
    """Two noisy columns, a category and a target that follows from all three, with noise."""
    random = np.random.default_rng(0)
    a, b, noise = random.normal(size=(3, 300))
    kind = random.choice(["x", "y"], 300)
    y = 2 * a - b + (kind == "x") + noise
    return pl.DataFrame({"a": a, "b": b, "kind": kind}), pl.Series("y", y)


def test_an_honest_table_has_no_telling_column_and_no_telling_pair(honest):
    X, y = honest
    is_large = (y > 0).alias("y").cast(pl.String)

    for target, task in ((y, REGRESSION), (is_large, CLASSIFICATION)):
        assert telling_columns(X, target, task) == []
        assert telling_pairs(X, target, task) == []


@pytest.mark.parametrize(
    "made_of",
    [pl.col("y"), pl.col("y") * -3 + 7, pl.col("y").exp(), pl.col("y") + 0.01 * pl.col("a")],
    ids=["copy", "other unit", "curved", "nearly"],
)
def test_a_copy_of_the_target_is_named(honest, made_of):
    X, y = honest
    told = telling_columns(X.with_columns(y).select("a", "b", copy=made_of), y, REGRESSION)

    assert len(told) == 1
    assert told[0].startswith("'copy' gives 'y' away: a small tree on its values alone")


def test_a_column_filled_in_only_for_one_answer_is_named_by_its_gaps(honest):
    X, y = honest
    answer = (y > 0).alias("y")
    told = telling_columns(
        X.with_columns(late=pl.when(answer).then(pl.col("a"))), answer, CLASSIFICATION
    )

    assert len(told) == 1
    assert "'late' gives 'y' away" in told[0]


@pytest.mark.parametrize(
    ("left", "formula"),
    [("difference", "weighted sum"), ("sum", "weighted sum"), ("ratio", "product or ratio")],
)
def test_two_columns_that_make_a_number_are_named(honest, left, formula):
    X, y = honest
    y = (y - y.min() + 1).alias("y")
    part = X["a"] - X["a"].min() + 1
    rest = {"difference": y + part, "sum": y - part, "ratio": y * part}[left]
    told = telling_pairs(X.select("b").with_columns(part=part, rest=rest), y, REGRESSION)

    assert told == [
        f"'part' and 'rest' give 'y' away: their {formula} reproduces it; "
        f"add the one that a prediction cannot know to data.ignore"
    ]


def test_two_columns_whose_sum_numbers_the_classes_are_named(honest):
    X, y = honest
    answer = pl.Series("y", np.digitize(y.to_numpy(), [-1.0, 1.0])).cast(pl.String)
    rest = answer.cast(pl.Float64) - X["a"]

    assert (
        "their sum reproduces it"
        in telling_pairs(X.with_columns(rest=rest), answer, CLASSIFICATION)[0]
    )


def test_rows_that_differ_by_rounding_alone_count_as_shared(honest):
    X, _ = honest
    jittered = X[:20].with_columns(pl.col("a") + 1e-12)

    assert shared_rows(X, jittered, X.columns) == 20
    assert shared_rows(X[20:], X[:20], X.columns) == 0
