"""Each kind of finding is found where it is planted, and not before."""

# Runs in a generated project's environment, which has what ours lacks.
# mypy: ignore-errors
import json
import shutil
from pathlib import Path

import polars as pl
import pytest
import yaml
from my_model.audit.audit import audit
from my_model.audit.records import rules

SRC = "src/my_model"


def write(root, file, text):
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def change(root, file, **changes):
    """Change values of a JSON file by their path, with __ between keys."""
    path = root / file
    content = json.loads(path.read_text()) if path.is_file() else {}
    for key, value in changes.items():
        *above, last = key.split("__")
        inside = content
        for name in above:
            inside = inside.setdefault(name, {})
        inside[last] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    path.chmod(0o644) if path.is_file() else None
    path.write_text(json.dumps(content, indent=2))


def conf(root, **changes):
    path = root / "conf/default.yaml"
    content = yaml.safe_load(path.read_text())
    for key, value in changes.items():
        *above, last = key.split("__")
        inside = content
        for name in above:
            inside = inside[name]
        inside[last] = value
    path.write_text(yaml.safe_dump(content, sort_keys=False))


def newest(root):
    return max((root / "logs").glob("*/run.json")).relative_to(root).as_posix()


def serve(root, version="1"):
    """As if a version were champion, and had predicted."""
    folder = root / "models" / version
    shutil.copytree((root / newest(root)).parent, folder)
    write(root, "models/aliases.json", json.dumps({"champion": version}))
    write(root, "conf/service.yaml", "port: 8000\n")
    write(root, "data/served/predictions/0.parquet", "")


def found(root, kind):
    """(file, line, seen) of the findings of a kind."""
    report = audit(root)
    return [(e["file"], e["line"], e["seen"]) for e in report["findings"] if e["id"] == kind]


CODE = {
    "leakage.held-out-fit": [
        (
            "executor/mine.py",
            "def run(root):\n    rows = read_part(root, 'valid')\n    S().fit(rows)",
        ),
        ("executor/mine.py", "def run(parts, X_test):\n    pass\n    S().fit_transform(X_test)"),
        (
            "executor/mine.py",
            "def run(c):\n    rows = concat([c.train, c.valid])\n    S().fit(rows)",
        ),
        ("executor/mine.py", "def run(parts):\n    X = f(parts['test'])\n    fit(1, 2, X)"),
        ("model/mine.py", "def run(path):\n    X = pl.read_csv(path).drop('y')\n    S().fit(X)"),
    ],
    "leakage.before-split": [
        (
            "executor/mine.py",
            "def run(X):\n    X = S().fit_transform(X)\n    return train_test_split(X)",
        ),
        ("executor/mine.py", "def run(X):\n    X = (X - X.mean()) / X.std()\n    return split(X)"),
        ("executor/mine.py", "def run(X):\n    S().fit(X)\n    return KFold().split(X)"),
        (
            "executor/mine.py",
            "def run(X):\n    pass\n    return train_test_split(S().fit_transform(X))",
        ),
        ("dataloader/sources.py", "def load(X):\n    low = 0\n    return X / X.std()"),
    ],
    "leakage.test-opened": [
        ("executor/mine.py", "def run(root):\n    pass\n    return read_part(root, 'test')"),
        (
            "model/mine.py",
            "def run():\n    import polars\n    return polars.read_parquet('data/test/a.parquet')",
        ),
        (
            "model/mine.py",
            "def run(root):\n    pass\n    return scan_parquet(root / 'data' / 'test')",
        ),
    ],
    "architecture.unsafe-load": [
        ("model/mine.py", "def run(f):\n    import pickle\n    return pickle.load(f)"),
        ("model/mine.py", "def run(f):\n    import joblib\n    return joblib.load(f)"),
        ("model/mine.py", "def run(f):\n    import torch\n    return torch.load(f)"),
        (
            "model/mine.py",
            "def run(f):\n    import torch\n    return torch.load(f, weights_only=False)",
        ),
    ],
}


