"""The rules that stop a rollout and decide an experiment: run in a project's environment."""

# Runs in a generated project's environment, which has what ours lacks.
# mypy: ignore-errors
import gc
import json
import time

import numpy as np
import polars as pl
import pytest
from my_model.model import predictor
from my_model.registry import versions
from my_model.rollout import arms, follow
from my_model.rollout.ab_test import compare, counts, users
from my_model.rollout.arms import Reply
from my_model.rollout.guard import Evidence, Guard, Settings
from my_model.rollout.rollout import read_plan
from my_model.rollout.service import has_canary

from .conftest import wait_for
from .test_rollout import begin, fail, predict, state, version_of

ALPHA, BOUND = 0.001, 0.005
N_RUNS, N_REQUESTS = 1000, 2000


def outcomes(share, n_requests=N_REQUESTS, n_runs=N_RUNS, seed=0):
    """1 for each failed request; shape (n_requests, n_runs)."""
    random = np.random.default_rng(seed)
    return (random.random((n_requests, n_runs)) < share).astype(float)


def stops(values, bound=BOUND):
    """The request at which each run is stopped; 0 where it is not."""
    evidence, found = Evidence(bound), np.zeros(values.shape[1], dtype=int)
    for number, value in enumerate(values, 1):
        is_over = evidence.add(value[:, None]) >= 1 / ALPHA
        found[is_over & (found == 0)] = number
    return found


def test_no_clean_rollout_is_stopped():
    assert not stops(outcomes(0.001)).any()


def test_at_the_bound_itself_at_most_alpha_is_stopped():
    assert np.mean(stops(outcomes(BOUND, n_runs=4000)) > 0) <= 0.003  # 4 expected at most, 12 rare


def test_a_version_that_always_fails_is_stopped_within_five_requests():
    found = stops(outcomes(1.0, 5))

    assert found.all()


def test_a_tenth_of_errors_is_found_within_150_requests():
    found = stops(outcomes(0.1))

    assert found.all()
    assert np.quantile(found, 0.995) <= 150  # no rule of this alpha and bound finds all: 0.9994


def test_a_version_that_turns_bad_late_is_still_stopped():
    values = np.vstack([outcomes(0.001, 5000, 200), np.ones((10, 200))])
    found = stops(values)

    assert found.min() > 5000
    assert found.max() <= 5010


def test_a_share_of_the_last_fifty_requests_would_stop_clean_rollouts():
    """The naive rule, for comparison: it stops at 5 % of the last 50."""
    sums = np.cumsum(outcomes(0.02), axis=0)
    last = sums[50:] - sums[:-50]

    assert np.mean((last >= 0.05 * 50).any(axis=0)) > 0.95


def guards(**bounds):
    usual = {"errors": BOUND, "fallbacks": 0.01, "slow": 0.05, "worse": 0.5}
    values = {"header": "x-client-id", "alpha": ALPHA, "tolerance": 0.5}
    return Guard(Settings(**values, guards={**usual, **bounds}))


def test_labels_that_speak_for_the_champion_stop_the_rollout():
    guard = guards()
    for number in range(100):
        guard.remember(str(number), "a", "b")
        guard.add_label(str(number), "a")

    assert guard.stopped.startswith("worse: ")


def test_labels_that_speak_for_the_challenger_or_for_none_stop_nothing():
    guard = guards()
    for number in range(1000):
        guard.remember(str(number), 1.0, 2.0)
        guard.add_label(str(number), 2.0 if number % 2 else 1.5)

    assert guard.stopped is None
    assert guard.evidence["worse"].n == 500


