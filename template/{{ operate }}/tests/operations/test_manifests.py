"""The manifests in deploy/kubernetes/ run what the project promises; docs/slo.md states it."""

import re
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parents[2]
KEYS = {"apiVersion", "kind", "metadata", "spec"}
KINDS = {
    "CronJob",
    "Deployment",
    "HorizontalPodAutoscaler",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "PodDisruptionBudget",
    "Service",
}
TAGGED = re.compile(r"[\w./-]+(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})")


@pytest.fixture(scope="module")
def documents():
    files = sorted((ROOT / "deploy/kubernetes").glob("*.yaml"))
    texts = [path.read_text(encoding="utf-8") for path in files]
    return [one for text in texts for one in yaml.safe_load_all(text) if one is not None]


@pytest.fixture(scope="module")
def pods(documents):
    """kind and name -> the specification of the pods of a deployment or job."""
    specs = {}
    for one in documents:
        spec = one["spec"].get("jobTemplate", one).get("spec", {})
        if one["kind"] in ("CronJob", "Deployment"):
            specs[one["kind"], one["metadata"]["name"]] = spec["template"]["spec"]
    return specs


@pytest.fixture(scope="module")
def slo():
    return yaml.safe_load((ROOT / "conf/slo.yaml").read_text(encoding="utf-8"))


@pytest.mark.serving
def test_each_document_is_of_a_known_kind_without_unknown_keys(documents):
    assert {one["kind"] for one in documents} <= KINDS
    assert [set(one) ^ KEYS for one in documents] == [set()] * len(documents)


@pytest.mark.serving
def test_no_container_is_root_writes_its_image_or_has_an_image_without_a_tag(pods):
    for pod in pods.values():
        assert pod["securityContext"]["runAsNonRoot"] is True
        for container in pod["containers"]:
            assert TAGGED.fullmatch(container["image"]), container["image"]
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert container["securityContext"]["allowPrivilegeEscalation"] is False


@pytest.mark.serving
def test_the_service_gets_the_memory_that_it_promises_and_a_third_more(pods, slo):
    (pod,) = [pod for (kind, _), pod in pods.items() if kind == "Deployment"]
    (container,) = pod["containers"]
    memory, found = slo["serving"]["memory_mb"], container["resources"]

    assert found["requests"]["memory"] == f"{memory:g}Mi"
    assert found["limits"]["memory"] == f"{-(-memory * 4 // 3):g}Mi"
    assert container["readinessProbe"]["httpGet"]["path"] == "/ready"
    assert container["livenessProbe"]["httpGet"]["path"] == "/health"


@pytest.mark.serving
def test_the_page_of_the_error_budget_has_the_numbers_of_conf(slo):
    text = (ROOT / "docs/slo.md").read_text(encoding="utf-8")
    bad = 1 - slo["serving"]["availability"]
    rows = re.findall(r"^\| (\d+) (?:h|min) and .*? \| ([\d.]+) \| ([\d.]+) % \|", text, re.M)

    assert f"{bad:.2%} of the requests" in text
    assert f"{bad * 30 * 24 * 60:.0f} minutes" in text
    assert len(rows) == 3
    assert [round(float(rate) * bad * 100, 2) for _, rate, _ in rows] == [
        float(share) for *_, share in rows
    ]
