"""Requests per second and latency of the shipped service beside a bare endpoint and BentoML.

Usage: python bench/bench_serving.py PROJECT [--rounds 5] [--seconds 4] [--no-bentoml]

PROJECT is a generated mvp project that is set up and has an exported champion, and whose columns
are numbers without empty cells. All three serve its model.onnx to the same row. The shipped service
runs as `serve` starts it, with validation, ids, metrics and a log that goes to a file; its rate
limit is off, since one client sends the load. The bare one is FastAPI with a typed body, `async
def`, the scaling in numpy and onnxruntime, and nothing else. BentoML gets its own environment.

`wrk` sends the load (package `wrk` of Debian and others). The servers take turns in rounds, those
that wait are stopped, and the median of the rounds' ratios counts: other load falls on all. Exit
code 1 where a limit is missed.
"""

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MIN_OF_BARE, MIN_OF_BENTOML = 0.55, 3.0
WARM_UP_S = 1
READ = """
import json, sys, polars
print(json.dumps(polars.read_parquet(sys.argv[1]).head(1).to_dicts()[0]))
"""

MODEL = """
import json
import numpy as np, onnxruntime
from pydantic import create_model

spec = json.load(open("spec.json"))
mean, scale, classes = np.array(spec["mean"]), np.array(spec["scale"]), spec["classes"]
Row = create_model("Row", **{name: (float, ...) for name in spec["columns"]})

def load():
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(spec["model"], options)

def run(session, cells):
    X = ((np.array([list(cells.values())]) - mean) / scale).astype(np.float32)
    output = session.run(None, {session.get_inputs()[0].name: X})[-1][0].tolist()
    if classes is None:
        return {"prediction": output[0], "probabilities": None}
    found = dict(zip(classes, output))
    return {"prediction": max(found, key=found.get), "probabilities": found}
"""

BARE = """
import sys
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from model import Row, load, run

class Prediction(BaseModel):
    prediction: str | float
    probabilities: dict[str, float] | None

app, session = FastAPI(), load()

@app.post("/predict")
async def predict(row: Row) -> Prediction:
    return Prediction(**run(session, row.model_dump()))

uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning")
"""

BENTO = """
import bentoml
from model import Row, load, run

@bentoml.service(workers=1)
class Predictor:
    def __init__(self):
        self.session = load()

    @bentoml.api(input_spec=Row)
    async def predict(self, **cells) -> dict:
        return run(self.session, cells)
"""


@dataclass(frozen=True)
class Server:
    """A server that runs: its process group's leader and its address."""

    name: str
    process: subprocess.Popen[bytes]
    port: int


@dataclass(frozen=True)
class Load:
    """What wrk saw in one turn. cpu_us: CPU time of the server's processes a request."""

    per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


def main() -> int:
    """Measure, print the tables, and compare the ratios with the limits."""
    args = _arguments()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing; install it with: apt-get install wrk")
    project = args.project.resolve()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        here = Path(folder)
        commands = _prepared(project, here, with_bentoml=not args.no_bentoml)
        servers = [
            stack.enter_context(_running(name, command, where, here, 9400 + place))
            for place, (name, (command, where)) in enumerate(commands.items())
        ]
        _check_same_predictions(servers, here)
        seen = _interleaved(servers, here, args)
    return _report(seen, args)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("project", type=Path, help="a generated mvp project with a champion")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each server (default 5)")
    parser.add_argument("--seconds", type=int, default=4, help="seconds of a turn (default 4)")
    parser.add_argument("--connections", type=int, default=8, help="requests at once (default 8)")
    parser.add_argument("--no-bentoml", action="store_true", help="leave BentoML out")
    return parser.parse_args()