def test_a_machine_that_stalls_for_a_second_stops_nothing_a_slow_version_is_stopped(monkeypatch):
    guard, now = guards(), [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    for _ in range(100):  # in one second
        guard.add({"errors": 0.0, "slow": 1.0})
    assert guard.stopped is None
    for number in range(10):
        now[0] = 2.0 + number
        guard.add({"errors": 0.0, "slow": 1.0})

    assert guard.stopped.startswith("slow: ")
    assert guard.evidence["slow"].n <= 5


def test_a_guard_without_a_bound_is_not_there():
    guard = guards()
    for _ in range(1000):
        guard.add({"errors": 0.0, "disagreement": 1.0})

    assert guard.stopped is None


def reply(*values, status=200, source="model", reason=None):
    facts = {"source": source, "reason": reason}
    return Reply(status, [{"prediction": value, **facts} for value in values], [], {})


@pytest.mark.parametrize(
    ("champion", "challenger", "found"),
    [
        (reply(1.0, 2.0), reply(1.4, 2.6), {"fallbacks": 0, "slow": 0, "disagreement": 0.5}),
        (reply("a", "b"), reply("a", 3.0), {"fallbacks": 0, "slow": 0, "disagreement": 0.5}),
        (reply("a"), reply("b", source="fallback", reason="slow"), {"slow": 1, "disagreement": 0}),
        (reply("a"), reply("b", source="fallback", reason="unsure"), {"fallbacks": 1, "slow": 0}),
        (reply("a"), reply(status=422), {"errors": 1}),
    ],
)
def test_rows_count_for_the_guard_that_they_concern(champion, challenger, found):
    assert found.items() <= arms.compare(champion, challenger, 0.5).items()


def test_what_the_champion_cannot_do_either_counts_against_nobody():
    absent = reply("a", source="fallback", reason="absent")

    assert arms.compare(reply(status=422), reply(status=500), 0.5) == {}
    assert arms.compare(reply("a"), reply(status=503), 0.5) == {}
    assert arms.compare(absent, absent, 0.5) == {"errors": 0.0}


@pytest.mark.parametrize("share", [0.01, 0.05, 0.5])
def test_a_canary_gets_its_share_within_binomial_bounds_and_keeps_it_when_it_grows(share):
    keys = [f"client {number}" for number in range(20_000)]
    chosen = {key for key in keys if has_canary(key, "7", share)}
    deviation = (share * (1 - share) / len(keys)) ** 0.5

    assert abs(len(chosen) / len(keys) - share) < 5 * deviation
    assert chosen <= {key for key in keys if has_canary(key, "7", 1.5 * share)}
    assert chosen != {key for key in keys if has_canary(key, "8", share)}


def rejections(share_a, share_b, n_runs, n_users=2000, seed=1):
    """Shares of runs that the sequential test, and a z-test, reject at some look."""
    random = np.random.default_rng(seed)
    users = np.arange(1, n_users + 1)
    sequential = naive = 0
    for _ in range(n_runs):
        a, b = (np.cumsum(random.random(n_users) < share) / users for share in (share_a, share_b))
        looks = range(99, n_users)
        spread = np.sqrt((a * (1 - a) + b * (1 - b)) / users)[99:]
        naive += (np.abs(a - b)[99::100] > 1.96 * spread[::100]).any()
        samples = (((p[k] * (k + 1), k + 1) for p in (a, b)) for k in looks)
        sequential += any(compare(*pair, 0.03, 0.05)[2] <= 0.05 for pair in samples)
    return sequential / n_runs, naive / n_runs


def test_looks_at_every_step_reject_equal_versions_in_at_most_one_of_twenty():
    sequential, naive = rejections(0.1, 0.1, 250)

    assert sequential <= 0.05
    assert naive > 0.15  # a z-test that is looked at each hundred users


def test_a_real_difference_is_found():
    sequential, _ = rejections(0.1, 0.16, 50)

    assert sequential >= 0.9


@pytest.mark.parametrize("text", ["5", "5/", "-1/5", "6/5", "1/2/3", "a/b"])
def test_counts_that_cannot_be_are_refused(text):
    with pytest.raises(ValueError, match=r"unpack|literal|/"):
        counts(text)


def test_the_number_of_users_is_that_of_the_books():
    assert users(0.10, 0.02, 0.05, 0.8) == 3841  # statsmodels, R: power.prop.test


def widen(root, number):
    """Version `number` asks for one more column."""
    path = root / "models" / number / "model.json"
    description = json.loads(path.read_text())
    columns = description["schema"]["columns"]
    columns["colour"] = {"type": "text", "nullable": True}
    path.chmod(0o644)
    path.write_text(json.dumps(description))


def promote(root, name):
    with versions.locked(root):
        versions.set_aliases(root, champion=name)


def test_a_promotion_to_another_schema_changes_what_is_asked_for(running, root, rows):
    widen(root, "2")
    promote(root, "2")
    wait_for(lambda: version_of(running) == "2")

    assert running.post("/predict", json=rows[0]).status_code == 422
    assert predict(running, {**rows[0], "colour": None})["model_version"] == "2"
    assert "colour" in json.dumps(running.get("/openapi.json").json())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(table.columns[0]), "add_features gives"),
        (lambda table: table.with_columns(pl.all() * 2), "not those of its registration"),
    ],
    ids=["a feature is missing", "a feature has another formula"],
)
def test_a_version_of_other_code_is_refused_until_the_code_fits(
    running, root, rows, caplog, monkeypatch, change, message
):
    def failures():
        return [one.facts for one in caplog.records if one.getMessage() == "rollout-failure"]

    monkeypatch.setattr(follow, "RETRY_S", 0.5)
    (root / "models/2/serving.json").unlink()  # it was not exported yet
    with monkeypatch.context() as patch:
        patch.setattr(predictor, "add_features", change)
        promote(root, "2")
        wait_for(failures)
        assert version_of(running) == "1"
    wait_for(lambda: version_of(running) == "2")

    assert message in failures()[0]["error"]
    assert predict(running, rows[0])["source"] == "model"
    assert running.get("/version").json()["engine"] == "onnxruntime"


