"""PyTorch, LightGBM and XGBoost: named where they are chosen, and nowhere else."""

import tomllib
from pathlib import Path

import pytest

from tests.conftest import Render
from tests.template.rows import ALL

INDEX = "https://example.org/whl/cpu"
WORDS = {"torch": ("torch", "nvidia"), "lightgbm": ("lgbm",), "xgboost": ("xgb",)}


def lines_with(project: Path, words: tuple[str, ...]) -> list[str]:
    """Lines of code, conf/ and tests/ that hold one of these words.

    Without those of component audit, which looks for unsafe loading in any code.
    """
    paths = [p for name in ("src", "conf", "tests", "make") for p in (project / name).rglob("*")]
    return [
        f"{path.relative_to(project)}: {line}"
        for path in paths
        if path.is_file() and "audit" not in path.parts
        for line in path.read_text(encoding="utf-8", errors="ignore").splitlines()
        if any(word in line.lower() for word in words)
    ]


@pytest.mark.parametrize("name", WORDS)
def test_a_project_names_a_learner_only_where_it_is_chosen(rendered: Render, name):
    without, chosen = rendered(scaffold="production", components=ALL), rendered(components=[name])
    content = tomllib.loads((without / "pyproject.toml").read_text(encoding="utf-8"))

    assert lines_with(without, WORDS[name]) == []
    assert lines_with(chosen, WORDS[name])
    assert content["dependency-groups"][name] == []
    assert not (without / "docs" / f"{name}.md").exists()


def test_torch_comes_from_the_index_that_was_named_and_from_no_other(rendered: Render):
    plain, named = (
        tomllib.loads((rendered(**answers) / "pyproject.toml").read_text(encoding="utf-8"))
        for answers in (
            {"components": ["torch"]},
            {"components": ["torch"], "torch_index": INDEX},
        )
    )

    assert "index" not in plain["tool"]["uv"]
    assert "gpu" not in plain["dependency-groups"]
    assert named["tool"]["uv"]["index"] == [{"name": "torch", "url": INDEX, "explicit": True}]
    assert named["tool"]["uv"]["sources"]["torch"] == [{"index": "torch", "group": "torch"}]
    assert named["tool"]["uv"]["conflicts"] == [[{"group": "torch"}, {"group": "gpu"}]]
    assert "gpu" not in named["tool"]["uv"]["default-groups"]


def test_an_index_is_nothing_to_a_project_without_torch(rendered: Render):
    with_index = rendered(torch_index=INDEX) / "pyproject.toml"

    assert with_index.read_bytes() == (rendered() / "pyproject.toml").read_bytes()
