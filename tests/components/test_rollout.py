"""Versions are exchanged under load without a loss, a rehearsal is recorded, the rules hold."""

import http.client
import json
import shutil
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.components.projects import check_machinery, do, promoted
from tests.components.test_serve import serving, valid_row, wait_until

N_SWAPS, N_CLIENTS = 5, 4
FOLLOWS_S = 5


@pytest.fixture(scope="module")
def registered(installed_project, tmp_path_factory) -> Path:
    """A project with two equal versions, exported; the first is champion."""
    installed = installed_project(components=["rollout"])
    project = promoted(installed, tmp_path_factory.mktemp("rollout") / "project")
    do(project, "export")
    shutil.copytree(project / "models/1", project / "models/2")
    return project


def point(project: Path, **names: str) -> None:
    """Replace aliases.json as the registry does it."""
    path = project / "models/aliases.json"
    aliases = json.loads(path.read_text()) | names
    part = path.with_suffix(".part")
    part.write_text(json.dumps(aliases))
    part.replace(path)


def served(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/version")
    version = json.loads(connection.getresponse().read())["model_version"]
    connection.close()
    return str(version)


class Clients:
    """Threads that send a row again and again; found: how often each status came."""

    def __init__(self, port: int, row: bytes) -> None:
        self.port, self.row, self.found = port, row, Counter[object]()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(N_CLIENTS)]

    def __enter__(self) -> "Clients":
        for one in self._threads:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for one in self._threads:
            one.join()

    def _send(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Content-Type": "application/json"}
        while not self._stop.is_set():
            try:
                connection.request("POST", "/predict", self.row, headers)
                response = connection.getresponse()
                body = json.loads(response.read())
                self.found[response.status, body.get("source")] += 1
            except OSError as error:
                self.found[type(error).__name__, None] += 1
            time.sleep(0.002)
        connection.close()


def test_five_exchanges_under_load_lose_no_request(registered):
    row = valid_row(registered)
    with serving(registered) as (_, port), Clients(port, row) as clients:
        for number in range(N_SWAPS):
            name = "21"[number % 2]
            point(registered, champion=name)
            started = time.monotonic()
            wait_until(lambda name=name: served(port) == name)

            assert time.monotonic() - started < FOLLOWS_S

    assert sum(clients.found.values()) > 100
    assert set(clients.found) == {(200, "model")}


def test_a_rehearsal_is_recorded_and_leaves_everything_as_it_was(registered):
    point(registered, champion="2", previous="1")
    kept = [registered / "models/aliases.json", registered / "reports/promotion.json"]
    before = [json.loads(path.read_text()) for path in kept]
    with serving(registered) as (_, port):
        do(registered, "rehearse", f"port={port}")
        assert served(port) == "2"
    report = json.loads((registered / "reports/rollout.json").read_text())

    assert 0 < report["rehearsal"]["seconds"] < FOLLOWS_S
    assert (report["rehearsal"]["from"], report["rehearsal"]["to"]) == ("2", "1")
    assert [json.loads(path.read_text()) for path in kept] == before


def test_a_rehearsal_without_a_service_changes_nothing(registered):
    before = (registered / "models/aliases.json").read_text()
    with pytest.raises(AssertionError, match="start the service with `serve`"):
        do(registered, "rehearse", "port=9")

    assert (registered / "models/aliases.json").read_text() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["canary", "1"], "--share is needed"),
        (["shadow", "9"], "no such version or alias"),
        (["switch-off"], "--reason is needed"),
    ],
)
def test_a_mistake_is_one_sentence(registered, words, message):
    with pytest.raises(AssertionError, match=message):
        do(registered, "rollout", *words)


def test_the_rules_hold(registered):
    """The tests of in_project/, with the fixtures of the shipped tests."""
    check_machinery(registered, "check_rollout", "tests/rollout")
