"""docs/production.md, followed word for word, ends at 7.0; regressions lower it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Render
from tests.generated.production.walk import Walk

SECTIONS = ["Features and data", "Model development", "Infrastructure", "Monitoring"]


@pytest.fixture(scope="module")
def walk(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """A project that has followed the page."""
    home = tmp_path_factory.mktemp("production")
    answers: dict[str, Any] = {"project_name": "Churn", "scaffold": "production", "owner": "@ann"}
    made = Walk(render(home / "project", **answers), home)
    made.follow()
    return made


def lost(walk: Walk, n_days: int = 0) -> dict[str, list[str]]:
    """Section -> the entries without their point, in some days."""
    groups = walk.view(n_days)["groups"]
    return {title: [name for name, n in groups[title].items() if n < 1] for title in SECTIONS}


@pytest.mark.slow
def test_a_project_that_follows_the_page_scores_seven(walk: Walk) -> None:
    view = walk.view()

    assert lost(walk) == {title: [] for title in SECTIONS}
    assert [sum(entries.values()) for entries in view["groups"].values()] == [7, 7, 7, 7]
    assert view["score"] == 7


@pytest.mark.slow
def test_reports_that_nobody_renews_stop_to_count(walk: Walk) -> None:
    found = lost(walk, n_days=40)

    assert found["Model development"] == ["2 Offline and online metric move together"]
    assert [name[0] for name in found["Monitoring"]] == ["3", "4", "7"]
    assert lost(walk, n_days=200)["Infrastructure"] == ["7 Serving can go back to the model before"]


def slow_feature(walk: Walk) -> None:
    """A feature that takes 20 ms a row was measured; its code is taken back afterwards."""
    path = walk.project / "src/churn/model/features.py"
    text = path.read_text(encoding="utf-8")
    planted = text.replace("import polars", "import time\n\nimport polars", 1)
    path.write_text(planted.replace("    return table", "    time.sleep(0.02)\n    return table"))
    assert walk.run("make feature-cost", check=False).returncode != 0
    path.write_text(text, encoding="utf-8")


def unreviewed(walk: Walk) -> None:
    """A change that is pushed and taken back without anybody else."""
    walk.run("echo '# in a hurry' >> conf/default.yaml && git commit -qam 'Quick fix'")
    walk.run("git revert --no-edit HEAD")


def untested(walk: Walk) -> None:
    """CI no longer runs the tests."""
    for path in (walk.project / ".github/workflows").glob("*.yml"):
        path.write_text(path.read_text().replace("make test", "echo tests"), encoding="utf-8")


def wrong_labels(walk: Walk) -> None:
    """Three labels of ten say that the model is wrong."""
    walk.write_truth(3)
    walk.run("make labels ARGS='~/Downloads/truth.csv'")
    failed = walk.run("make monitor", check=False)
    assert "quality on labelled rows: quality.shortfall is" in failed.stderr


REGRESSIONS: dict[str, tuple[Callable[[Walk], None], str]] = {
    "Features and data": (slow_feature, "3 No feature costs more than it gives"),
    "Model development": (unreviewed, "1 The specification of the model is reviewed"),
    "Infrastructure": (untested, "2 The code of the model is unit-tested"),
    "Monitoring": (wrong_labels, "7 Quality on served data has not become worse"),
}


@pytest.mark.slow
@pytest.mark.parametrize("section", SECTIONS)
def test_a_regression_in_one_section_lowers_the_score(walk: Walk, section: str) -> None:
    plant, entry = REGRESSIONS[section]
    start = walk.run("git rev-parse HEAD").stdout.strip()
    try:
        plant(walk)
        view = walk.view()
        assert view["score"] < 7
        assert entry in lost(walk)[section]
    finally:
        walk.run(f"git reset -q --hard {start}")

    assert walk.view()["score"] == 7


def test_the_page_names_files_that_are_there(rendered: Render) -> None:
    project = rendered(project_name="Churn", scaffold="production", owner="@ann")
    page = (project / "docs/production.md").read_text(encoding="utf-8")
    named = re.findall(r"(?m)^(?:# |<!-- )((?:conf|docs|CHANGELOG)[\w./-]+)", page)

    assert len(named) >= 8
    assert [name for name in named if not (project / name).is_file()] == []
