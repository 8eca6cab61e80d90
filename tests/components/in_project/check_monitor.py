"""Our own machinery of the monitor: copied into a project's tests/monitoring, and run there."""

# Runs in a generated project's environment, which has what ours lacks.
# mypy: ignore-errors
import json
import os
import resource
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from my_model.model import store
from my_model.monitoring import log, quality, segments, skew, windows
from my_model.monitoring.agreement import agreement
from my_model.monitoring.settings import Kpi, load_monitoring
from my_model.monitoring.windows import WINDOW, find_drift
from my_model.registry.versions import resolve
from my_model.serving import requests
from pydantic_core import to_json

N_WINDOWS, N_ROWS, N_COLUMNS = 1000, 300, 10
WRITE = """
import sys
from itertools import count
from pathlib import Path
from my_model.monitoring import log, segments

folder = Path(sys.argv[1])
writer = segments.SegmentWriter(folder, lambda n: None)
for number in count():
    writer.put([{"time": number, "prediction_id": str(number), "source": "x" * 200}])
    print(number, flush=True)
    if number % 500 == 499:
        writer.end_segment()
        segments.close_segments(folder, log.SCHEMAS[log.LABELS])
"""


@pytest.fixture
def writer(tmp_path):
    """A writer of labels and what it has lost, with one record written."""
    lost = []
    one = segments.SegmentWriter(tmp_path / "labels", lost.append)
    one.put(line(0))
    yield one, lost
    one.end_segment()


def line(number):
    return [{"time": number, "prediction_id": str(number)}]


def close(folder):
    segments.close_segments(folder, log.SCHEMAS[log.LABELS])


def ids(folder):
    tables = [pl.read_parquet(path) for path in sorted(folder.glob("*.parquet"))]
    return sorted(int(one) for table in tables for one in table["prediction_id"])


def test_a_killed_writer_loses_no_record_and_its_segment_is_closed_at_the_next_start(
    shared, tmp_path
):
    environment = {**os.environ, "PYTHONPATH": str(shared.root / "src")}
    folder = tmp_path / "killed"
    words = [sys.executable, "-c", WRITE, str(folder)]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as process:
        written = [int(process.stdout.readline()) for _ in range(1750)]
        process.send_signal(signal.SIGKILL)
        written += map(int, process.stdout.read().splitlines())
    left = next(folder.glob("*.jsonl"), folder / "20260101T000000-abcdef01.jsonl")
    with left.open("ab") as file:
        file.write(b'{"time": 1, "predic')  # as if the kill had come within a write
    close(folder)
    kept = ids(folder)

    assert kept[: len(written)] == written
    assert len(kept) <= len(written) + 1  # the one before whose number it was killed
    assert int(left.with_suffix(".count").read_text()) == 1
    assert not [*folder.glob("*.jsonl"), *folder.glob("*.lock")]


def test_a_segment_is_closed_by_nobody_while_its_writer_lives(writer):
    one, _ = writer
    close(one.folder)
    while_open = [*one.folder.glob("*.jsonl")], ids(one.folder)
    one.end_segment()
    close(one.folder)

    assert (len(while_open[0]), while_open[1]) == (1, [])
    assert ids(one.folder) == [0]


def test_what_a_full_disk_refuses_is_counted_and_the_rest_is_whole(writer):
    one, lost = writer
    size, hard = next(one.folder.glob("*.jsonl")).stat().st_size, resource.RLIM_INFINITY
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, hard))  # ten bytes, then no space
    try:
        for number in range(1, 6):
            one.put(line(number))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    one.put(line(6))
    one.end_segment()
    close(one.folder)
    (count,) = one.folder.glob("*.count")

    assert ids(one.folder) == [0, 6]
    assert sum(lost) == int(count.read_text()) == 5


def test_a_folder_that_cannot_be_written_costs_no_request(tmp_path):
    (tmp_path / "file").write_text("no folder")
    lost = []
    one = segments.SegmentWriter(tmp_path / "file" / "labels", lost.append)
    for number in range(7):
        one.put(line(number))

    assert sum(lost) == 7


