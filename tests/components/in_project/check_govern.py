"""The machinery of governance under planted faults: run in a project's environment."""

# Runs in a generated project's environment, which has what ours lacks.
# mypy: ignore-errors
import asyncio
import contextlib
import hashlib
import json
import re
import shutil
import subprocess
import threading
import time
from pathlib import Path

import polars as pl
import pytest
import yaml
from my_model.configs.load import load_project
from my_model.governance import forget, service, technical_file, trail
from my_model.governance.lineage import find_logged, follow
from my_model.governance.service import TrailWriter
from my_model.governance.subjects import has_learnt
from my_model.governance.trail import FOLDER, HEAD, verify
from my_model.utils.errors import CheckFailed

from .test_policy import _everything, _with_persons

ROOT = Path(__file__).resolve().parents[2]
AS_ANN = ("-c", "user.name=ann", "-c", "user.email=ann@example.org")


def append(folder, records):
    trail.append(folder, [json.dumps(one, separators=(",", ":")).encode() for one in records])


def lines_of(root):
    (path,) = trail.files(root)
    return path, path.read_bytes().splitlines(keepends=True)


def change(lines):
    lines[3] = lines[3].replace(b'"status":3', b'"status":9')


def break_json(lines):
    lines[3] = lines[3][1:]


def remove(lines):
    del lines[3]


def insert(lines):
    lines.insert(4, lines[3])


def cut(lines):
    del lines[8:]


def cut_in_half(lines):
    lines[-1] = lines[-1][:-10]


def change_last(lines):
    lines[-1] = lines[-1].replace(b'"status":9', b'"status":8')


@pytest.mark.parametrize(
    ("plant", "message"),
    [
        (change, "line 5: does not follow"),
        (break_json, "line 4: does not follow"),
        (remove, "line 4: does not follow"),
        (insert, "line 5: does not follow"),
        (cut, "line 8: was changed, or lines after it were removed"),
        (cut_in_half, "line 10: was changed"),
        (change_last, "line 10: was changed"),
    ],
)
def test_the_place_where_the_trail_was_tampered_with_is_named(tmp_path, plant, message):
    append(tmp_path / FOLDER, [{"status": number} for number in range(10)])
    assert verify(tmp_path)
    path, lines = lines_of(tmp_path)
    plant(lines)
    path.write_bytes(b"".join(lines))

    with pytest.raises(CheckFailed, match=re.escape(message)):
        verify(tmp_path)


