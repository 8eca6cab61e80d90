"""How the model behaves: what must not matter does not, and what must matter does.

After Ribeiro et al. (2020), Beyond Accuracy: Behavioral Testing of NLP Models with CheckList.
"""

import numpy as np
import polars as pl
import pytest

pytestmark = [pytest.mark.quality, pytest.mark.proves("evaluation.behaviour")]


@pytest.fixture(scope="module")
def asked(shared):
    """Rows to predict."""
    return shared.question("valid")


@pytest.fixture(scope="module")
def said(shared, asked):
    """Their predictions."""
    return shared.predict(asked)


def test_the_order_of_rows_does_not_matter(shared, asked, said):
    order = np.random.default_rng(0).permutation(len(asked))

    assert alike(shared.predict(asked[order]), said[order])


def test_the_order_of_columns_does_not_matter(shared, asked, said):
    assert alike(shared.predict(asked.select(reversed(asked.columns))), said)


def test_a_column_that_the_model_does_not_know_does_not_matter(shared, asked, said):
    assert alike(shared.predict(asked.with_columns(pl.lit("x").alias("nobody asked"))), said)


def test_asking_twice_gives_the_same_answer_twice(shared, asked, said):
    assert alike(shared.predict(pl.concat([asked, asked])), pl.concat([said, said]))


def test_the_rows_beside_a_row_do_not_matter(shared, asked, said):
    assert alike(shared.predict(asked[:3]), said[:3])


def test_answers_are_possible_answers(shared, config, said):
    known = shared.part("train")[config.data.target]
    chances = said.select(pl.col("^probability_.*$"))

    assert len(said) > 0
    if config.task == "classification":
        assert set(said["prediction"].cast(pl.String)) <= set(known.cast(pl.String))
        np.testing.assert_allclose(chances.sum_horizontal().to_numpy(), 1, atol=1e-6)
    else:
        reach = known.max() - known.min()
        assert said["prediction"].is_between(known.min() - reach, known.max() + reach).all()


def test_a_row_with_any_one_cell_empty_gets_an_answer(shared, asked):
    row = asked[:1]
    emptied = [
        row.with_columns(pl.lit(None).cast(row[name].dtype).alias(name))
        for name in shared.features()
    ]

    assert shared.predict(pl.concat(emptied))["prediction"].null_count() == 0


def test_not_every_row_gets_the_same_answer(said):
    assert said["prediction"].n_unique() > 1


def test_moving_rows_towards_a_class_moves_the_answer_that_way(shared, config, asked, said):
    """Direction: towards the mean of a class (of the top third of a number) in every number."""
    for name, middle in middles(shared, config).items():
        numbers = list(middle)
        centre = {column: shared.part("train")[column].mean() for column in numbers}
        moved = asked.with_columns(
            pl.col(column) + (middle[column] - centre[column]) for column in numbers
        )
        gain = strength(shared.predict(moved), name) - strength(said, name)

        assert gain > 0, f"towards {name}: moved by {gain:.3g}"


def test_what_is_true_of_a_row_is_said_more_strongly_than_of_other_rows(shared, config):
    """Minimum functionality: on the rows it was fitted on, which are the easiest there are."""
    said = shared.predict(shared.question("train"))
    group = groups(shared, config)

    for name in named(group):
        own, others = strength(said.filter(group == name), name), said.filter(group != name)
        gain = own - strength(others, name)

        assert gain > 0, f"{name}: {gain:.3g} stronger where it is true than elsewhere"


def groups(project, config):
    """Of each row of train its class, or the third of the numbers in which its answer lies."""
    target = project.part("train")[config.data.target]
    if config.task == "classification":
        return target.cast(pl.String)
    third = np.digitize(target.to_numpy(), np.quantile(target.to_numpy(), [1 / 3, 2 / 3]))
    return pl.Series(np.array(["low", "middle", "high"])[third])


def named(group):
    """The groups that a prediction can be strong for: a number is high or low."""
    return [name for name in sorted(set(group)) if name != "middle"]


def middles(project, config):
    """Mean of each numeric feature, by class or by third of the target."""
    train, group = project.part("train"), groups(project, config)
    numbers = project.features("numeric")
    return {
        name: {column: train.filter(group == name)[column].mean() for column in numbers}
        for name in named(group)
    }


def strength(said, name):
    """How strongly predictions say `name`: mean probability, or mean number ("low": negative)."""
    column = f"probability_{name}"
    if column in said.columns:
        return float(said[column].mean())
    return float(said["prediction"].mean()) * (-1 if name == "low" else 1)


def alike(one, other):
    """Whether two tables hold equal labels, and numbers equal up to rounding."""
    return one.columns == other.columns and all(
        np.allclose(one[name].to_numpy(), other[name].to_numpy(), rtol=1e-9)
        if one[name].dtype.is_float()
        else one[name].to_list() == other[name].to_list()
        for name in one.columns
    )