def test_the_service_answers_while_the_disk_refuses_and_each_prediction_is_kept_or_counted(
    serve, logged, rows
):
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    with serve() as client:
        client.post("/predict", json=rows[0])
        size = max(path.stat().st_size for path in log.stores(logged.root))
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + size // 2, hard))
        try:
            found = [client.post("/predict", json=row).status_code for row in rows[:20]]
            metrics = client.get("/metrics").text
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        client.post("/predict", json=rows[0])
    n_lost = log.n_lost(logged.root)["predictions"]
    kept = log.read_predictions(logged.root).collect()

    assert found == [200] * 20
    assert n_lost > 0
    assert f'service_log_lost_total{{log="predictions"}} {n_lost}.0' in metrics
    assert len(kept) + n_lost == 22


def clean(generator, n_rows, shift=0.0):
    cells = generator.standard_normal((n_rows, N_COLUMNS))
    cells[:, 0] += shift
    names = [f"c{place}" for place in range(N_COLUMNS)]
    return pl.DataFrame(cells, schema=names)


def windows_of(shared, *words):
    return load_monitoring(shared.root, [f"windows.{word}" for word in words]).windows


@pytest.mark.parametrize("season", [1, 7])
def test_chance_rings_in_at_most_the_stated_share_of_windows(shared, season, monkeypatch):
    """PERSIST=1 measures the level itself; the shipped 2 rings less."""
    n_windows = int(os.environ.get("N_WINDOWS", 60))
    generator = np.random.default_rng(season)
    monkeypatch.setattr(windows, "N_SHOWN", n_windows)
    monkeypatch.setattr(windows, "MIN_PSI", 0)
    settings = windows_of(shared, f"season={season}", "persist=1")
    train = clean(generator, 3000)
    stream = pl.concat(
        clean(generator, N_ROWS).with_columns(pl.lit(k).alias(WINDOW)) for k in range(n_windows)
    )
    found = find_drift([stream], [train], settings)
    rate = sum(bool(one.rings) for one in found) / len(found)
    print(f"season {season}: {rate:.4f} of {len(found)} windows")

    assert rate <= settings.level + 3 * (settings.level / len(found)) ** 0.5


def test_a_season_is_silent_and_drift_on_top_of_it_is_found(shared):
    generator = np.random.default_rng(3)
    phases = [0.0, 0.0, 0.0, 0.0, 0.0, 1.5, 1.5]
    train = pl.concat(clean(generator, 400, shift) for shift in phases)

    def rings(season, drift_from=None):
        parts = []
        for k in range(28):
            shift = phases[k % 7] + (1.0 if drift_from is not None and k >= drift_from else 0.0)
            parts.append(clean(generator, N_ROWS, shift).with_columns(pl.lit(k).alias(WINDOW)))
        settings = windows_of(shared, f"season={season}")
        return {one.number: one.rings for one in find_drift([pl.concat(parts)], [train], settings)}

    with_season, without = rings(7), rings(1)
    drifted = rings(7, drift_from=20)

    assert not any(with_season.values())
    assert any(without.values())  # the same stream rings where the season is not named
    assert [drifted[k] for k in range(20)] == [[]] * 20
    assert drifted[21] == drifted[27] == ["c0"]


