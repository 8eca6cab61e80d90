"""Faults against the service of scaffold production under a steady load, and an account of it.

Usage: python bench/drill.py PROJECT [--minutes 20] [--per-second 20]

PROJECT is a generated project of scaffold production that is set up and has a champion. It is
copied, and its service runs on loopback with prediction log, audit trail and keys with scopes. The
timetable of faults is scaled to the minutes. In the end every request must be accounted for, and a
changed byte of the trail be found. Exit code 1 where something does not hold.

The disk of the logs gets full: as root a small tmpfs, else by a limit of the process's file size.
The clock jumps by libfaketime (package `libfaketime` of Debian and others); without it that fault
is not played: the service has no clock of its own that could be set.
"""

import argparse
import hashlib
import http.client
import json
import os
import random
import re
import resource
import secrets
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from email.utils import parsedate_to_datetime
from itertools import count as numbers_from
from pathlib import Path
from typing import Any, NamedTuple

NOT_IN_TRAIL = ("/health", "/ready")
N_CLIENTS, N_PEOPLE, DISK = 4, 50, "size=192m"
FOLLOWS_S, SETTLES_S = 120, 3  # until a fault has its effect, at most; to the next, at least
MAX_GROWTH = 0.05  # of the memory over the last half
GOOD = "models.logistic.C=0.5"
BAD = "model=boosting models.boosting.learning_rate=1e-9 train.class_weight=null"  # a constant
READ_ROWS = """
import json, sys, polars
description = json.load(open(sys.argv[1]))
table = polars.read_parquet("data/valid/part-0.parquet")
labels = table[description["target"]].cast(polars.String).to_list()
print(json.dumps(list(zip(table.select(description["columns"]).to_dicts(), labels)), default=str))
"""
READ_LOG = """
import importlib, json, pathlib, sys
log, root = importlib.import_module(f"{sys.argv[1]}.monitoring.log"), pathlib.Path.cwd()
served = log.read_predictions(root).collect().filter(role="served")["prediction_id"]
labels = log.read_labels(root).collect().filter(source="feedback")["request_id"]
refusals = log.read(root, "refusals").collect()["request_id"]
found = {"predictions": served, "labels": labels, "refusals": refusals}
print(json.dumps({name: [ids.to_list(), log.n_lost(root)[name]] for name, ids in found.items()}))
"""


class Step(NamedTuple):
    """A fault at a share of the time: a command or a call, and how its effect is seen."""

    share: float
    name: str
    action: str | Callable[[], object]
    holds: Callable[[], bool] = lambda: True


class Answer(NamedTuple):
    """at: seconds since the start. status: 0 where none came; expected: what it must be."""

    at: float
    path: str
    expected: int
    status: int = 0
    headers: dict[str, str] = {}  # noqa: RUF012 # never changed
    content: Any = None

    @property
    def predictions(self) -> list[dict[str, Any]]:
        """Those that the service has made for this request."""
        is_one = self.path == "/predict" and isinstance(self.content, dict)
        found = [self.content] if is_one else self.content
        return list(found) if self.path == "/predict" and self.status == 200 else []

    @property
    def id(self) -> str:
        """Of the request."""
        return self.headers.get("x-request-id", "")


