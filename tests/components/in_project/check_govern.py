"""The machinery of governance under planted faults: run in a project's environment."""

# Runs in a generated project's environment, which has what ours lacks.
# mypy: ignore-errors
import json
import re
import shutil
import subprocess
import threading
import time
from datetime import datetime
from pathlib import Path
from uuid import UUID

import polars as pl
import pytest
from my_model.configs.load import load_project
from my_model.governance import person_rows, service, technical_file, trail
from my_model.governance.lineage import all_events, follow
from my_model.governance.service import TrailWriter
from my_model.governance.subjects import has_learnt
from my_model.governance.trail import FOLDER, HEAD, append, verify
from my_model.utils.errors import CheckFailed

from .test_policy import _everything, _with_persons

ROOT = Path(__file__).resolve().parents[2]
AS_ANN = ("-c", "user.name=ann", "-c", "user.email=ann@example.org")


def lines_of(root):
    (path,) = trail.files(root)
    return path, path.read_bytes().splitlines(keepends=True)


def change(lines):
    lines[3] = lines[3].replace(b'"status":3', b'"status":9')


def change_hash(lines):
    found = json.loads(lines[3])["previous"].encode()
    lines[3] = lines[3].replace(found, found[::-1])


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
        (change, "line 4: was changed"),
        (change_hash, "line 3: was changed, or its hash in the next line"),
        (break_json, "line 4: was changed"),
        (remove, "line 4: lines 4 to 4 were removed before it"),
        (insert, "line 5: was inserted"),
        (cut, "line 8: was changed, or lines after it were removed"),
        (cut_in_half, "line 10: was changed"),
        (change_last, "line 10: was changed"),
    ],
)
def test_the_first_line_that_was_tampered_with_is_named(tmp_path, plant, message):
    append(tmp_path / FOLDER, [{"status": number} for number in range(10)])
    assert verify(tmp_path).n == 10
    path, lines = lines_of(tmp_path)
    plant(lines)
    path.write_bytes(b"".join(lines))

    with pytest.raises(CheckFailed, match=re.escape(message)):
        verify(tmp_path)


def test_a_head_kept_elsewhere_finds_a_chain_that_was_written_anew(tmp_path):
    append(tmp_path / FOLDER, [{"status": 200}])
    kept = verify(tmp_path).sha256
    shutil.rmtree(tmp_path / FOLDER)
    append(tmp_path / FOLDER, [{"status": 500}])

    assert verify(tmp_path).n == 1
    with pytest.raises(CheckFailed):
        verify(tmp_path, kept)


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
        file.write(b'{"n":121,"previous"')  # killed while it wrote
    append(tmp_path / FOLDER, [{"status": 0}])

    assert verify(tmp_path).n == 121


