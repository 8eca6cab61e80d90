"""The monitor: its machinery in a project, and the files of deploy/ for Prometheus and Grafana."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.components.projects import do, promoted
from tests.components.promql import Series, firing
from tests.conftest import ROOT, run

DEPLOY = ROOT / "template/{{ monitor }}/deploy"
ALERTS = DEPLOY / "prometheus/alerts.yml"
N_MINUTES = 100
READ_METRICS = """
import sys
from pathlib import Path
from fastapi.testclient import TestClient
from my_model.serving.app import create_app
from my_model.serving.serve import load_version
from my_model.serving.settings import load_service

root = Path(".").resolve()
service = load_service(root)
version = load_version(root, service)
with TestClient(create_app(version, service)) as client:
    client.post("/predict", json={})
    client.post("/predict", json=version.background.head(1).to_dicts())
    print(client.get("/metrics").text)
"""


@pytest.fixture(scope="module")
def registered(installed_project, tmp_path_factory) -> Path:
    """A project with a champion."""
    installed = installed_project(components=["monitor"])
    project = promoted(installed, tmp_path_factory.mktemp("monitor") / "project")
    do(project, "export")
    return project


def check(project: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The tests of in_project/, with the fixtures of the shipped tests."""
    source = Path(__file__).parent / "in_project" / "check_monitor.py"
    shutil.copy(source, project / "tests/monitoring/test_check.py")
    command = [
        str(project / ".venv/bin/python"),
        "-m",
        "pytest",
        "-q",
        "-s",
        "-p",
        "no:cacheprovider",
    ]
    return run(*command, "tests/monitoring/test_check.py", *words, cwd=project, check=True, **env)


def test_the_machinery_holds_in_a_project(registered):
    done = check(registered)

    assert re.search(r"\d+ passed", done.stdout)
    assert "skipped" not in done.stdout


@pytest.mark.slow
def test_chance_rings_in_at_most_the_stated_share_of_a_thousand_windows(registered):
    done = check(registered, "-k", "chance", N_WINDOWS="1000")

    assert "2 passed" in done.stdout


def rules() -> dict[str, dict[str, Any]]:
    content = yaml.safe_load(ALERTS.read_text())
    return {one["alert"]: one for group in content["groups"] for one in group["rules"]}


def dashboard() -> Any:
    return json.loads((DEPLOY / "grafana/dashboard.json").read_text())


def test_each_metric_of_a_rule_or_a_panel_is_one_that_the_service_has(registered):
    command = [str(registered / ".venv/bin/python"), "-c", READ_METRICS]
    text = run(*command, cwd=registered, PYTHONPATH="src").stdout
    known = set(re.findall(r"(?m)^(\w+?)(?:\{| )", text)) | {"up"}  # Prometheus adds `up`
    expressions = [one["expr"] for one in rules().values()]
    expressions += [each["expr"] for one in dashboard()["panels"] for each in one["targets"]]
    used = {name for text in expressions for name in re.findall(r"\b(?:service_\w+|up)\b", text)}

    assert used - known == set()


def test_the_panels_of_the_dashboard_are_unique_and_take_the_data_source_from_a_variable():
    panels = dashboard()["panels"]
    places = [(one["gridPos"]["x"], one["gridPos"]["y"]) for one in panels]

    assert len({one["id"] for one in panels}) == len(panels) == len(set(places))
    assert dashboard()["templating"]["list"][0]["name"] == "datasource"
    assert {one["datasource"]["uid"] for one in panels} == {"${datasource}"}


def counter(name: str, step: float, **labels: str) -> tuple[dict[str, str], list[float]]:
    """A counter that grows by `step` a minute."""
    return {"__name__": name, **labels}, [step * minute for minute in range(N_MINUTES + 1)]


def gauge(name: str, value: float, **labels: str) -> tuple[dict[str, str], list[float]]:
    return {"__name__": name, **labels}, [value] * (N_MINUTES + 1)


def requests(wrong: float, status: str) -> Series:
    path = {"path": "/predict"}
    return [
        counter("service_requests_total", 100 - wrong, status="200", **path),
        counter("service_requests_total", wrong, status=status, **path),
    ]


def latency(slow: float) -> Series:
    names = {"path": "/predict"}
    return [
        counter("service_request_seconds_bucket", 100 - slow, le="0.05", **names),
        counter("service_request_seconds_count", 100, **names),
    ]


def predictions(fallback: float) -> Series:
    name = "service_predictions_total"
    used = counter(name, fallback, source="fallback", reason="slow")
    return [counter(name, 100 - fallback, source="model", reason=""), used]


def refused(wrong: float) -> Series:
    labels = {"column": "age", "rule": "missing"}
    return [*requests(wrong, "422"), counter("service_refused_total", wrong, **labels)]


