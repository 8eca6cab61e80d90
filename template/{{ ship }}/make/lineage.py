"""Which code, data and model belong together: `make lineage` writes reports/lineage.json."""

import json
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

PROMOTION, RECORD = Path("reports/promotion.json"), Path("reports/run.json")
MANIFEST, EVENT = Path("data/manifest.json"), Path("reports/lineage.json")
SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"


def main() -> str | None:
    """Write the event; returns why code, data and model do not belong together, or None."""
    if wrong := mismatches():
        return "\n".join(wrong)
    EVENT.write_text(json.dumps(event(), indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"lineage   {EVENT}: the data of model {promotion()['version']}\n")
    return None


def promotion() -> dict[str, Any]:
    """What reports/promotion.json says of the champion; empty before the first promotion."""
    return read(PROMOTION)


def mismatches() -> list[str]:
    """One sentence for each reason why champion, code and data do not belong together."""
    if not (champion := promotion()):
        return [f"{PROMOTION}: no such file; run `register`, then `promote`, and commit it"]
    wrong = []
    if champion["run"] != read(RECORD).get("run"):
        wrong.append(f"{RECORD}: not the champion's run; run `evaluate --run {champion['run']}`")
    commit = str(champion["git"]["commit"])
    if champion["git"]["dirty"] is not False:
        wrong.append(f"{PROMOTION}: trained on code that is not in git; commit, and train again")
    elif git("merge-base", "--is-ancestor", commit, "HEAD").returncode:
        wrong.append(f"{PROMOTION}: commit {commit} is not in this branch; train on this one")
    for file in read(MANIFEST)["files"]:
        if champion["data"].get(file["name"]) != file["sha256"]:
            wrong.append(f"{MANIFEST}: {file['file']} is not what the champion was trained on")
    return wrong


def event() -> dict[str, Any]:
    """An OpenLineage event of the training: data files go in, the model comes out."""
    champion, files = promotion(), read(MANIFEST)["files"]
    output = f"models/{champion['version']}@sha256:{champion['sha256']}"
    return {
        "eventType": "COMPLETE",
        "eventTime": read(RECORD)["finished"],
        "producer": "urn:make:lineage",
        "schemaURL": SCHEMA,
        "run": {"runId": str(uuid.uuid5(uuid.NAMESPACE_URL, champion["sha256"]))},
        "job": {"namespace": "train", "name": f"{champion['run']}@{champion['git']['commit']}"},
        "inputs": [
            {"namespace": "file", "name": f"{file['file']}@sha256:{file['sha256']}"}
            for file in files
        ],
        "outputs": [{"namespace": "file", "name": output}],
    }


def read(path: Path) -> dict[str, Any]:
    """A JSON file; empty if there is none."""
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def git(*words: str) -> subprocess.CompletedProcess[str]:
    """Run git; the caller looks at the return code."""
    return subprocess.run(["git", *words], text=True, capture_output=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