def fill_log(root, n_days, per_day, flip=0.0, concept_from=None):
    """Days of predictions for rows of valid, with labels; `flip` of them are wrong."""
    generator = np.random.default_rng(5)
    folder = resolve(root)
    model, description = store.load(folder)
    classes, columns = description["classes"], list(description["schema"]["columns"])
    parts = [root / f"data/{name}/part-0.parquet" for name in ("train", "valid")]
    table = pl.concat(map(pl.read_parquet, parts))
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for day in range(n_days):
        rows = table[generator.integers(0, len(table), per_day)]
        found = model.predict(rows)
        times = [today - timedelta(days=n_days - day, seconds=-k) for k in range(per_day)]
        names = [generator.bytes(16).hex() for _ in times]
        scores = [dict(zip(classes, one, strict=True)) for one in found.y_score.tolist()]
        values = {
            "time": times,
            "prediction_id": names,
            "request_id": names,
            "model_version": folder.name,
            "prediction": [classes[code] for code in found.y_pred],
            "probabilities": [json.dumps(one) for one in scores],
            "source": "model",
            "row": [json.dumps(row) for row in rows.select(columns).to_dicts()],
            "role": "served",
        }
        write(root, log.PREDICTIONS, f"day-{day}", values)
        share = 0.45 if concept_from is not None and day >= concept_from else flip
        wrong = generator.random(per_day) < share
        true = rows[description["target"]].cast(pl.String).to_list()
        labels = [
            classes[classes.index(t) - 1] if w else t for t, w in zip(true, wrong, strict=True)
        ]
        values = {"time": times, "prediction_id": names, "label": labels, "source": "truth.csv"}
        write(root, log.LABELS, f"day-{day}", values)


def write(root, name, file, values):
    folder = root / log.SERVED / name
    folder.mkdir(parents=True, exist_ok=True)
    schema = log.SCHEMAS[name]
    table = pl.DataFrame(values).with_columns(
        pl.lit(None, kind).alias(key) for key, kind in schema.items() if key not in values
    )
    table.select(list(schema)).cast({"time": schema["time"]}).write_parquet(
        folder / f"{file}.parquet"
    )