class Drill:
    """A copy of a project, its service, and what was seen. begun: when each step began."""

    def __init__(self, project: Path, root: Path, per_second: float) -> None:
        ignored = shutil.ignore_patterns(".venv", "__pycache__", "served")
        self.root = shutil.copytree(project, root, ignore=ignored, symlinks=True)
        (root / ".venv").symlink_to(project / ".venv")
        self.package = next(path.parent.name for path in root.glob("src/*/__main__.py"))
        self.served, self.clock = root / "data/served", root / "clock"
        self.faketime = next(Path("/usr/lib").glob("**/faketime/libfaketimeMT.so.1"), None)
        self.per_second, self.stop, self.start = per_second, threading.Event(), time.monotonic()
        self.answers, self.unlabelled = list[Answer](), deque[tuple[str, str]]()
        self.begun, self.checks = list[tuple[float, str]](), list[tuple[str, bool, str]]()
        self.rss, self.rows = list[tuple[float, float]](), list[tuple[dict[str, Any], str]]()
        self.keys, self.n_lost, self.port, self.pid = dict[str, str](), dict[str, int](), 0, 0

    def python(self, *words: str, ok: tuple[int, ...] = (0,)) -> str:
        """What the project's Python prints, on the source of the copy."""
        command = [f"{self.root}/.venv/bin/python", *words]
        done = subprocess.run(command, cwd=self.root, text=True, capture_output=True)
        if done.returncode not in ok:
            raise SystemExit(f"{' '.join(words)}: exit {done.returncode}\n{done.stderr}")
        return done.stdout + done.stderr

    def do(self, line: str, ok: tuple[int, ...] = (0,)) -> str:
        """What a command of the project prints."""
        return self.python("-m", self.package, *line.split(), ok=ok)

    def alias(self, name: str) -> str:
        """A version."""
        return str(json.loads((self.root / "models/aliases.json").read_text())[name])

    def prepare(self) -> list[str]:
        """Keys and rows; the champion, a version as good, and one that predicts a constant."""
        versions = [self.alias("champion")]
        for words in (GOOD, BAD):
            for line in (f"train {words}", "evaluate", "register"):
                self.do(line)
            versions.append(self.alias("challenger"))
        conf = self.root / "conf/governance.yaml"
        conf.write_text(conf.read_text().replace("key_file: null", "key_file: models/keys.yaml"))
        lines = ["keys:"]
        for name, scopes in (("client", "predict, feedback"), ("operator", "admin")):
            self.keys[name] = secrets.token_hex(32)
            known = hashlib.sha256(self.keys[name].encode()).hexdigest()
            lines.append(f"  {known}: {{name: {name}, scopes: [{scopes}], expires: 2099-01-01}}")
        (self.root / "models/keys.yaml").write_text("\n".join(lines) + "\n")
        found = self.python("-c", READ_ROWS, f"models/{versions[0]}/model.json")
        self.rows = json.loads(found)
        self.served.mkdir(exist_ok=True)
        self.clock.write_text("+0")
        return versions

    def serve(self) -> subprocess.Popen[bytes]:
        """The running service; its log lies on the disk of the other logs."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        words = [f"{self.root}/.venv/bin/python", "-m", self.package, "serve", f"port={self.port}"]
        words.append("timing.budget_ms=2000")  # a busy machine must not end a good canary
        faked = {"FAKETIME_TIMESTAMP_FILE": str(self.clock), "FAKETIME_CACHE_DURATION": "1"}
        faked |= {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "LD_PRELOAD": str(self.faketime)}
        env = os.environ | (faked if self.faketime else {})
        with (self.served / "service.log").open("wb") as log:
            process = subprocess.Popen(words, cwd=self.root, env=env, stdout=log, stderr=log)
        self.pid = process.pid
        while self.ask("/ready").status != 200:
            if process.poll() is not None:
                raise SystemExit((self.served / "service.log").read_text())
            time.sleep(0.2)
        return process

    def now(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.start

    def ask(
        self, path: str, body: Any = None, key: str = "operator", expected: int = 200
    ) -> Answer:
        """Send a request, and keep the answer."""
        person, text = f"person-{random.randrange(N_PEOPLE)}", json.dumps(body)
        headers = {"X-API-Key": self.keys.get(key, key), "Content-Type": "application/json"}
        headers |= {"X-Client-Id": person, "X-Subject-Id": person}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        answer = Answer(self.now(), path, expected)
        with suppress(OSError, http.client.HTTPException):
            connection.request("POST" if body else "GET", path, text if body else None, headers)
            response = connection.getresponse()
            found = response.read().decode()
            content = json.loads(found) if found.startswith(("{", "[")) else found
            received = dict(response.headers)
            answer = answer._replace(status=response.status, headers=received, content=content)
        connection.close()
        self.answers.append(answer)
        return answer

    def send_load(self, first: int) -> None:
        """Every N_CLIENTS-th request of the load, each at its time, until the end."""
        for number in numbers_from(first, N_CLIENTS):
            if self.stop.wait(max(0.0, number / self.per_second - self.now())):
                return
            rows = [self.rows[(number + k) % len(self.rows)][0] for k in range(5)]
            kind, row, label = number % 20, rows[0], self.rows[number % len(self.rows)][1]
            if kind in (1, 6, 11, 16) and self.unlabelled:
                name, label = self.unlabelled.pop()
                self.ask("/feedback", {"prediction_id": name, "label": label}, "client", 202)
            elif kind == 0:
                self.ask("/predict", {**row, "odd": 1}, "client", 422)
            elif kind == 4:
                self.ask("/predict", row, "no key", 401)
            elif kind == 8:
                self.ask("/metrics", None, "client", 403)
            elif kind == 12:
                self.ask("/explain", row, "client")
            elif kind == 17:
                self.ask("/predict", rows, "client")
            else:
                found = self.ask("/predict", row, "client").predictions
                self.unlabelled.extend((one["prediction_id"], label) for one in found)

    def watch_memory(self) -> None:
        """Keep the resident memory in MiB, each second."""
        while not self.stop.wait(1):
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
            self.rss.append((self.now(), pages * resource.getpagesize() / 2**20))

    def fill_disk(self) -> None:
        """No log takes a byte more."""
        if not self.served.is_mount():
            resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
            return
        with suppress(OSError), (self.served / "filler").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(2**16))

    def free_disk(self) -> None:
        """As it was."""
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, unlimited)
        (self.served / "filler").unlink(missing_ok=True)

    def label_late(self) -> None:
        """Join labels from a file to the predictions of the first minutes, and judge."""
        late = list(self.unlabelled)[: len(self.unlabelled) // 3]
        lines = [f"{name},{label}\n" for name, label in late]
        (self.root / "truth.csv").write_text("".join(["prediction_id,label\n", *lines]))
        printed = self.do("labels truth.csv").strip()
        self.check("late labels are joined", f"; {len(late)} belong" in printed, printed)
        self.do("monitor", ok=(0, 1))  # 1: a limit is broken, such as that on lost lines
        report = json.loads((self.root / "reports/live.json").read_text())
        n, n_lost = report["quality"]["n_labelled"], report["lost"]["n"]
        text = f"{n} labelled, {n_lost} predictions lost"
        self.check("monitor counts labelled and lost", n >= len(late) and n_lost > 0, text)

    def rollout(self, key: str) -> Any:
        """A value of the service's own plan."""
        return self.ask("/rollout").content[key]

    def days_ahead(self) -> float:
        """Of the service's clock."""
        shown = parsedate_to_datetime(self.ask("/health").headers["date"])
        return (shown.timestamp() - time.time()) / 86400

    def counter(self, name: str) -> float:
        """A counter of the service; 0 before it first counts."""
        text = str(self.ask("/metrics").content)
        return sum(map(float, re.findall(rf"(?m)^service_{re.escape(name)} (\S+)$", text)))

    def trail(self) -> list[Path]:
        """The files of the audit trail."""
        return sorted((self.served / "trail").glob("*.jsonl"))

    def check(self, what: str, holds: bool, evidence: object) -> None:
        """Keep whether something holds, and why."""
        self.checks.append((what, holds, str(evidence)))

    def fault(self, at: float) -> str:
        """The step that had begun last."""
        return [name for begun, name in self.begun if begun <= at][-1]

    def play(self, steps: list[Step], seconds: float) -> None:
        """Start the service, send the load, and take each step at its time."""
        service = self.serve()
        self.start, self.answers = time.monotonic(), []
        self.begun = [(0.0, "steady load")]
        threads = [threading.Thread(target=self.send_load, args=[k]) for k in range(N_CLIENTS)]
        threads.append(threading.Thread(target=self.watch_memory))
        for thread in threads:
            thread.start()
        try:
            for step in steps:
                time.sleep(max(SETTLES_S, step.share * seconds - self.now()))
                self.take(step)
            time.sleep(max(SETTLES_S, seconds - self.now()))
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()
            for name in ("log_lines", "trail"):
                self.n_lost[name] = int(self.counter(f"{name}_lost_total"))
            service.terminate()
            self.check("the service ends", service.wait(60) == 0, f"exit {service.returncode}")

    def take(self, step: Step) -> None:
        """Take a step, and wait for its effect."""
        began = self.now()
        self.begun.append((began, step.name))
        print(f"{began:7.1f} s  {step.name}", flush=True)
        self.do(step.action) if isinstance(step.action, str) else step.action()
        done = self.now()
        holds = False
        while not holds and self.now() < done + FOLLOWS_S:
            time.sleep(0.1)
            with suppress(TypeError, KeyError):  # no answer, no value
                holds = step.holds()
        seen = f"seen {self.now() - done:.1f} s later"
        self.check(step.name, holds, seen if holds else f"not seen: {self.ask('/rollout').content}")


