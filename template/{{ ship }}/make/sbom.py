"""Add the model and its data to the service's SBOM: `make sbom`."""

import json
import sys
from pathlib import Path
from typing import Any

from lineage import MANIFEST, promotion, read

SBOM = Path("dist/sbom.cdx.json")


def main() -> int:
    """Read the packages as CycloneDX from standard input, and write SBOM."""
    bill = json.loads(sys.stdin.read() or "{}")
    if "components" not in bill:
        return 1  # `uv export` has printed why
    if champion := promotion():
        bill["components"].append(model_component(champion))
    SBOM.parent.mkdir(exist_ok=True)
    SBOM.write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"sbom      {SBOM}: {len(bill['components'])} components\n")
    return 0


def model_component(champion: dict[str, Any]) -> dict[str, Any]:
    """The champion as a CycloneDX component of type machine-learning-model."""
    datasets = []
    for file in read(MANIFEST)["files"]:
        facts = {"sha256": file["sha256"], "licence": file["licence"] or "unknown"}
        contents = {"properties": [{"name": name, "value": facts[name]} for name in facts]}
        datasets.append({"type": "dataset", "name": file["file"], "contents": contents})
    return {
        "type": "machine-learning-model",
        "bom-ref": f"model-{champion['version']}",
        "name": champion["model"],
        "version": champion["version"],
        "hashes": [{"alg": "SHA-256", "content": champion["sha256"]}],
        "modelCard": {"modelParameters": {"datasets": datasets}},
        "properties": [{"name": "model:run", "value": champion["run"]}],
    }


if __name__ == "__main__":
    sys.exit(main())