@pytest.mark.parametrize(
    ("kind", "file", "text"), [(kind, *one) for kind, every in CODE.items() for one in every]
)
def test_a_fault_in_code_is_found_at_its_line(project, kind, file, text):
    write(project.root, f"{SRC}/{file}", text + "\n")

    assert [one[:2] for one in found(project.root, kind)] == [(f"{SRC}/{file}", 3)]


def test_an_import_against_the_layers_is_found_at_its_line(project):
    here = Path(__file__).resolve().parents[2]
    shutil.copy2(here / "pyproject.toml", project.root)
    shutil.copytree(here / "src", project.root / "src")
    before = audit(project.root)["findings"]
    write(project.root, f"{SRC}/model/mine.py", "import polars\n\nfrom ..executor import train\n")
    seen = "my_model.model.mine imports my_model.executor.train"

    assert [one for one in before if one["severity"] == "error"] == []
    assert found(project.root, "architecture.layers") == [(f"{SRC}/model/mine.py", 3, seen)]
    write(project.root, "pyproject.toml", "")
    (file, _, seen) = found(project.root, "audit.unreadable")[0]
    assert (file, seen.partition(":")[0]) == ("pyproject.toml", "lint-imports")


RIGHT = """
import torch

def cut(root, parts, context):
    rows = read_part(root, "train")
    S().fit(rows)
    S().fit(parts["train"])
    tables = [context.train, context.valid]
    S().fit(tables[0])
    train, valid = divide(rows, context.valid)
    S().fit(train)
    M().fit(train, eval_set=[(valid, valid)])
    M().fit(pl.read_parquet("data/train/part-0.parquet"))
    a, b = train_test_split(root)
    torch.load("a.pt", weights_only=True)
    name = "a b".split(" ")
    return read_part(root, "valid"), json.load(root), store.load(root)
"""


def test_right_code_has_no_finding(project):
    write(project.root, f"{SRC}/executor/mine.py", RIGHT)
    report = audit(project.root)

    assert [e for e in report["findings"] if e["file"].startswith("src/")] == []


def test_what_cannot_be_read_is_an_error(project):
    write(project.root, f"{SRC}/model/mine.py", "a = 1\ndef (\n")
    write(project.root, "reports/live.json", "[")
    write(project.root, "reports/skew.json", '{"columns": [{"column": "a"}]}')
    seen = found(project.root, "audit.unreadable")

    assert (f"{SRC}/model/mine.py", 2) in [one[:2] for one in seen]
    assert len(seen) == 3
    assert str(project.root) not in str(seen)
    assert "KeyError: 'unequal_share'" in str(seen)
    assert "reports/live.json" in str(seen)


def test_without_a_run_or_data_the_audit_says_what_it_left_out(project):
    shutil.rmtree(project.root / "logs")
    shutil.rmtree(project.root / "data")
    report = audit(project.root)

    assert [line.partition("/")[0] for line in report["skipped"]] == ["data", "logs"]
    assert report["n"]["error"] == 0


def skewed(root):
    serve(root)
    columns = [{"column": "a", "unequal_share": 0.5}, {"column": "b", "unequal_share": 0.0}]
    change(root, "reports/skew.json", model_version="1", n_rows=900, columns=columns)


def old_skew(root):
    serve(root)
    change(root, "reports/skew.json", model_version="0", n_rows=900, columns=[])


def personal(root):
    features = json.loads((root / "data/manifest.json").read_text())["features"]
    change(root, "data/manifest.json", features=[*features, "E_mail"])
    path = root / "conf/schema.yaml"
    path.write_text(path.read_text().replace("columns:\n", "columns:\n  E_mail: {type: text}\n"))


def watched_before(root):
    serve(root)
    change(root, "reports/live.json", model={"version": "0"})


def no_record(root):
    serve(root)
    (root / "models/1/run.json").chmod(0o644)
    (root / "models/1/run.json").unlink()


def protected(root):
    feature = json.loads((root / "data/manifest.json").read_text())["features"][0]
    write(root, "conf/fairness.yaml", f"columns: [{feature}]\n")


