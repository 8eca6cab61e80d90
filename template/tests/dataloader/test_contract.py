"""The data keeps its contract, and a file that breaks it is refused by name."""

import polars as pl
import pytest

PARTS = ("train", "valid", "test")

pytestmark = [pytest.mark.data, pytest.mark.proves("data.contract")]


def test_every_column_is_of_its_kind_in_every_part(shared):
    types = {
        "numeric": (pl.Float64,),
        "boolean": (pl.Boolean,),
        "date": (pl.Datetime,),
        "categorical": (pl.String,),
        "text": (pl.String,),
    }
    columns = shared.json("data/manifest.json")["files"][0]["columns"]

    for part in PARTS:
        table = shared.part(part)
        for column in columns:
            assert isinstance(table[column["name"]].dtype, types[column["kind"]]), column["name"]


def test_every_number_is_finite_and_inside_its_range(shared, config):
    table = shared.table()

    for name in shared.features("numeric"):
        assert table[name].drop_nulls().is_finite().all(), name
    for name, (low, high) in config.data.ranges.items():
        assert table[name].drop_nulls().is_between(low, high).all(), name


def test_no_feature_is_emptier_than_the_configuration_allows(shared, config):
    table = shared.table()
    shares = {name: table[name].null_count() / len(table) for name in shared.features()}

    assert {n: s for n, s in shares.items() if s > config.data.max_null_share} == {}
    assert table[config.data.target].null_count() == 0


def test_a_number_that_became_text_is_refused_by_file_row_and_column(project):
    name = project.features("numeric")[0]
    asked = project.received("valid").with_columns(pl.col(name).cast(pl.String))
    asked[1, name] = "twelve"
    asked.write_csv(project.root / "asked.csv")
    done = project.run("predict", "asked.csv", "said.csv")

    assert done.code == 2
    assert done.err == f"asked.csv row 2: {name} must be a number, got twelve\n"
    assert not (project.root / "said.csv").exists()


def test_a_missing_column_is_refused_by_name(project):
    name = project.features()[-1]
    project.received("valid").drop(name).write_csv(project.root / "asked.csv")
    done = project.run("predict", "asked.csv", "said.csv")

    assert done.code == 2
    assert f"column '{name}' is missing" in done.err


def test_an_infinite_number_stops_prepare(project):
    name = project.features("numeric")[0]
    table = project.table()
    table[3, name] = float("inf")
    project.use(table)
    done = project.run("prepare")

    assert done.code == 2
    assert f"table.parquet row 4: {name} must be finite" in done.err


def test_a_number_out_of_its_range_stops_prepare(project):
    name = project.features("numeric")[0]
    top = float(project.table()[name].max())
    project.configure(data__ranges={name: [top - 2, top - 1]})
    done = project.run("prepare")

    assert done.code == 2
    assert f": {name} must be in [" in done.err


def test_a_column_emptier_than_allowed_stops_prepare(project, config):
    name = project.features()[0]
    project.use(project.table().with_columns(pl.lit(None).alias(name)))
    done = project.run("prepare", "data.max_null_share=0.9")

    assert done.code == 2
    assert f"{name} is 100% empty, data.max_null_share allows 90%" in done.err


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_the_row_numbers_of_another_file_are_left_out(project, ending):
    """A part, or what someone made of one, may be the data of the next project."""
    table = project.table().with_columns(_row=pl.int_range(pl.len()) * 3)
    write = pl.DataFrame.write_csv if ending == ".csv" else pl.DataFrame.write_parquet
    write(table, project.root / f"table{ending}")
    project.configure(data__file=f"table{ending}")
    done = project.do("prepare")
    rows = sorted(row for part in PARTS for row in project.part(part)["_row"])

    assert "left out _row: it numbers the rows of another file" in done.out
    assert "_row" not in project.columns("feature", "id", "left-out")
    assert rows == list(range(1, len(table) + 1))


def test_rows_without_an_answer_are_dropped_and_counted(project, config):
    table = project.table()
    answers = pl.when(pl.int_range(len(table)) >= 5).then(pl.col(config.data.target))
    project.use(table.with_columns(answers.alias(config.data.target)))
    project.do("prepare")
    manifest = project.json("data/manifest.json")

    assert {"reason": "target missing", "rows": 5} in manifest["dropped"]
    assert manifest["rows"] == {"read": len(table), "kept": len(table) - 5, "dropped": 5}