def _prepared(
    project: Path, here: Path, *, with_bentoml: bool
) -> dict[str, tuple[list[str], Path]]:
    """The command and folder of each server; PORT stands for its port."""
    python = str(project / ".venv" / "bin" / "python")
    package = next(path.parent.name for path in project.glob("src/*/__main__.py"))
    champion = json.loads((project / "models" / "aliases.json").read_text())["champion"]
    version = project / "models" / champion
    spec = _spec(version)
    (here / "spec.json").write_text(json.dumps(spec))
    row = json.loads(_output([python, "-c", READ, str(version / "background.parquet")]))
    (here / "row.json").write_text(json.dumps({name: row[name] for name in spec["columns"]}))
    for name, content in (("model.py", MODEL), ("bare.py", BARE), ("service.py", BENTO)):
        (here / name).write_text(content)
    (here / "post.lua").write_text(
        'wrk.method = "POST"; wrk.headers["Content-Type"] = "application/json"\n'
        f'local file = io.open("{here}/row.json"); wrk.body = file:read("*a"); file:close()\n'
    )
    words = ["serve", "port=PORT", "limits.requests_per_second=null"]
    commands = {
        "bare": ([python, "bare.py", "PORT"], here),
        "shipped": ([python, "-m", package, *words], project),
    }
    if with_bentoml:
        commands["bentoml"] = (_bentoml(here), here)
    return commands


def _spec(version: Path) -> dict[str, Any]:
    """What the other servers need to know of the model."""
    description = json.loads((version / "model.json").read_text())
    learnt = description["preprocessing"]["numbers_"]
    if learnt["names"] != description["columns"] or learnt["flagged"]:
        raise SystemExit("the bare endpoint takes numbers without empty cells; use another project")
    if not (version / "model.onnx").is_file():
        raise SystemExit("the champion has no model.onnx; run `export`")
    return {
        "model": str(version / "model.onnx"),
        "columns": description["columns"],
        "classes": description["classes"],
        "mean": learnt["mean"],
        "scale": learnt["scale"],
    }


def _bentoml(here: Path) -> list[str]:
    print("making an environment for BentoML", flush=True)
    subprocess.run(["uv", "venv", "--quiet", here / "bento"], check=True)
    python = here / "bento" / "bin" / "python"
    packages = ["bentoml", "numpy", "onnxruntime"]
    install = ["uv", "pip", "install", "--quiet", "--python", str(python), *packages]
    subprocess.run(install, check=True)
    return [str(here / "bento/bin/bentoml"), "serve", "service:Predictor", "--port", "PORT"]


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{command[-1]}: {done.stderr.strip().rpartition(chr(10))[2]}")
    return done.stdout


@contextmanager
def _running(
    name: str, command: list[str], folder: Path, here: Path, port: int
) -> Iterator[Server]:
    words = [word.replace("PORT", str(port)) for word in command]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"BENTOML_DO_NOT_TRACK": "true", "OMP_NUM_THREADS": "1"}
    with (here / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            words, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        server = Server(name, process, port)
        try:
            _wait_for_prediction(server, here)
            _signal(server, signal.SIGSTOP)
            yield server
        finally:
            _signal(server, signal.SIGCONT)
            process.terminate()
            process.wait(30)


def _wait_for_prediction(server: Server, here: Path) -> None:
    for _ in range(300):
        try:
            if _predict(server, here).get("source") != "fallback":  # its model is loaded
                return
        except OSError:
            if server.process.poll() is not None:
                break
        time.sleep(0.1)
    raise SystemExit(
        f"{server.name} does not predict:\n{(here / f'{server.name}.log').read_text()}"
    )


def _predict(server: Server, here: Path) -> dict[str, object]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/predict",
        data=(here / "row.json").read_bytes(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=5) as response:
        return dict(json.load(response))


def _check_same_predictions(servers: list[Server], here: Path) -> None:
    """Raise SystemExit unless all servers predict the same."""
    predictions = {}
    for server in servers:
        _signal(server, signal.SIGCONT)
        predictions[server.name] = _predict(server, here)["prediction"]
        _signal(server, signal.SIGSTOP)
    if len(set(predictions.values())) != 1:
        raise SystemExit(f"the servers predict differently: {predictions}")


def _interleaved(
    servers: list[Server], here: Path, args: argparse.Namespace
) -> dict[str, list[Load]]:
    seen: dict[str, list[Load]] = {server.name: [] for server in servers}
    for count in range(args.rounds):
        turn = servers[count % len(servers) :] + servers[: count % len(servers)]
        for server in turn:
            _signal(server, signal.SIGCONT)
            _wrk(server, here, WARM_UP_S, args.connections)
            seen[server.name].append(_wrk(server, here, args.seconds, args.connections))
            _signal(server, signal.SIGSTOP)
        print(
            f"round {count + 1}: " + ", ".join(_newest_text(name, seen) for name in seen),
            flush=True,
        )
    return seen


def _newest_text(name: str, seen: dict[str, list[Load]]) -> str:
    return f"{name} {seen[name][-1].per_s:.0f}/s p99 {seen[name][-1].p99_ms:.1f} ms"


def _wrk(server: Server, here: Path, seconds: int, connections: int) -> Load:
    before = _cpu_s(server)
    words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(here / "post.lua")]
    url = f"http://127.0.0.1:{server.port}/predict"
    out = _output([*words, "--latency", url])
    if "Non-2xx" in out or "Socket errors" in out:
        raise SystemExit(f"{server.name} refused some of the load:\n{out}")
    n_requests = int(_found(r"(\d+) requests in", out))
    return Load(
        per_s=float(_found(r"Requests/sec:\s+([\d.]+)", out)),
        p50_ms=_ms(_found(r"\n\s+50%\s+(\S+)", out)),
        p99_ms=_ms(_found(r"\n\s+99%\s+(\S+)", out)),
        cpu_us=(_cpu_s(server) - before) / n_requests * 1e6,
    )


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise SystemExit(f"unexpected output of wrk:\n{text}")
    return match[1]


