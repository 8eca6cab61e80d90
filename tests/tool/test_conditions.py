"""`when:` expressions in three values."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ml_checklist.catalog.conditions import Fact, parse

FACTS = {
    "people": Fact("people", (), "q", "w"),
    "team": Fact("team", (), "q", "w"),
    "serving": Fact("serving", ("none", "batch", "realtime"), "q", "w"),
}
CASES = [
    ("people", {"people": True}, True),
    ("people", {}, None),
    ("not people", {"people": True}, False),
    ("serving == batch", {"serving": "batch"}, True),
    ("serving != none", {"serving": "batch"}, True),
    ("serving in [batch, realtime]", {"serving": "none"}, False),
    ("people and serving == batch", {"people": False}, False),
    ("people and serving == batch", {"people": True}, None),
    ("people or serving == batch", {"people": True}, True),
    ("not (people or team)", {"people": False, "team": False}, True),
    ("serving == 'batch'", {"serving": "batch"}, True),
    ("people == false", {"people": False}, True),
    (
        "people or team and serving == none",
        {"people": False, "team": True, "serving": "none"},
        True,
    ),
]


@pytest.mark.parametrize(("text", "facts", "value"), CASES)
def test_an_expression_is_decided(text, facts, value):
    assert parse(text, FACTS)(facts).value is value


def test_only_the_facts_that_matter_are_asked_for():
    condition = parse("people and serving == batch", FACTS)

    assert condition({"people": True}).missing == {"serving"}
    assert condition({"people": False}).missing == frozenset()


WRONG = [
    ("peple", "did you mean 'people'"),
    ("serving == batsch", "did you mean 'batch'"),
    ("serving", "write serving == none"),
    ("people ==", "it ends too early"),
    ("people and", "it ends too early"),
    ("(people", "'(' was never closed, at character 1"),
    ("people team", "invalid syntax, at character 8"),
    ("people; import os", "does not understand"),
    ("people == true == team", "expected a fact"),
    ("serving > batch", "write ==, != or in [a, b]"),
    ("serving in []", "write ==, != or in [a, b]"),
    ("people.team", "expected a fact, got 'people.team'"),
    ("__import__('os')", "expected a fact"),
    ("", "has 0 characters"),
    ("not " * 5000 + "people", "characters"),
    ("not " * 50 + "people", "nested deeper than 20 levels"),
    ("(" * 240 + "people" + ")" * 240, "too"),
]


@pytest.mark.parametrize(("text", "word"), WRONG)
def test_a_wrong_expression_says_what_is_wrong(text, word):
    with pytest.raises(ValueError, match=re.escape(word)):
        parse(text, FACTS)


ATOMS = st.sampled_from(
    ["people", "team", "serving == batch", "serving in [none, realtime]", "serving != none"]
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
            lambda p: f"({p[0]} {p[1]} {p[2]})"
        )
        | inner.map(lambda text: f"not ({text})")
    ),
    max_leaves=8,
)
KNOWN = st.fixed_dictionaries(
    {
        "people": st.booleans(),
        "team": st.booleans(),
        "serving": st.sampled_from(["none", "batch", "realtime"]),
    }
)


@given(EXPRESSIONS, KNOWN, st.sets(st.sampled_from(sorted(FACTS))))
def test_learning_a_fact_never_turns_an_answer_round(text, facts, hidden):
    condition = parse(text, FACTS)
    partly = condition({name: value for name, value in facts.items() if name not in hidden})

    assert partly.value in (None, condition(facts).value)
    assert condition(facts).value is not None
    assert partly.missing <= hidden