def timetable(drill: Drill, first: str, good: str, bad: str) -> list[Step]:
    """Each fault, and how the service shows that it has met it."""
    models, gone, write = drill.root / "models", drill.root / "models.gone", drill.clock.write_text
    plan, count, canary = drill.rollout, drill.counter, "rollout canary"
    failures, off = 'rollout_failures_total{what="champion"}', "rollout switch-off"
    return [
        Step(0.05, "good canary", f"{canary} {good} --share 0.5", lambda: plan("version") == good),
        # `promoted` unless a guard has ended the canary before
        Step(0.17, "promotion", f"promote --version {good}", lambda: plan("ended") == "promoted"),
        Step(0.25, "bad canary", f"{canary} {bad} --share 0.9", lambda: plan("version") == bad),
        Step(0.26, "it ends by itself", lambda: None, lambda: "disagree" in str(plan("ended"))),
        Step(0.40, "rollback", "rollback --reason drill", lambda: plan("champion") == first),
        Step(0.47, "log disk full", drill.fill_disk, lambda: count("log_lines_lost_total") > 0),
        Step(0.57, "log disk has room", drill.free_disk),
        Step(0.62, "registry gone", lambda: models.rename(gone), lambda: count(failures) > 0),
        Step(0.70, "registry back", lambda: gone.rename(models)),
        Step(0.74, "clock a day on", lambda: write("+1d"), lambda: drill.days_ahead() > 0.5),
        Step(0.80, "clock back", lambda: write("+0"), lambda: drill.days_ahead() < 0.5),
        Step(0.84, "late labels", drill.label_late),
        Step(0.88, "kill switch", f"{off} --reason drill", lambda: plan("switched_off")),
        Step(0.90, "switched off", lambda: None),
        Step(0.91, "registry gone, switched off", lambda: models.rename(gone)),
        Step(0.94, "registry back, switched off", lambda: gone.rename(models)),
        Step(0.96, "switch on", "rollout switch-on", lambda: not plan("switched_off")),
    ]