def _ms(text: str) -> float:
    for unit, factor in (("us", 1e-3), ("ms", 1.0), ("s", 1e3)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    raise SystemExit(f"wrk printed a time without a unit: {text}")


def _cpu_s(server: Server) -> float:
    """CPU seconds so far of a server's processes."""
    ticks = sum(sum(map(int, words[11:13])) for _, words in _processes(server.process.pid))
    return ticks / os.sysconf("SC_CLK_TCK")


def _signal(server: Server, number: int) -> None:
    """Send a signal to every process of a server."""
    for process, _ in _processes(server.process.pid):
        with suppress(ProcessLookupError):
            os.kill(process, number)


def _processes(first: int) -> list[tuple[int, list[str]]]:
    """Number and state of a process and of all that it started: BentoML starts several."""
    states: dict[int, list[str]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it may end meanwhile
            states[int(path.parent.name)] = path.read_text().rpartition(")")[2].split()
    family = [first]
    for parent in family:  # grows while it is walked
        family += [number for number, words in states.items() if int(words[1]) == parent]
    return [(number, states[number]) for number in family if number in states]


def _report(seen: dict[str, list[Load]], args: argparse.Namespace) -> int:
    line = "{:<10}{:>12}{:>10}{:>10}{:>16}"
    print(line.format("median", "requests/s", "p50 ms", "p99 ms", "CPU us/request"))
    for name, loads in seen.items():
        parts = [
            statistics.median(getattr(load, key) for load in loads)
            for key in ("per_s", "p50_ms", "p99_ms", "cpu_us")
        ]
        shown = (f"{parts[0]:.0f}", f"{parts[1]:.2f}", f"{parts[2]:.2f}", f"{parts[3]:.0f}")
        print(line.format(name, *shown))
    limits = [
        ("requests/s of bare, at least", _ratio(seen, "shipped", "bare", "per_s"), MIN_OF_BARE),
    ]
    if "bentoml" in seen:
        ratio = _ratio(seen, "shipped", "bentoml", "per_s")
        limits.append(("requests/s of BentoML, at least", ratio, MIN_OF_BENTOML))
    missed = 0
    for name, ratio, limit in limits:
        held = ratio >= limit
        missed += not held
        print(f"{name} {limit:g}: {ratio:.2f} {'held' if held else 'MISSED'}")
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{args.connections} connections, {args.rounds} x {args.seconds} s; load average {load}")
    return int(missed > 0)


def _ratio(seen: dict[str, list[Load]], one: str, other: str, key: str) -> float:
    """The median over the rounds: both of a round met about the same machine."""
    pairs = zip(seen[one], seen[other], strict=True)
    return float(statistics.median(getattr(a, key) / getattr(b, key) for a, b in pairs))


if __name__ == "__main__":
    sys.exit(main())