def test_what_a_full_disk_refuses_waits_and_more_than_the_queue_is_counted_and_named(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(service, "RETRY_S", 0.01)
    monkeypatch.setattr(service, "QUEUE", 3)
    lost = []
    writer = TrailWriter(tmp_path, lost.append)
    with monkeypatch.context() as patch:
        patch.setattr(trail, "_write", full_disk)
        for number in range(5):
            writer.put({"status": number})
        time.sleep(0.5)
    wait_until(lambda: trail.files(tmp_path))
    writer.put({"status": 200})
    writer.close()
    records = list(trail.records(tmp_path))

    assert sum(lost) == 2
    assert [one.get("lost", one.get("status")) for one in records] == [2, 0, 1, 2, 200]
    assert verify(tmp_path).n == len(records)


def test_what_waits_when_the_service_ends_is_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(trail, "_write", full_disk)
    lost = []
    writer = TrailWriter(tmp_path, lost.append)
    writer.put({"status": 200})
    writer.close()

    assert sum(lost) == 1


def test_a_line_whose_head_finds_no_room_is_there_once(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(trail, "write_json", full_disk)
        for number in range(3):
            append(tmp_path / FOLDER, [{"status": number}])
    append(tmp_path / FOLDER, [{"status": 3}])

    assert [one["status"] for one in trail.records(tmp_path)] == [0, 1, 2, 3]
    assert verify(tmp_path).n == 4


def full_disk(*_):
    raise OSError("no space left on device")


def test_a_tail_that_was_cut_off_is_found_after_the_service_goes_on(tmp_path):
    append(tmp_path / FOLDER, [{"status": number} for number in range(10)])
    path, lines = lines_of(tmp_path)
    path.write_bytes(b"".join(lines[:8]))
    append(tmp_path / FOLDER, [{"status": 200}])

    with pytest.raises(CheckFailed, match="line 9: lines 9 to 10 were removed before it"):
        verify(tmp_path)


def test_a_killed_service_whose_head_is_old_still_verifies(tmp_path):
    append(tmp_path / FOLDER, [{"status": 1}])
    head = (tmp_path / FOLDER / HEAD).read_bytes()
    append(tmp_path / FOLDER, [{"status": 2}])
    (tmp_path / FOLDER / HEAD).write_bytes(head)

    assert verify(tmp_path).n == 2


def test_a_rewritten_csv_keeps_the_bytes_of_its_other_lines(tmp_path):
    path = tmp_path / "a.csv"
    kept = ["\ufeffname;note\r\n", 'ann;"two\r\nlines; quoted ""x"""\r\n', "cid; 7 \r\n"]
    gone = ['bob;"of\r\nbob"\r\n', " bob ;2\n"]
    path.write_bytes("".join([kept[0], gone[0], kept[1], gone[1], kept[2]]).encode())
    person_rows.rewrite(path, person_rows._rows_in(path, "name", "bob"))

    assert path.read_bytes() == "".join(kept).encode()


def test_rows_of_the_main_file_are_found_through_a_joined_one(tmp_path):
    path = tmp_path / "main.parquet"
    pl.DataFrame({"key": [1, 2, 3]}).write_parquet(path)
    person_rows.rewrite(path, {2})

    assert pl.read_parquet(path)["key"].to_list() == [1, 3]


def test_the_events_have_what_the_specification_requires(logged):
    """https://openlineage.io/spec/2-0-2/OpenLineage.json, `required` of RunEvent and its parts."""
    found = list(all_events(logged.root))
    states = {"START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"}

    assert {one["job"]["name"] for one in found} == {"prepare", "train", "register"}
    for one in found:
        assert one["eventType"] in states
        assert datetime.fromisoformat(one["eventTime"]).tzinfo is not None
        assert re.match(r"[a-z]+:", one["producer"])
        assert one["schemaURL"].endswith("#/$defs/RunEvent")
        assert UUID(one["run"]["runId"]).version == 5
        for dataset in (one["job"], *one["inputs"], *one["outputs"]):
            assert dataset["namespace"]
            assert dataset["name"]
        for dataset in (*one["inputs"], *one["outputs"]):
            assert {"_producer", "_schemaURL"} < set(dataset["facets"]["version"])


def test_a_broken_link_is_named(serve, logged, rows):
    with serve() as client:
        (found,) = client.post("/predict", json=rows[:1]).json()
    name = found["prediction_id"]

    def broken():
        return [one.name for one in follow(logged.root, name) if one.fault and one.name != "commit"]

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


def test_a_key_that_is_added_or_revoked_reaches_the_running_service(
    configure, serve, logged, rows, monkeypatch
):
    monkeypatch.setattr(service, "POLL_S", 0.05)
    configure(keys={"file": "models/keys.json"})
    with serve() as client:
        ask = {"json": rows[0], "headers": {}}
        assert client.post("/predict", **ask).status_code == 401
        key = logged.run("keys", "add", "ann").stdout.split()[-1]
        ask["headers"] = {"Authorization": f"Bearer {key}"}
        wait_until(lambda: client.post("/predict", **ask).status_code == 200)
        (logged.root / "models/keys.json").write_text("[broken")
        time.sleep(0.2)
        assert client.post("/predict", **ask).status_code == 200
        (logged.root / "models/keys.json").write_text("[]")
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
    assert "membership.auc is" in loud.stderr
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
    assert "1 predictions" in done.stdout
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


def test_a_copy_outside_of_the_project_or_in_the_history_of_git_is_named(
    logged, configure, tmp_path
):
    outside, inside = tmp_path / "people.csv", logged.root / "data/people.csv"
    table = pl.read_csv(logged.root / logged.data().file)
    table = table.with_columns(person=pl.int_range(pl.len()) + 100000)
    ignored = [*load_project(logged.root).data.ignore, "person"]
    configure(subject={"column": "person"})

    def forgotten(path, subject):
        name = str(path if path == outside else path.relative_to(logged.root))
        configure("conf/default.yaml", data={"file": name, "ignore": ignored})
        assert logged.run("prepare", "--replace").returncode == 0
        return logged.run("forget", subject)

    table.write_csv(outside)
    left = forgotten(outside, "100003")
    table.filter(pl.col("person") != 100003).write_csv(outside)
    gone = forgotten(outside, "100003")
    table.write_csv(inside)
    for words in (
        ["init", "-q"],
        ["add", "-f", "data/people.csv"],
        [*AS_ANN, "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *words], cwd=logged.root, check=True)
    kept = forgotten(inside, "100004")

    assert (left.returncode, kept.returncode) == (1, 1)
    assert "people.csv: outside of the project; delete '100003' there" in left.stderr
    assert (gone.returncode, gone.stderr) == (0, "")
    assert "data/people.csv: git keeps what it held" in kept.stderr
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
    (logged.root / "reports/own.json").write_text('{"created": "2026-02-03"}')
    page = logged.root / technical_file.PATH
    page.write_text(
        page.read_text().replace("CHANGELOG.md -->", "CHANGELOG.md, reports/own.json -->")
    )
    green = logged.run("technical-file")
    checked = logged.run("technical-file", "--check")
    page = docs / "model-card.md"
    page.write_text(page.read_text().replace("Words", "New words"))
    stale = logged.run("technical-file", "--check")
    (docs / "threat-model.md").unlink()
    gone = logged.run("technical-file")

    assert red.returncode == 1
    assert "'Standards applied' is empty" in red.stderr
    assert "needs docs/problem.md#Objective, which is missing or empty" in red.stderr
    assert (green.returncode, checked.returncode) == (0, 0), green.stderr
    assert "Words of a person." in (logged.root / technical_file.PATH).read_text()
    assert "created 2026-02-03" in (logged.root / technical_file.PATH).read_text()
    assert logged.json("reports/inventory.json")["purpose"] == "Words of a person."
    assert stale.returncode == 1
    assert "its sources have changed" in stale.stderr
    assert gone.returncode == 1
    assert "threat-model.md" in gone.stderr
