"""Predict the same rows by every path of a project, and compare: one JSON line a path.

`python compared.py PACKAGE`, in the folder and the environment of a project with a champion and the
components batch, worker and explain. rows.csv holds the rows as a file, rows.json as requests.
"""

# Our own environment lacks what a project has.
# mypy: ignore-errors
import contextlib
import importlib
import io
import json
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import polars as pl

ROOT, PACKAGE = Path.cwd(), sys.argv[1]
N_EXPLAINED, WAIT_S = 20, 60


def part(name):
    """A module of the project."""
    return importlib.import_module(f"{PACKAGE}.{name}")


def command(*words):
    """Run a command of the project in this process."""
    with contextlib.redirect_stdout(io.StringIO()):
        assert part("main").main(list(words)) == 0, words


def by_row(table):
    """{row: prediction}."""
    return dict(zip(table["row"].to_list(), table["prediction"].to_list(), strict=True))


def predicted(file):
    """By `predict`."""
    command("predict", file, "out.csv")
    return by_row(pl.read_csv("out.csv"))


def in_batch(file, folder):
    """By `batch`, in parts."""
    command("batch", file, folder, "--rows-per-part", "100")
    return by_row(pl.read_parquet(f"{folder}/part-*.parquet"))


def served(version, rows):
    """By POST /predict, row by row and as a list; the first is compared with the second."""
    client = importlib.import_module("fastapi.testclient").TestClient
    service = part("serving.settings").load_service(ROOT, ["limits.requests_per_second=null"])
    with client(part("serving.app").create_app(version, service)) as http:
        answer = http.post("/predict", json=rows)
        assert answer.status_code == 200, answer.text
        for place in range(N_EXPLAINED):
            alone = http.post("/predict", json=rows[place]).json()["prediction"]
            assert np.isclose(alone, answer.json()[place]["prediction"], rtol=1e-6)
            assert http.post("/explain", json=rows[place]).status_code == 200
    assert {one["source"] for one in answer.json()} == {"model"}
    return {place: one["prediction"] for place, one in enumerate(answer.json(), start=1)}


def worked(version, rows):
    """By the worker, through a Redis server."""
    program = Path(sys.executable).parent / "redis-server"
    if not program.is_file():
        return None
    redis, worker = importlib.import_module("redis"), part("worker.worker")
    options = ["--port", "0", "--unixsocket", str(ROOT / "s"), "--save", ""]
    with subprocess.Popen([program, *options], stdout=subprocess.DEVNULL) as server:
        try:
            while not (ROOT / "s").exists():
                time.sleep(0.01)
            client, stop = redis.Redis(unix_socket_path=str(ROOT / "s")), threading.Event()
            for row, body in enumerate(rows, start=1):
                client.xadd("requests", {"id": row, "body": json.dumps(body)})
            words = [f"url=unix://{ROOT / 's'}", "url_env=null"]
            queue = part("configs.load").load(ROOT, worker.PATH, worker.Queue, words)
            thread = threading.Thread(target=worker.Worker(version, queue).run, args=(stop,))
            thread.start()
            end = time.monotonic() + WAIT_S
            while client.xlen("predictions") + client.xlen("dead-letters") < len(rows):
                assert time.monotonic() < end
                time.sleep(0.02)
            stop.set()
            thread.join()
            assert client.xrange("dead-letters") == []
            entries = [fields for _, fields in client.xrange("predictions")]
            return {int(e[b"id"]): json.loads(e[b"prediction"])["prediction"] for e in entries}
        finally:
            server.kill()


def explained(model, table):
    """The base and the contributions of each row, added up."""
    found = part("explain.contributions")
    names = table.rename({"_row": "row"})["row"].head(N_EXPLAINED)
    rows = found.contributions(model, table, table.head(N_EXPLAINED))
    explainer = found.explainer_of(model, table)
    assert explainer.unit == "target"
    totals = [float(explainer.base[0]) + sum(one.values()) for one in rows]
    return dict(zip(names.to_list(), totals, strict=True))


def main():
    """Print for each path how many rows it predicted, and its largest relative difference."""
    requests = json.loads(Path("rows.json").read_text("utf-8"))
    run = max(Path("logs").glob("*/model.json")).parent
    model, _ = part("model.store").load(run)
    names = ("train", "valid", "test")
    parts = {name: pl.read_parquet(f"data/{name}/part-0.parquet") for name in names}
    typed = pl.concat(parts.values())
    expected = dict(zip(typed["_row"].to_list(), model.predict(typed).y_pred, strict=True))
    pl.read_csv("rows.csv", infer_schema=False).write_parquet("rows.parquet")
    shutil.copyfile("data/valid/part-0.parquet", "valid.parquet")
    serving = part("serving.serve")
    version = serving.load_version(ROOT, part("serving.settings").load_service(ROOT))
    paths = {
        "predict a CSV file": predicted("rows.csv"),
        "predict a Parquet file of texts": predicted("rows.parquet"),
        "predict a Parquet file of typed cells": predicted("valid.parquet"),
        "batch of a CSV file": in_batch("rows.csv", "from-csv"),
        "batch of a CSV file of plain numbers": in_batch("few.csv", "from-few"),
        "batch of a Parquet file": in_batch("rows.parquet", "from-parquet"),
        "HTTP": served(version, requests),
        "worker": worked(version, requests),
        "explain": explained(model, parts["valid"]),
    }
    for name, values in paths.items():
        rows = list(values or [])
        pairs = np.array([[values[row], expected[row]] for row in rows]).reshape(-1, 2)
        off = np.abs(pairs[:, 0] / pairs[:, 1] - 1).max() if rows else None
        engine = version.facts["engine"]
        print(json.dumps({"path": name, "rows": len(rows), "off": off, "engine": engine}))


if __name__ == "__main__":
    main()