def test_a_canary_with_another_schema_is_stopped_and_the_champion_answers(running, root, rows):
    widen(root, "2")
    begin(running, root, "canary", share=0.999)
    found = [predict(running, rows[0], str(number))["model_version"] for number in range(5)]
    wait_for(lambda: read_plan(root).mode == "off")

    assert set(found) == {"1"}
    assert "colour is missing" in read_plan(root).ended


@pytest.mark.parametrize("mode", ["shadow", "canary"])
def test_what_the_champion_refuses_is_refused_and_counts_against_nobody(
    running, root, rows, caplog, mode
):
    begin(running, root, mode, share=0.999)
    for number in range(5):
        headers = {"x-client-id": str(number)}
        assert running.post("/predict", json={"odd": 1}, headers=headers).status_code == 422
    label = {"prediction_id": "0" * 32, "label": "a"}
    assert running.post("/feedback", json=label).status_code == 202

    assert state(running)["mode"] == mode
    assert state(running)["guards"]["errors"].startswith("0 of 0")
    assert not [one for one in caplog.records if one.levelname == "ERROR"]


def test_a_canary_is_counted_and_logged_once(running, root, rows, caplog):
    begin(running, root, "canary", share=0.999)
    caplog.set_level("INFO")
    before = n_counted(running)
    found = predict(running, rows[0], "a client")
    facts = [one.facts for one in caplog.records if one.getMessage() == "request"]
    logged = next(one for one in facts if one["path"] == "/predict")

    assert n_counted(running) == before + 1
    assert [one["prediction_id"] for one in logged["predictions"]] == [found["prediction_id"]]
    assert (found["model_version"], logged["shadow"][0]["model_version"]) == ("2", "1")


def n_counted(running):
    lines = running.get("/metrics").text.splitlines()
    found = [line for line in lines if line.startswith("service_predictions_total")]
    return sum(float(line.split()[-1]) for line in found)


def test_an_abort_holds_where_models_cannot_be_written(running, root, rows, turn_bad):
    begin(running, root, "canary", share=0.999)
    (root / "models/.lock").unlink(missing_ok=True)
    (root / "models/.lock").mkdir()  # root may write everywhere else
    turn_bad(fail)
    for number in range(20):
        predict(running, rows[0], str(number))
    wait_for(lambda: 'failures_total{what="write"} 1.0' in running.get("/metrics").text)

    assert state(running)["mode"] == "off"
    assert read_plan(root).mode == "canary"


def test_a_champion_that_is_rolled_back_does_not_become_a_canary_again(running, root, rows):
    begin(running, root, "canary", share=0.5)
    promote(root, "2")
    wait_for(lambda: version_of(running) == "2")
    promote(root, "1")
    wait_for(lambda: version_of(running) == "1")

    assert read_plan(root).ended == "promoted"
    assert state(running)["mode"] == "off"


def n_loaded():
    gc.collect()
    return sum(type(one).__name__ == "ModelVersion" for one in gc.get_objects())


def test_versions_that_were_exchanged_are_freed(running, root, rows):
    found = []
    for name in "2121":
        promote(root, name)
        wait_for(lambda name=name: version_of(running) == name)
        predict(running, rows[0])
        found.append(n_loaded())

    assert found[-1] <= found[0]


def test_files_that_are_half_written_change_nothing(running, root, rows):
    for name in ("aliases.json", "rollout.json"):
        (root / "models" / name).write_text('{"champion": "2", "mode"')
    failed = "service_rollout_failures_total"
    wait_for(lambda: f'{failed}{{what="plan"}} 1.0' in running.get("/metrics").text)
    wait_for(lambda: f'{failed}{{what="champion"}} 1.0' in running.get("/metrics").text)

    assert version_of(running) == "1"


def test_the_model_stays_off_after_a_restart_and_while_the_champion_is_gone(start_again, rows):
    root, start = start_again
    (root / "models/rollout.json").write_text(json.dumps({"switched_off": True, "reason": "x"}))
    with start() as first:
        assert predict(first, rows[0])["reason"] == "switched-off"
        promote(root, "9")
        first.get("/version")
        assert predict(first, rows[0])["reason"] == "switched-off"


def test_the_model_stays_off_while_the_registry_is_gone(running, root, rows):
    (root / "models/rollout.json").write_text(json.dumps({"switched_off": True, "reason": "x"}))
    wait_for(lambda: state(running)["switched_off"])
    (root / "models").rename(root / "gone")
    wait_for(lambda: 'failures_total{what="champion"} 1.0' in running.get("/metrics").text)
    time.sleep(1)  # until it has drawn its conclusions

    assert predict(running, rows[0])["reason"] == "switched-off"


@pytest.fixture
def start_again(root):
    from fastapi.testclient import TestClient
    from my_model.serving.app import create_app
    from my_model.serving.serve import load_version
    from my_model.serving.settings import load_service

    service = load_service(root)
    return root, lambda: TestClient(create_app(load_version(root, service), service))