def account_answers(drill: Drill) -> None:
    """Every request has the status that is right; 5xx are those of the planted fault."""
    # While the model is switched off /explain has nothing to explain.
    planted = {("/explain", 503, name) for _, name in drill.begun if "switch" in name}
    wrong: dict[tuple[str, int, str], list[float]] = {}
    for one in drill.answers:
        if one.status != one.expected:
            wrong.setdefault((one.path, one.status, drill.fault(one.at)), []).append(one.at)
    for (path, status, name), times in wrong.items():
        seen = f"{min(times):.0f} to {max(times):.0f} s"
        print(f"{len(times)} x {status} of {path} at {seen}, during: {name}")
    others = [key for key in wrong if key not in planted]
    evidence = others or f"{len(drill.answers)} requests"
    drill.check("no 5xx or wrong status but planted ones", not others, evidence)
    off = Counter(
        prediction["reason"]
        for one in drill.answers
        for prediction in one.predictions
        if drill.fault(one.at).endswith("switched off")
    )
    # A late answer is the fallback too, and says that it was slow.
    is_fallback = "switched-off" in off and None not in off
    drill.check("switched off: the fallback alone", is_fallback, dict(off))


def account_logs(drill: Drill) -> None:
    """What was answered is in the logs once, or counted as lost."""
    ids = {"predictions": [p["prediction_id"] for one in drill.answers for p in one.predictions]}
    for name, status in (("labels", 202), ("refusals", 422)):
        ids[name] = [one.id for one in drill.answers if one.status == status]
    for name, (kept, n_lost) in json.loads(drill.python("-c", READ_LOG, drill.package)).items():
        is_whole = Counter(kept) <= Counter(ids[name]) and len(kept) + n_lost == len(ids[name])
        evidence = f"{len(kept)} + {n_lost} lost of {len(ids[name])}"
        drill.check(f"{name} are logged or counted", is_whole, evidence)
    log = (drill.served / "service.log").read_text(errors="replace")
    logged = re.findall(r'(?m)"event":"request".*"request_id":"(\w+)".*}$', log)
    missing, n_lost = {one.id for one in drill.answers} - {*logged}, drill.n_lost["log_lines"]
    evidence = f"{len(missing)} missing, {n_lost} lost"  # of them some that are no request's
    drill.check("lines of the service are, too", 0 < len(missing) <= n_lost, evidence)