def age(days: float) -> Series:
    limit = gauge("service_model_max_age_seconds", 180 * 86400.0)
    return [gauge("service_model_age_seconds", days * 86400.0), limit]


def one(name: str, value: float, **labels: str) -> Series:
    return [gauge(name, value, **labels)]


# Alert -> series at which it fires, its labels, and series at which it does not.
CASES: dict[str, tuple[Series, dict[str, str], Series]] = {
    "ServiceDown": (one("up", 0, job="service"), {"job": "service"}, one("up", 1, job="service")),
    "ServiceErrors": (requests(2, "500"), {}, requests(0.5, "500")),
    "ServiceSlow": (latency(10), {}, latency(1)),
    "ServiceMemory": (
        one("service_process_resident_memory_bytes", 700 * 2.0**20),
        {},
        one("service_process_resident_memory_bytes", 300 * 2.0**20),
    ),
    "Fallback": (predictions(3), {}, predictions(0.5)),
    "RefusedByRule": (refused(10), {"column": "age", "rule": "missing"}, refused(2)),
    "LogLosing": (
        [counter("service_log_lost_total", 1, log="labels")],
        {},
        [counter("service_log_lost_total", 0, log="labels")],
    ),
    "ModelTooOld": (age(181), {}, age(179)),
    "MonitorBroken": (
        one("service_monitor_broken_limits", 2),
        {},
        one("service_monitor_broken_limits", 0),
    ),
    "MonitorMissing": (
        one("service_monitor_age_seconds", 3 * 86400.0),
        {},
        one("service_monitor_age_seconds", 86400.0),
    ),
}


def test_every_rule_has_a_case():
    assert list(CASES) == list(rules())


@pytest.mark.parametrize("name", CASES)
def test_an_alert_fires_where_it_must_and_only_there(name):
    bad, labels, good = CASES[name]

    assert firing(rules()[name], bad, N_MINUTES) == [labels]
    assert firing(rules()[name], good, N_MINUTES) == []


def test_a_monitor_that_never_ran_is_missing():
    never = one("service_monitor_age_seconds", float("nan"))

    assert firing(rules()["MonitorMissing"], never, N_MINUTES) == [{}]


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        package = {"promtool": "prometheus", "amtool": "prometheus-alertmanager"}[name]
        pytest.skip(f"{name} is missing; on Debian: apt-get install {package}")
    return found


def test_promtool_agrees_with_the_cases(tmp_path):
    """The same series; a wrong expectation is refused, so that agreement means something."""
    promtool = program("promtool")
    shutil.copytree(DEPLOY / "prometheus", tmp_path, dirs_exist_ok=True)
    run(promtool, "check", "rules", "alerts.yml", cwd=tmp_path)
    run(promtool, "check", "config", "prometheus.yml", cwd=tmp_path)
    tests = []
    for name, (bad, labels, good) in CASES.items():
        tests += [unit(name, bad, labels), unit(name, good, None)]
    (tmp_path / "right.yml").write_text(yaml.safe_dump(content(tests)))
    (tmp_path / "wrong.yml").write_text(yaml.safe_dump(content([unit("ServiceDown", bad, {})])))

    assert "SUCCESS" in run(promtool, "test", "rules", "right.yml", cwd=tmp_path).stdout
    assert run(promtool, "test", "rules", "wrong.yml", cwd=tmp_path, check=False).returncode == 1


def test_amtool_accepts_the_routes(tmp_path):
    amtool, path = program("amtool"), DEPLOY / "alertmanager.yml"
    run(amtool, "check-config", str(path), cwd=tmp_path)
    words = [amtool, "config", "routes", "test", f"--config.file={path}"]
    receivers = {
        severity: run(*words, f"severity={severity}", cwd=tmp_path).stdout.strip()
        for severity in ("page", "ticket")
    }

    assert receivers == {"page": "page", "ticket": "ticket"}


def content(tests: list[dict[str, Any]]) -> dict[str, Any]:
    return {"rule_files": ["alerts.yml"], "evaluation_interval": "1m", "tests": tests}


def unit(name: str, series: Series, labels: dict[str, str] | None) -> dict[str, Any]:
    """A test of promtool: at the end the alert fires with these labels, or not at all."""
    rule = rules()[name]
    expected = (
        []
        if labels is None
        else [{"exp_labels": {**rule["labels"], **labels}, "exp_annotations": rule["annotations"]}]
    )
    inputs = []
    for names, values in series:
        shown = ",".join(f'{key}="{value}"' for key, value in names.items() if key != "__name__")
        inputs.append(
            {
                "series": f"{names['__name__']}{{{shown}}}",
                "values": " ".join(f"{v:g}" for v in values),
            }
        )
    alert = {"eval_time": f"{N_MINUTES}m", "alertname": name, "exp_alerts": expected}
    return {"interval": "1m", "input_series": inputs, "alert_rule_test": [alert]}