def accepted(root, until):
    conf(root, metric="rmse", model="forest", models__forest={"criterion": "absolute_error"})
    line = f"{{id: loss.metric, file: conf/default.yaml, reason: agreed, see 0007, until: {until}}}"
    line = line.replace("agreed, see 0007", '"agreed, see 0007"')
    write(root, "conf/audit-accepted.yaml", f"accepted:\n  - {line}\n")


RECORDS = {
    "drift.unwatched": (serve, "models/aliases.json"),
    "drift.unwatched now": (watched_before, "models/aliases.json"),
    "skew.over-limit": (skewed, "reports/skew.json"),
    "skew.unchecked": (serve, "reports/skew.json"),
    "skew.unchecked old": (old_skew, "reports/skew.json"),
    "lineage.no-record": (no_record, "models/1/run.json"),
    "lineage.uncommitted": (lambda root: change(root, newest(root), git__commit=None), "logs/"),
    "lineage.uncommitted dirty": (
        lambda root: change(root, newest(root), git={"commit": "abc", "dirty": True}),
        "logs/",
    ),
    "lineage.data": (lambda root: change(root, newest(root), data__train="0" * 64), "logs/"),
    "compliance.personal": (personal, "conf/schema.yaml"),
    "compliance.protected": (protected, "conf/schema.yaml"),
}
USUAL = ("lineage.uncommitted",)  # of a project without git


@pytest.mark.parametrize("name", RECORDS)
def test_a_fault_in_the_records_is_found(project, name):
    kind, (plant, file) = name.partition(" ")[0], RECORDS[name]
    before = [] if kind in USUAL else found(project.root, kind)
    plant(project.root)
    places = [one for one in found(project.root, kind) if one[0].startswith(file)]

    assert before == []
    assert len(places) == 1
    assert places[0][1] is not None or not (project.root / places[0][0]).is_file()


def test_a_version_that_is_watched_and_compared_has_no_finding(project):
    serve(project.root)
    change(project.root, "reports/live.json", model={"version": "1"})
    change(project.root, "reports/skew.json", model_version="1", columns=[])

    assert found(project.root, "drift.unwatched") + found(project.root, "skew.unchecked") == []


def test_a_service_that_predicted_nothing_owes_no_comparison(project):
    serve(project.root)
    log = project.root / "data/served/predictions"
    (log / "0.parquet").rename(log / "0.count")

    assert found(project.root, "skew.unchecked") == []


LOSSES = [
    ({"metric": "mae", "model": "ridge"}, True),
    ({"metric": "mae", "model": "forest"}, True),
    ({"metric": "rmse", "model": "ridge"}, False),
    ({"metric": "mae", "model": "boosting", "models__boosting": {"loss": "absolute_error"}}, False),
    ({"metric": "rmse", "model": "boosting", "models__boosting": {"loss": "absolute_error"}}, True),
    ({"metric": "rmse", "model": "ridge", "train__target_transform": "log"}, True),
]


@pytest.mark.parametrize(("changes", "expected"), LOSSES)
def test_a_loss_is_compared_with_the_metric(project, changes, expected):
    conf(project.root, **changes)

    assert bool(found(project.root, "loss.metric")) is expected


def classes(root, metric, n_rare):
    """A classification in which n_rare of 300 rows are of the rare class."""
    labels = ["rare"] * n_rare + ["common"] * (300 - n_rare)
    table = pl.DataFrame({"x": range(300), "z": [n % 7 for n in range(300)], "y": labels})
    table.write_csv(root / "table.csv")
    conf(root, task="classification", metric=metric, model="logistic", data__file="table.csv")
    conf(root, data__target="y", data__accept={"x": ["leak"]})
    for file in ("conf/schema.yaml", "data/manifest.json"):
        (root / file).unlink()


def test_weights_and_a_metric_of_probabilities_are_found(project):
    classes(project.root, "brier", 140)
    conf(project.root, train__class_weight="balanced")

    assert len(found(project.root, "loss.metric")) == 1


