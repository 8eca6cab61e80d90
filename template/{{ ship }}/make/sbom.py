"""Write the list of what is shipped: the packages of the service, the model and its data."""

import json
import sys
from pathlib import Path
from typing import Any

from lineage import MANIFEST, champion


def main(argv: list[str]) -> int:
    """Add the model to the packages that `uv export` says, and write both to the file named."""
    try:
        bill = json.load(sys.stdin)
    except json.JSONDecodeError:
        sys.stderr.write("uv.lock: no list of packages came; see the line above\n")
        return 1
    facts = champion()
    if facts:
        bill["components"].append(model(facts))
    path = Path(argv[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")
    told = f"model {facts['version']}" if facts else "no model: none was promoted yet"
    sys.stdout.write(f"sbom      {path}: {len(bill['components'])} components, {told}\n")
    return 0


def model(facts: dict[str, Any]) -> dict[str, Any]:
    """The champion as a component: CycloneDX calls its kind machine-learning-model."""
    files = [
        {"type": "file", "name": name, "hashes": [{"alg": "SHA-256", "content": digest}]}
        for name, digest in sorted(facts.get("files", {}).items())
    ]
    return {
        "type": "machine-learning-model",
        "bom-ref": f"model-{facts['version']}",
        "name": facts["model"],
        "version": str(facts["version"]),
        "modelCard": {"modelParameters": {"task": facts["task"], "datasets": datasets(facts)}},
        "properties": [
            {"name": "model:run", "value": facts["run"]},
            {"name": "model:commit", "value": str(facts["git"]["commit"])},
        ],
        "components": files,
    }


def datasets(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """What the model learnt from: the original file by its hash, with its licence."""
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8")) if MANIFEST.is_file() else {}
    file: dict[str, Any] = next(
        (f for f in manifest.get("files", ()) if f["sha256"] == facts["data"]["original"]), {}
    )
    known = {
        "sha256": facts["data"]["original"],
        "licence": file.get("licence") or "not said in data/manifest.json",
    }
    properties = [{"name": name, "value": value} for name, value in known.items()]
    name = file.get("file", "training data")
    return [{"type": "dataset", "name": name, "contents": {"properties": properties}}]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