def account_trail(drill: Drill) -> None:
    """The trail has a line a request, the full disk notwithstanding."""
    sent = Counter(one.id for one in drill.answers if one.path not in NOT_IN_TRAIL)
    text = "".join(path.read_text() for path in drill.trail())
    kept = Counter(re.findall(r'"request_id":"(\w+)"', text))
    is_whole = kept >= sent and max(kept.values()) == 1
    evidence = f"{len(kept)} + {drill.n_lost['trail']} lost of {len(sent)}"
    drill.check("the trail has one line a request", is_whole, evidence)
    printed = drill.do("trail", ok=(0, 1)).splitlines()[0]
    drill.check("the trail holds", "hold together" in printed, printed)


def tamper(drill: Drill) -> None:
    """Change one byte of the trail: it must be found, and its line named."""
    path = max(drill.trail(), key=lambda one: one.stat().st_size)
    content = bytearray(path.read_bytes())
    place = random.randrange(content.index(b"\n") + 1, len(content))
    content[place] ^= 1
    path.write_bytes(content)
    number = content[:place].count(b"\n") + 1
    printed = drill.do("trail", ok=(0, 1)).strip()
    is_named = re.search(rf"line {number}\b", printed) is not None
    drill.check(f"byte {place} of line {number}", is_named, printed)


def account_memory(drill: Drill) -> None:
    """The memory of the last half does not grow."""
    half = drill.rss[len(drill.rss) // 2 :]
    slope = statistics.linear_regression(*zip(*half, strict=True)).slope
    growth = slope * (half[-1][0] - half[0][0]) / half[0][1]
    three = " ".join(f"{one[1]:.0f}" for one in (drill.rss[0], half[0], half[-1]))
    text = f"{three} MiB at start, middle, end; {slope * 60:+.2f} MiB a minute in the last half"
    drill.check("memory is flat", growth < MAX_GROWTH, text)


def report(drill: Drill) -> int:
    """Print what came of each step's requests, and each check; returns the exit code."""
    print(f"\n{'':30}{'requests':>9}{'2xx':>7}{'4xx':>6}{'5xx':>6}{'none':>6}{'fallback':>10}")
    for _, name in drill.begun:
        found = [one for one in drill.answers if drill.fault(one.at) == name]
        n = Counter(one.status // 100 for one in found)
        used = sum(p["source"] == "fallback" for one in found for p in one.predictions)
        print(f"{name:30}{len(found):>9}{n[2]:>7}{n[4]:>6}{n[5]:>6}{n[0]:>6}{used:>10}")
    for what, holds, evidence in drill.checks:
        print(f"{'holds' if holds else 'FAILS'}  {what:34}  {evidence}")
    return 0 if all(holds for _, holds, _ in drill.checks) else 1


def main() -> int:
    """Prepare the copy, play the timetable, account for everything."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("project", type=Path, help="a project of scaffold production, trained")
    parser.add_argument("--minutes", type=float, default=20, help="of the load (default 20)")
    parser.add_argument("--per-second", type=float, default=20, help="requests (default 20)")
    args = parser.parse_args()
    os.environ |= {"PYTHONPATH": "src", "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory(prefix="drill-") as folder:
        drill = Drill(args.project.resolve(), Path(folder) / "project", args.per_second)
        steps = timetable(drill, *drill.prepare())
        steps = [one for one in steps if drill.faketime or "clock" not in one.name]
        mount = ["mount", "-t", "tmpfs", "-o", DISK, "drill", str(drill.served)]
        is_root = os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0
        print("disk      ", f"a tmpfs, {DISK}" if is_root else "a limit of the file size")
        print("clock     ", drill.faketime or "not played: libfaketime is missing")
        try:
            drill.play(steps, args.minutes * 60)
            account_answers(drill)
            account_logs(drill)
            account_trail(drill)
            account_memory(drill)
            tamper(drill)
        finally:
            if is_root:
                subprocess.run(["umount", "--lazy", str(drill.served)], check=True)
    return report(drill)


if __name__ == "__main__":
    raise SystemExit(main())