def test_several_services_share_a_chain_and_a_half_line_is_healed(tmp_path):
    def write():
        for number in range(40):
            append(tmp_path / FOLDER, [{"status": number}])

    threads = [threading.Thread(target=write) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    path, _ = lines_of(tmp_path)
    with path.open("ab") as file:
        file.write(b'{"previous"')  # killed while it wrote
    append(tmp_path / FOLDER, [{"status": 0}])

    assert verify(tmp_path)
    assert len(list(trail.records(tmp_path))) == 121


def request(status):
    facts = {"status": status, "request_id": str(status)}
    return {"path": "/predict", "method": "POST", "headers": [], "facts": facts}


def test_what_a_full_disk_refuses_waits_and_what_is_too_much_is_counted_and_named(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(service, "MAX_WAITING", 3)
    lost = []
    writer = TrailWriter(tmp_path, "x-subject-id", lost.append)
    with monkeypatch.context() as patch:
        patch.setattr(trail, "write_json", full_disk)  # lines without their head do not count
        for number in range(5):
            writer.put(request(number))
        asyncio.run(writer._flush())
    writer.put(request(200))
    asyncio.run(writer._flush())
    records = list(trail.records(tmp_path))

    assert sum(lost) == 2
    assert [one.get("lost", one.get("status")) for one in records] == [2, 0, 1, 2, 200]
    assert verify(tmp_path)


def test_what_waits_when_the_service_ends_is_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(trail, "write_json", full_disk)
    lost = []
    writer = TrailWriter(tmp_path, "x-subject-id", lost.append)

    async def serve():
        task = asyncio.create_task(writer.run())
        await asyncio.sleep(0)
        writer.put(request(200))
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(serve())

    assert sum(lost) == 1


def full_disk(*_):
    raise OSError("no space left on device")


def test_a_tail_that_was_cut_off_is_found_after_the_service_goes_on(tmp_path):
    append(tmp_path / FOLDER, [{"status": number} for number in range(10)])
    path, lines = lines_of(tmp_path)
    path.write_bytes(b"".join(lines[:8]))
    append(tmp_path / FOLDER, [{"status": 200}])

    with pytest.raises(CheckFailed, match="line 9: does not follow"):
        verify(tmp_path)


def test_lines_that_a_killed_service_wrote_without_their_head_do_no_harm(tmp_path):
    append(tmp_path / FOLDER, [{"status": 1}])
    head = (tmp_path / FOLDER / HEAD).read_bytes()
    append(tmp_path / FOLDER, [{"status": 2}])
    (tmp_path / FOLDER / HEAD).write_bytes(head)
    killed = verify(tmp_path)
    append(tmp_path / FOLDER, [{"status": 3}])

    assert killed
    assert verify(tmp_path)
    assert [one["status"] for one in trail.records(tmp_path)] == [1, 3]


def test_a_trail_without_its_head_is_not_cut(tmp_path):
    append(tmp_path / FOLDER, [{"status": 1}])
    (tmp_path / FOLDER / HEAD).unlink()
    append(tmp_path / FOLDER, [{"status": 2}])

    assert [one["status"] for one in trail.records(tmp_path)] == [1, 2]
    with pytest.raises(CheckFailed, match="line 2: does not follow"):
        verify(tmp_path)


def test_a_rewritten_csv_keeps_the_cells_of_its_other_rows(tmp_path):
    path = tmp_path / "a.csv"
    header, *rows = ["\ufeffname;note\r\n", 'bob;"of\r\nbob"\r\n', " bob ;2\n", "7.0;1\n"]
    kept = ['ann;"two\r\nlines; quoted ""x"""\r\n', "cid; 7 \r\n"]
    path.write_bytes("".join([header, rows[0], kept[0], rows[1], kept[1], rows[2]]).encode())
    names = forget.as_text(pl.col("name"))
    for name in ("bob", "7"):
        forget._delete(path, names.eq_missing(pl.lit(name)))

    table = pl.read_csv(path, separator=";", infer_schema=False)
    assert table.rows() == [("ann", 'two\r\nlines; quoted "x"'), ("cid", " 7 ")]


def test_rows_of_the_main_file_are_found_through_a_joined_one(tmp_path):
    path = tmp_path / "main.parquet"
    pl.DataFrame({"key": [1, 2, 3]}).write_parquet(path)
    forget._delete(path, pl.col("_row").is_in([2]))

    assert pl.read_parquet(path)["key"].to_list() == [1, 3]


def test_a_broken_link_is_named(serve, logged, rows):
    with serve() as client:
        (found,) = client.post("/predict", json=rows[:1]).json()
    name = found["prediction_id"]

    def broken():
        links = follow(logged.root, find_logged(logged.root, name))
        return [one.name for one in links if not one.holds and one.name != "commit"]

    assert broken() == []
    path = logged.root / "models/1/run.json"
    path.chmod(0o644)
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"config": record["config"] | {"seed": 99}}))
    assert broken() == ["configuration"]
    shutil.rmtree(logged.root / "logs" / record["run"])
    assert broken() == ["run", "configuration"]
    part = logged.root / "data/train/part-0.parquet"
    part.write_bytes(part.read_bytes() + b"x")
    assert broken() == ["run", "configuration", "rows of train"]
    model = logged.root / "models/1/model.skops"
    model.chmod(0o644)
    model.write_bytes(model.read_bytes() + b"x")
    assert broken()[0] == "model version"
    shutil.rmtree(logged.root / "models/1")
    assert broken() == ["model version"]


