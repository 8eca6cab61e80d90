"""The files in deploy/ray/ have no key that KubeRay does not know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.conftest import Render

SCHEMA = yaml.safe_load(Path(__file__).with_name("kuberay.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def documents(rendered: Render) -> dict[str, Any]:
    folder = rendered(components=["ray", "ship"]) / "deploy/ray"
    names = ("job", "service")
    return {name: yaml.safe_load((folder / f"{name}.yaml").read_text()) for name in names}


@pytest.mark.parametrize("name", ["job", "service"])
def test_each_document_is_of_a_known_kind_without_unknown_keys(documents, name):
    jsonschema.validate(documents[name], SCHEMA)


@pytest.mark.parametrize(("key", "wrong"), [("mode", "none"), ("replcias", 1)])
def test_a_mistake_is_refused(documents, key, wrong):
    cluster = documents["job"]["spec"]["rayClusterSpec"]
    place = cluster["authOptions"] if key == "mode" else cluster["workerGroupSpecs"][0]
    before = dict(place)
    place[key] = wrong
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(documents["job"], SCHEMA)
    place.clear()
    place.update(before)


def test_the_head_runs_no_task_and_workers_may_be_taken_back(documents):
    cluster = documents["job"]["spec"]["rayClusterSpec"]
    (group,) = cluster["workerGroupSpecs"]

    assert cluster["headGroupSpec"]["rayStartParams"] == {"num-cpus": "0"}
    assert group["minReplicas"] == 0
    assert group["template"]["spec"]["tolerations"]


def test_without_the_image_there_is_nothing_to_deploy(rendered: Render):
    project = rendered(components=["ray"])

    assert not (project / "deploy").exists()
    assert not (project / "tests/distributed/test_deploy.py").exists()
