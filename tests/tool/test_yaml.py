"""YAML is read without its traps, and what we write is read back the same by every reader."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ml_checklist import yaml_io
from ml_checklist.errors import DataError

HOSTILE = {
    "anchor": b"a: &x 1\n",
    "alias": b"a: &x [1]\nb: *x\n",
    "bomb": b"a: &a [x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n",
    "tag": b"a: !!python/object/apply:os.system [echo hi]\n",
    "binary tag": b"a: !!binary aGk=\n",
    "merge key": b"base: {a: 1}\nb:\n  <<: {a: 1}\n",
    "duplicate key": b"a: 1\nb: 2\na: 3\n",
    "on as a key": b"on: push\n",
    "yes as a key": b"yes: 1\n",
    "a number as a key": b"1: x\n",
    "a list as a key": b"? [a]\n: b\n",
    "null as a key": b"~: x\n",
    "bare no": b"a: no\n",
    "second document": b"a: 1\n---\nb: 2\n",
    "not utf-8": b"a: \xff\xfe\xfa\n",
    "nesting": b"[" * 100_000,
    "nested mappings": b"{a: " * 5000,
    "unclosed": b"a: [1, 2\n",
    "tabs": b"a:\n\t- b\n",
    "control character": b"a: \x00\n",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_trap_is_one_line_with_its_place(raw):
    with pytest.raises(DataError) as caught:
        yaml_io.parse(raw, "x.yml")

    assert str(caught.value).startswith("x.yml")
    assert len(str(caught.value).splitlines()) == 1


def test_a_huge_file_is_not_read(tmp_path):
    path = tmp_path / "x.yml"
    path.write_bytes(b"a" * (yaml_io.MAX_BYTES + 1))

    with pytest.raises(DataError, match="at most 1048576"):
        yaml_io.load(path)


def test_crlf_and_a_byte_order_mark_are_accepted():
    assert yaml_io.parse(b"\xef\xbb\xbfa: 1\r\nb: x\r\n", "x.yml") == {"a": 1, "b": "x"}


def test_a_date_stays_a_word_and_a_number_is_one():
    text = b"a: 2026-11-20\nb: 1e-3\nc: 12:30\nd: 010\ne: true\nf: -2\ng: ~\n"

    assert yaml_io.parse(text, "x.yml") == {
        "a": "2026-11-20",
        "b": 0.001,
        "c": "12:30",
        "d": "010",
        "e": True,
        "f": -2,
        "g": None,
    }


def test_a_mapping_knows_its_lines():
    data = yaml_io.parse(b"a: 1\nb:\n  c: 2\n", "x.yml")

    assert (data.lines["b"], data["b"].line, data["b"].lines["c"]) == (2, 3, 3)


def test_loose_mode_reads_what_continuous_integration_files_hold():
    text = b"on: {push: {}}\n.x: &x {script: [a]}\nb: {<<: *x, c: !reference [d]}\n"
    data = yaml_io.parse(text, "x.yml", strict=False)

    assert data["on"] == {"push": {}}
    assert data["b"]["c"] == ["d"]


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=30),
    lambda inner: (
        st.lists(st.dictionaries(st.text(min_size=1, max_size=8), inner, min_size=1), max_size=3)
        | st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(min_size=1, max_size=12), PLAIN, max_size=5))
def test_what_we_write_is_read_back_the_same(data):
    text = yaml_io.dump(data)

    assert (yaml_io.parse(text.encode(), "x.yml") or {}) == data
    assert (yaml.safe_load(text) or {}) == data


@given(st.binary(max_size=200))
def test_no_bytes_do_worse_than_a_clear_line(raw):
    message = ""
    try:
        yaml_io.parse(raw, "x.yml")
    except DataError as error:
        message = str(error)

    assert len(message.splitlines()) <= 1
