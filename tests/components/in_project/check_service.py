"""Our own machinery of the service: copied into a project's tests/serving, and run there."""

# Runs in a generated project's environment, which has what ours lacks.
# mypy: ignore-errors
import asyncio
import errno
import json
import logging
import re

import httpx2
import pytest
from my_model.serving.middleware import JsonLog
from my_model.serving.openapi import breaking_changes

JSON = {"Content-Type": "application/json"}


def test_a_row_alone_is_predicted_as_in_a_list(service, rows):
    alone = service.post("/predict", json=rows[0]).json()
    (listed,) = service.post("/predict", json=rows[:1]).json()

    assert alone["prediction"] == listed["prediction"]
    assert alone["probabilities"] == listed["probabilities"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b"null", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_row_is_refused(service, body):
    for path in ("/predict", "/feedback"):
        response = service.post(path, content=body, headers=JSON)

        assert response.status_code in (400, 422)
        assert response.json()["message"]


def send_together(app, rows):
    """Each row as a request of its own, all in the same turn of the event loop."""

    async def send():
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            return await asyncio.gather(*(client.post("/predict", json=row) for row in rows))

    return asyncio.run(send())


def test_rows_that_arrive_together_get_their_own_predictions(service, rows):
    listed = service.post("/predict", json=rows[:20]).json()
    together = [response.json() for response in send_together(service.app, rows[:20])]

    for one, other in zip(together, listed, strict=True):
        assert one["prediction"] == other["prediction"]
        assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-6)


def test_load_beyond_the_limit_gets_503_at_once(start, rows):
    app = start("limits.concurrency=2", "limits.requests_per_second=null").app
    found = send_together(app, [rows[0]] * 9)

    assert sorted(one.status_code for one in found) == [200] * 2 + [503] * 7
    assert all("retry-after" in one.headers for one in found if one.status_code == 503)


def test_a_field_that_is_removed_or_newly_required_breaks_callers(service):
    old, new = (service.get("/openapi.json").json() for _ in range(2))
    row = new["components"]["schemas"]["Row"]
    name = next(iter(row["properties"]))
    row["properties"]["new"] = {"type": "string"}
    row["required"] = [*row["required"], "new"]
    del row["properties"][name]
    del new["components"]["schemas"]["Prediction"]["properties"]["reason"]
    found = "\n".join(breaking_changes(old, new))

    assert f"POST /predict request {name} is gone" in found
    assert "POST /predict request: new is required now" in found
    assert "POST /predict response 200 reason is gone" in found


def test_a_narrower_limit_breaks_callers_and_a_wider_one_does_not(service):
    old, new = (service.get("/openapi.json").json() for _ in range(2))
    cells = old["components"]["schemas"]["Row"]["properties"]
    name, value = next((key, one["minimum"]) for key, one in cells.items() if "minimum" in one)
    new["components"]["schemas"]["Row"]["properties"][name]["minimum"] = value + 1

    assert len(breaking_changes(old, new)) == 2  # of one row and of a list
    assert breaking_changes(new, old) == []


def test_explain_names_the_command_that_adds_it(start, rows, version):
    answers = version.folder.parents[1] / ".copier-answers.yml"
    answers.write_text("components: [serve]\n", encoding="utf-8")
    response = start().post("/explain", json=rows[0])

    assert response.status_code == 404
    assert "copier update --data 'components=[serve, explain]'" in response.json()["message"]


class Disk:
    """A file of so many bytes, then full until it has room again."""

    def __init__(self, room):
        self.room, self.content = room, b""

    def write(self, data):
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        written, self.room = data[: self.room], max(self.room - len(data), 0)
        self.content += written
        return len(written)


def test_lines_that_a_full_disk_does_not_take_are_counted_and_the_next_one_is_whole(service):
    disk = Disk(room=200)
    log, before = JsonLog(disk), lost_lines(service)
    for number in range(5):
        log.handle(logging.makeLogRecord({"msg": f"line {number}", "levelno": logging.INFO}))
    disk.room = 1000
    log.handle(logging.makeLogRecord({"msg": "room again", "levelno": logging.INFO}))
    lines = disk.content.decode().splitlines()

    assert log.n_lost == 3
    assert lost_lines(service) - before == 3
    assert json.loads(lines[-1])["event"] == "room again"
    assert [json.loads(line)["event"] for line in lines[:2]] == ["line 0", "line 1"]


def lost_lines(service):
    text = service.get("/metrics").text
    return float(re.search(r"(?m)^service_log_lines_lost_total (\S+)$", text)[1])
