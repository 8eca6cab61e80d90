"""A shape that holds others fits where nothing in it is at fault, as its schema says too."""

import pytest
from json_schemas import described
from jsonschema import Draft202012Validator
from ml_checklist.shapes import Keys, ListOf, Shape, Table, Text

WORD: Shape = Text()
NESTED: dict[str, Shape] = {
    "list": ListOf(WORD, least=1),
    "keys": Keys(name=WORD, note_=WORD),
    "table": Table(WORD),
    "deep": Table(ListOf(Keys(name=WORD))),
}
VALUES: list[object] = [
    [],
    ["a"],
    ["a", 1],
    {},
    {"name": "a"},
    {"name": "a", "note": "b"},
    {"name": "a", "extra": "b"},
    {"name": 1},
    {"x": [{"name": "a"}]},
    {"x": [{"name": 1}]},
    {"x": [{}]},
    "a",
    None,
]


@pytest.mark.parametrize("name", NESTED)
def test_fits_where_there_is_no_fault_and_where_the_schema_holds(name):
    shape = NESTED[name]
    schema = described(shape)
    verdicts = [shape.fits(value) for value in VALUES]

    assert verdicts == [not list(shape.faults(value, (), 0)) for value in VALUES]
    assert verdicts == [Draft202012Validator(schema).is_valid(value) for value in VALUES]
    assert set(verdicts) == {True, False}


def test_a_fault_names_the_way_to_it():
    (fault,) = NESTED["deep"].faults({"x": [{"name": "a"}, {"name": 1}]}, (), 7)

    assert fault.path == ("x[1]", "name")
    assert fault.line == 7
