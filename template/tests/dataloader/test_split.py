"""The parts share nothing, stay as they are, and hold the file's own values."""

import itertools
import stat

import polars as pl
import pytest
from leaks import shared_rows

pytestmark = pytest.mark.data

PARTS = ("train", "valid", "test")
PAIRS = tuple(itertools.combinations(PARTS, 2))


@pytest.mark.proves("data.duplicates-across-splits")
def test_no_row_stands_in_two_parts(shared):
    for one, other in PAIRS:
        n_shared = shared_rows(shared.part(one), shared.part(other), shared.features())

        assert n_shared == 0, (
            f"{n_shared} rows of {other} also stand in {one}, by the values of all features; "
            f"the same thing was measured or copied twice: drop one, or split by group"
        )


@pytest.mark.proves("data.duplicates-across-splits")
def test_copies_of_rows_are_dropped_before_the_split(project):
    table = project.table()
    project.use(pl.concat([table, table[:30]]))
    project.do("prepare")
    manifest = project.json("data/manifest.json")

    assert {"reason": "exact duplicate", "rows": 30} in manifest["dropped"]
    for one, other in PAIRS:
        assert shared_rows(project.part(one), project.part(other), project.features()) == 0


@pytest.mark.proves("data.duplicates-across-splits")
def test_ignored_columns_neither_tell_rows_apart_nor_deal_them(shared, project, config):
    table = project.table()
    twice = pl.concat([table, table[:30]])
    project.use(twice.with_columns(noise=pl.int_range(len(twice)) * 0.5 % 7))
    project.configure(data__ignore=[*config.data.ignore, "noise"])
    project.do("prepare")
    manifest = project.json("data/manifest.json")

    assert {"reason": "exact duplicate", "rows": 30} in manifest["dropped"]
    for part in PARTS:
        assert project.part(part).drop("_row", "noise").equals(shared.part(part).drop("_row")), part


def test_every_row_read_is_in_one_part_or_counted_as_dropped(shared):
    manifest = shared.json("data/manifest.json")
    sizes = {name: len(shared.part(name)) for name in PARTS}
    dropped = sum(reason["rows"] for reason in manifest["dropped"])

    assert sizes == {name: part["rows"] for name, part in manifest["split"]["parts"].items()}
    assert sum(sizes.values()) == manifest["rows"]["kept"]
    assert manifest["rows"]["read"] == manifest["rows"]["kept"] + dropped


@pytest.mark.proves("data.split-frozen")
def test_preparing_again_gives_the_same_parts(shared, project):
    project.do("prepare", "--replace")

    assert split_of(project) == split_of(shared)


@pytest.mark.proves("data.split-frozen")
def test_the_committed_manifest_describes_this_split(shared, repository):
    committed = repository / "data" / "manifest.json"
    stated = shared.json(committed)["split"] if committed.is_file() else split_of(shared)

    assert stated["fingerprint"] == split_of(shared)["fingerprint"], (
        "data/manifest.json is of another split: run `prepare`, commit the manifest, and do not "
        "compare with earlier results"
    )


@pytest.mark.proves("data.split-frozen")
def test_rows_that_arrive_later_move_no_earlier_row(project):
    table = project.table()
    project.use(table[: len(table) - 20])
    project.do("prepare")
    before = {name: project.part(name)["_row"].to_list() for name in PARTS}
    table.write_parquet(project.root / "table.parquet")
    project.do("prepare", "--replace")

    for name in PARTS:
        assert set(before[name]) <= set(project.part(name)["_row"].to_list())


def test_the_parts_hold_the_values_of_the_file_unscaled(shared, original):
    """Scaling, imputing or encoding before the split would have looked at valid and test."""
    for part in PARTS:
        rows = shared.part(part).join(original, on="_row", how="left", suffix=" as received")
        for name in shared.features("numeric"):
            cells = rows[f"{name} as received"].cast(pl.String).str.replace(",", ".", literal=True)

            assert rows[name].equals(cells.cast(pl.Float64).alias(name)), f"{name} in {part}"


@pytest.mark.proves("data.raw-immutable")
def test_the_original_is_read_only_and_the_file_that_the_manifest_names(shared, sha256):
    (file,) = shared.json("data/manifest.json")["files"]
    path = shared.root / file["file"]

    assert sha256(path) == file["sha256"]
    assert not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)


@pytest.mark.proves("data.raw-immutable")
def test_an_edited_original_is_refused(project):
    (file,) = project.json("data/manifest.json")["files"]
    path = project.root / file["file"]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b"\n")
    path.chmod(0o444)
    edited = path.read_bytes()
    done = project.run("prepare")

    # The sample can be written anew; a file of yours cannot, so the command stops.
    mended = done.code == 0 and path.read_bytes() != edited
    assert mended or (done.code == 2 and file["file"] in done.err)


@pytest.mark.proves("data.groups-apart")
def test_rows_of_one_group_stay_in_one_part(shared, config, facts, made_groups):
    split = config.data.split
    if facts.get("has_groups"):
        assert split.by in ("group", "time"), "checklist/project.yml says that rows form groups"
    column = split.column if split.by == "group" else None
    cases = [(made_groups, "group"), *([(shared, column)] if column else [])]

    for project, name in cases:
        for one, other in PAIRS:
            both = set(project.part(one)[name]) & set(project.part(other)[name])
            assert both == set(), f"{name} {sorted(map(str, both))[:3]} is in {one} and {other}"


@pytest.mark.proves("data.time-order")
def test_train_is_before_valid_and_valid_before_test(shared, config, facts, made_times):
    split = config.data.split
    if facts.get("has_time"):
        assert split.by in ("group", "time"), "checklist/project.yml says that rows have a time"
    column = split.column if split.by == "time" else None
    cases = [(made_times, "day"), *([(shared, column)] if column else [])]

    for project, name in cases:
        train, valid, test = (project.part(part)[name] for part in PARTS)
        assert train.max() < valid.min()
        assert valid.max() < test.min()


@pytest.fixture
def made_groups(project):
    """The project's rows with a made-up group of ten rows each, split by it."""
    table = project.table()
    project.use(table.with_columns(group=pl.format("g{}", pl.int_range(len(table)) // 10)))
    project.do("prepare", "data.split.by=group", "data.split.column=group")
    return project


@pytest.fixture
def made_times(project):
    """The project's rows in shuffled order with a made-up day each, split by it."""
    table = project.table().sample(fraction=1, shuffle=True, seed=0)
    day = pl.date(2020, 1, 1) + pl.duration(days=pl.int_range(len(table)) // 2)
    project.use(table.with_columns(day=day).sample(fraction=1, shuffle=True, seed=1))
    project.do("prepare", "data.split.by=time", "data.split.column=day")
    return project


def split_of(project):
    """Which rows are where, and how that was decided."""
    return project.json("data/manifest.json")["split"]