def test_a_changed_key_file_reaches_the_running_service(
    configure, serve, logged, rows, monkeypatch
):
    monkeypatch.setattr(service, "POLL_S", 0.05)
    configure(key_file="models/keys.yaml")
    path, key = logged.root / "models/keys.yaml", "a key"
    ann = {"name": "ann", "scopes": ["predict"], "expires": "2999-01-01"}
    known = {"keys": {hashlib.sha256(key.encode()).hexdigest(): ann}}
    path.write_text("keys: {}")
    with serve() as client:
        ask = {"json": rows[0], "headers": {"Authorization": f"Bearer {key}"}}
        assert client.post("/predict", **ask).status_code == 401
        path.write_text(yaml.safe_dump(known))
        wait_until(lambda: client.post("/predict", **ask).status_code == 200)
        path.write_text("[broken")
        time.sleep(0.2)
        assert client.post("/predict", **ask).status_code == 200
        path.write_text("keys: {}")
        wait_until(lambda: client.post("/predict", **ask).status_code == 401)
    callers = [one["caller"] for one in trail.records(logged.root)]

    assert set(callers) == {None, "ann"}
    assert key not in "".join(path.read_text() for path in trail.files(logged.root))


def wait_until(holds):
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_model_that_learns_rows_by_heart_is_found_by_the_attack(logged):
    words = ["model=forest", "models.forest.min_samples_leaf=1", "models.forest.bootstrap=false"]
    quiet = logged.run("attacks", "attacks.allowed_drop=1")
    assert logged.run("train", *words).returncode == 0
    loud = logged.run("attacks", "attacks.allowed_drop=1")
    found = logged.json("reports/membership.json")["membership"]

    assert quiet.returncode == 0, quiet.stderr
    assert loud.returncode == 1
    assert found["auc"] > 0.7
    assert "of at most 0.6" in loud.stderr
    report = logged.json("reports/robustness.json")
    assert report["worst_drop"] == max(one["drop"] for one in report["cases"])
    assert any(one["share_flagged"] == 1 for one in report["cases"])


def test_older_versions_and_open_segments_are_named_and_the_second_call_ends_it(
    serve, logged, configure, rows
):
    path = logged.root / "data/people.csv"
    table = pl.read_csv(logged.root / logged.data().file)
    table.with_columns(person=pl.int_range(pl.len()) + 100000).write_csv(path)
    ignored = [*load_project(logged.root).data.ignore, "person"]
    configure("conf/default.yaml", data={"file": "data/people.csv", "ignore": ignored})
    configure(subject={"column": "person"})
    assert logged.run("prepare").returncode == 0
    with serve() as client:
        client.post("/predict", json=rows[0], headers={"X-Subject-Id": "100003"})
        time.sleep(0.6)  # until it is on the disk
        waiting = logged.run("forget", "100003")
    done = logged.run("forget", "100003")

    assert waiting.returncode == 1
    assert "the service writes it" in waiting.stderr
    assert done.returncode == 0, done.stderr
    assert "1 rows of data/served/predictions/" in done.stdout
    assert "version 1: nobody can tell" in done.stdout


def test_a_deletion_that_is_killed_at_any_write_is_completed_by_the_next(
    logged, configure, serve, rows, tmp_path, monkeypatch
):
    _with_persons(logged, configure)
    for words in (["prepare", "--replace"], ["train"], ["evaluate"], ["register"]):
        assert logged.run(*words).returncode == 0
    (logged.root / "models/aliases.json").write_text('{"champion": "3"}')
    number = pl.read_parquet(logged.root / "models/3/background.parquet")["_row"][0]
    subject = f"person-{(number + 1) // 2:05}"
    with serve() as client:
        client.post("/predict", json=rows[:1], headers={"X-Subject-Id": subject})
    codes = []
    while 0 not in codes:  # the call that is killed at a later write each time
        root = shutil.copytree(logged.root, tmp_path / str(len(codes)))
        project = type(logged)(root)
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", killed_at(len(codes)))
            codes.append(project.run("forget", subject).returncode)
        assert project.run("forget", subject).returncode == 0
        assert [name for name, text in _everything(root).items() if subject in text] == []
        assert number not in pl.read_parquet(root / "models/3/background.parquet")["_row"]
        assert has_learnt(root, project.record()["data"], subject)

    assert len(codes) > 8
    assert set(codes[:-1]) == {130}


