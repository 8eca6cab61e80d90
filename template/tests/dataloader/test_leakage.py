"""No feature gives the answer away."""

import pytest
from leaks import telling_columns, telling_pairs

pytestmark = [pytest.mark.data, pytest.mark.proves("data.leakage")]


def test_no_feature_alone_gives_the_answer_away(shared, config):
    train = shared.part("train")
    told = telling_columns(train.select(shared.features()), train[config.data.target], config.task)

    assert told == [], "\n".join(told)


def test_no_two_features_together_reproduce_the_answer(shared, config):
    train = shared.part("train")
    told = telling_pairs(train.select(shared.features()), train[config.data.target], config.task)

    assert told == [], "\n".join(told)


def test_the_answer_and_the_id_are_no_features(shared, config):
    left_out = {config.data.target, config.data.id, "_row", *config.data.ignore}

    assert left_out.isdisjoint(shared.features())


def test_a_copy_of_the_answer_turns_this_file_red(shared, config):
    """A check that cannot fail on this data would prove nothing."""
    train = shared.part("train")
    answer = train[config.data.target]
    X = train.select(shared.features()[:1]).with_columns(answer.alias("a copy"))

    assert "'a copy' gives" in "".join(telling_columns(X, answer, config.task))