def test_a_shadow_is_logged_with_its_role_and_judged_by_nothing(logged, version, rows):
    model = requests.row_model(version.schema)
    outputs = version.predict(version.background)
    facts = {"request_id": "1"}
    for key in ("predictions", "shadow"):
        facts[key] = [
            {"prediction_id": f"{key}{k}", "model_version": "1", **one}
            for k, one in enumerate(outputs)
        ]
    parsed = [model.model_validate(row) for row in rows]
    settings, lost = load_monitoring(logged.root).log, []
    request = {"time": time.time_ns() // 1000, "request_id": "1"}
    folder = logged.root / log.SERVED / log.PREDICTIONS
    one = segments.SegmentWriter(folder, lost.append)
    one.put(log.prediction_records(request, facts, parsed, settings))
    one.end_segment()
    label = version.description["classes"][0]
    ids = [found["prediction_id"] for key in ("predictions", "shadow") for found in facts[key]]
    moment = [datetime.now(UTC)] * len(ids)
    labels = {"time": moment, "prediction_id": ids, "label": label, "source": "truth.csv"}
    write(logged.root, log.LABELS, "all", labels)
    logged.run("monitor")
    report = logged.json("reports/live.json")
    kept = log.read_predictions(logged.root).collect()

    assert lost == []
    assert kept["role"].value_counts().sort("role")["count"].to_list() == [len(rows)] * 2
    assert kept["row"].null_count() == 0
    assert report["period"]["n"] == report["quality"]["n_labelled"] == len(rows)


def test_a_true_log_breaks_no_limit(logged):
    fill_log(logged.root, 10, 200)
    done = logged.run("monitor")

    assert done.returncode == 0, done.stderr
    assert logged.json("reports/live.json")["quality"]["n_labelled"] == 2000


def test_wrong_labels_are_found(logged):
    fill_log(logged.root, 10, 200, flip=0.3)
    done = logged.run("monitor")

    assert done.returncode == 1
    assert "quality on labelled rows" in done.stderr
    assert "drift" not in done.stderr


def test_the_indicator_agrees_with_quality_only_where_they_move_together(tmp_path):
    draw, path = np.random.default_rng(0), tmp_path / "kpi.csv"
    days = [datetime(2026, 10, 1, tzinfo=UTC) + timedelta(days=n) for n in range(20)]
    quality = draw.normal(0.85, 0.02, 20)
    windows = [
        {"start": one.isoformat(), "quality": {"value": value}}
        for one, value in zip(days, quality, strict=True)
    ]

    def found(values, n=20, **changes):
        table = pl.DataFrame({"day": [str(one.date()) for one in days[:n]], "kpi": values[:n]})
        table.write_csv(path)
        kpi = {"file": "kpi.csv", "lower_is_better": False, "min_correlation": 0.3} | changes
        return agreement(tmp_path, Kpi(**kpi), windows)

    follows = 1000 * quality + draw.normal(0, 10, 20)
    same, costs = found(follows), found(-follows, lower_is_better=True)
    assert same["n_windows"] == 20
    assert same["below"] < 0 < same["low"] < same["value"] < same["high"]
    assert costs["value"] == pytest.approx(same["value"])
    assert found(-follows)["below"] > 1  # a better metric is a worse business
    assert found(follows, n=7)["below"] is None
    path.write_text("day,sales\n2026-10-01,3\n")
    kpi = Kpi(file="kpi.csv", lower_is_better=False, min_correlation=0.3)
    with pytest.raises(ValueError, match="column 'kpi' is missing"):
        agreement(tmp_path, kpi, windows)


def test_a_decay_is_found_with_labels_and_the_estimate_does_not_see_it(logged):
    fill_log(logged.root, 10, 200, concept_from=5)
    done = logged.run("monitor")
    report = logged.json("reports/live.json")
    by_day = [one["quality"]["value"] for one in report["windows"]]

    assert done.returncode == 1
    assert "quality on labelled rows" in done.stderr
    assert min(by_day[:5]) > max(by_day[5:]) + 0.2
    assert report["estimate"]["value"] > 0.9  # as its name for what it cannot see says


def test_skew_names_what_only_the_service_changes(logged, serve, rows, monkeypatch):
    with serve() as client:
        for _ in range(6):
            client.post("/predict", json=rows)
    same = logged.run("skew")
    name = next(iter(rows[0]))
    real = requests.typed_table
    monkeypatch.setattr(
        skew, "typed_table", lambda *a: real(*a).with_columns(pl.lit(0.0).alias(name))
    )
    planted = logged.run("skew")
    columns = {c["column"]: c["unequal_share"] for c in logged.json("reports/skew.json")["columns"]}

    assert same.returncode == 0, same.stderr
    assert planted.returncode == 1
    assert f"cell {name}" in planted.stderr
    assert columns[f"cell {name}"] > 0.9
    assert columns["prediction"] == 0.0  # what was served was right


def test_skew_names_a_service_that_predicted_from_another_default(logged, version, rows):
    """The running service fills a column with 0, and no code that is there now does."""
    name = next(iter(rows[0]))
    typed = version.background.with_columns(pl.lit(0.0).alias(name))
    outputs = version.predict(typed)
    served = [{"prediction_id": "0" * 32, "model_version": "1", **one} for one in outputs]
    model = requests.row_model(version.schema)
    facts = {"request_id": "1", "predictions": served}
    parsed = [model.model_validate(row) for row in rows]
    records = log.prediction_records({"time": 0}, facts, parsed, load_monitoring(logged.root).log)
    lines = b"".join(to_json(one) + b"\n" for one in records)
    folder = logged.root / log.SERVED / log.PREDICTIONS
    folder.mkdir(parents=True)
    (folder / "20260101T000000-abcdef01-0001.jsonl").write_bytes(lines)
    done = logged.run("skew")

    assert done.returncode == 1
    assert "probability" in done.stderr
    assert "cell" not in done.stderr


def test_correct_and_label_feedback_give_the_same_truth(shared):
    predictions = pl.DataFrame({"prediction_id": ["a", "b", "c"], "prediction": ["x", "x", "y"]})
    predictions = predictions.with_columns(time=pl.lit(0))
    labels = pl.DataFrame(
        {
            "time": [1, 2, 3, 4],
            "prediction_id": ["a", "b", "c", "a"],
            "request_id": ["1", "2", "3", "4"],
            "label": [None, None, "y", "y"],
            "correct": [True, False, None, None],
            "source": "feedback",
        }
    )
    found, others = quality.join_labels(predictions, labels, ["x", "y"])

    assert dict(found.select("prediction_id", "truth").rows()) == {
        "a": "y",
        "b": "y",
        "c": "y",
    }
    assert others["n_repeated"] == 1
