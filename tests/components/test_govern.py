"""Governance: planted faults in trail, lineage, keys, files and signatures."""

from pathlib import Path

import pytest

from tests.components.projects import check_machinery, do, promoted


@pytest.fixture(scope="module")
def governed(installed_project, tmp_path_factory) -> Path:
    """A project with a champion, and batch beside the service."""
    installed = installed_project(components=["govern", "batch"])
    return promoted(installed, tmp_path_factory.mktemp("govern") / "project")


@pytest.mark.slow
def test_the_machinery_holds_under_planted_faults(governed):
    """The tests of in_project/, with the fixtures of the shipped tests."""
    check_machinery(governed, "check_govern", "tests/governance")


@pytest.mark.slow
def test_batch_refuses_a_version_that_is_not_signed(governed):
    path = governed / "conf/governance.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("public_key: null", "public_key: conf/signing.pub"), encoding="utf-8"
    )
    try:
        with pytest.raises(AssertionError, match="models/1: is not signed"):
            do(governed, "batch", "data/original/breast_cancer.csv", "out")
    finally:
        path.write_text(text, encoding="utf-8")

    do(governed, "batch", "data/original/breast_cancer.csv", "out")
    assert (governed / "out/part-00000.parquet").is_file()