def unscale(root):
    """As if the preprocessing of the newest model did not scale."""
    path = (root / newest(root)).parent / "model.json"
    content = json.loads(path.read_text())
    numbers = content["preprocessing"]["numbers_"]
    numbers["mean"] = [0.0] * len(numbers["mean"])
    numbers["scale"] = [0.01] * len(numbers["scale"])
    path.write_text(json.dumps(content))


def test_unscaled_columns_are_found_for_a_model_that_needs_scale(project):
    before = found(project.root, "scaling.missing")
    unscale(project.root)
    after = found(project.root, "scaling.missing")

    assert before == []
    assert len(after) == 1
    assert after[0][2].startswith("model ridge, activation none; deviation of ")


def test_trees_need_no_scale(project):
    assert project.run("train", "model=forest", "models.forest.n_estimators=5").returncode == 0
    unscale(project.root)

    assert found(project.root, "scaling.missing") == []


def test_unscaled_columns_before_a_flat_activation_are_found(project, monkeypatch):
    from my_model.model.estimators import ESTIMATORS, Estimator
    from sklearn.neural_network import MLPRegressor

    def build(task, parameters, weight, seed):
        return MLPRegressor(activation="tanh", max_iter=300, random_state=seed, tol=1)

    monkeypatch.setitem(ESTIMATORS, "network", Estimator(build))
    assert project.run("train", "model=network").returncode == 0
    before = found(project.root, "scaling.missing")
    unscale(project.root)
    after = found(project.root, "scaling.missing")

    assert before == []
    assert len(after) == 1
    assert after[0][2].startswith("model network, activation tanh; ")


def test_a_finding_is_accepted_until_its_day(project):
    accepted(project.root, "2999-01-01")
    report = audit(project.root)

    assert [(one["id"], one["until"]) for one in report["accepted"]] == [
        ("loss.metric", "2999-01-01")
    ]
    assert "loss.metric" not in [one["id"] for one in report["findings"]]


def test_an_acceptance_that_is_over_does_not_hide_its_finding(project):
    accepted(project.root, "2020-01-01")

    assert len(found(project.root, "loss.metric")) == 1


def test_the_command_fails_on_an_error_and_writes_page_and_record(project):
    before = project.run("audit")
    write(project.root, f"{SRC}/model/mine.py", "import pickle\nX = pickle.load(open('a'))\n")
    after = project.run("audit")

    assert (before.returncode, after.returncode) == (0, 1)
    assert f"architecture.unsafe-load  {SRC}/model/mine.py:2" in after.stdout
    assert project.json("reports/audit.json")["n"]["error"] == 1
    assert "runs whatever code" in (project.root / "reports/audit.html").read_text()


CHANGES = {
    "split": ["data.split.seed=5"],
    "features": ["data.ignore=[bmi]"],
    "target": ["train.target_transform=log"],
    "estimator": ["models.ridge.alpha=5"],
    "seed": ["seed=9"],
    "data": ["data.expected_rows_min=50"],
}


@pytest.mark.parametrize("stage", CHANGES)
def test_the_stage_that_changed_a_number_is_named(project, stage):
    first = Path(newest(project.root)).parent.name
    assert project.run("train", *CHANGES[stage]).returncode == 0
    second = Path(newest(project.root)).parent.name
    done = project.run("audit", "--changed", first, second)

    assert done.returncode == 0, done.stderr
    assert f"first     {stage}\n" in done.stdout


def test_a_change_of_data_code_packages_weights_or_metric_is_named(project):
    first = Path(newest(project.root)).parent.name
    for stage, key, value in (
        ("data", "data__main", "0" * 64),
        ("code", "trees__src", "0" * 64),
        ("packages", "environment__packages__numpy", "1.0"),
        ("weights", "config__train__class_weight", "balanced"),
        ("metric", "config__data__positive", "yes"),
    ):
        shutil.copytree(project.root / "logs" / first, project.root / "models" / stage)
        change(project.root, f"models/{stage}/run.json", **{key: value})
        assert f"first     {stage}\n" in project.run("audit", "--changed", first, stage).stdout


def test_every_kind_is_planted_here():
    text = Path(__file__).read_text()

    assert [kind for kind in rules()["kinds"] if f'"{kind}' not in text] == []