def killed_at(number):
    """Path.replace that works so many times, and then ends the process."""
    done, replace = [], Path.replace

    def call(path, target):
        if len(done) == number:
            raise KeyboardInterrupt
        done.append(path)
        return replace(path, target)

    return call


def test_the_history_of_git_is_named_and_a_file_outside_of_the_project_is_rewritten(
    logged, configure, tmp_path
):
    outside, inside = tmp_path / "people.csv", logged.root / "data/people.csv"
    table = pl.read_csv(logged.root / logged.data().file)
    table = table.with_columns(person=pl.int_range(pl.len()) + 100000)
    ignored = [*load_project(logged.root).data.ignore, "person"]
    configure(subject={"column": "person"})

    def forgotten(path, name, subject):
        table.write_csv(path)
        configure("conf/default.yaml", data={"file": name, "ignore": ignored})
        assert logged.run("prepare", "--replace").returncode == 0
        return logged.run("forget", subject)

    gone = forgotten(outside, str(outside), "100003")
    for words in (
        ["init", "-q"],
        ["add", "-f", "data/original/people.csv"],
        [*AS_ANN, "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *words], cwd=logged.root, check=True)
    kept = forgotten(inside, "data/people.csv", "100004")

    assert (gone.returncode, gone.stderr) == (0, "")
    assert "100003" not in outside.read_text()
    assert kept.returncode == 1
    assert "git keeps '100004' in its history" in kept.stderr
    assert "100004" not in inside.read_text()


def test_the_technical_file_is_red_until_it_is_whole_and_when_a_source_changes(logged):
    docs = shutil.copytree(ROOT / "docs", logged.root / "docs")
    (logged.root / "CHANGELOG.md").write_text("# Changelog\n")
    red = logged.run("technical-file")
    for name in ("live", "membership", "robustness", "promotion"):
        content = {
            "live": {"quality": {"metric": "accuracy", "value": 0.9}},
            "membership": {"membership": {"auc": 0.5}},
            "robustness": {"worst_drop": 0.0, "cases": []},
            "promotion": {"version": "1", "model": "a", "created": "2026-01-01", "history": [1]},
        }
        (logged.root / f"reports/{name}.json").write_text(json.dumps(content[name]))
    for path in docs.rglob("*.md"):
        path.write_text(re.sub(r"(?m)^> .*(\n> .*)*", "Words of a person. More.", path.read_text()))
    (docs / "runbook.md").write_text("## Who to call\n\nAnn.\n")
    (logged.root / "reports/own.json").write_text('{"made": {"on": "2026-02-03"}}')
    page = logged.root / technical_file.PATH
    page.write_text(
        page.read_text().replace("CHANGELOG.md -->", "CHANGELOG.md, reports/own.json#made.on -->")
    )
    green = logged.run("technical-file")
    page = docs / "model-card.md"
    page.write_text(page.read_text().replace("Words", "New words"))
    again = logged.run("technical-file")
    written = (logged.root / technical_file.PATH).read_text()
    (docs / "threat-model.md").unlink()
    gone = logged.run("technical-file")

    assert red.returncode == 1
    assert "'Standards applied' is empty" in red.stderr
    assert "needs docs/problem.md#Objective, which is missing or empty" in red.stderr
    assert (green.returncode, again.returncode) == (0, 0), green.stderr
    assert "New words of a person." in written
    assert "made.on: 2026-02-03" in written
    assert logged.json("reports/inventory.json")["purpose"] == "Words of a person."
    assert gone.returncode == 1
    assert "threat-model.md" in gone.stderr
