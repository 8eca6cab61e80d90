"""PyTorch, LightGBM and XGBoost: named where they are chosen, and nowhere else."""

import json
import re
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import copier
import pytest

from tests.conftest import Render, run
from tests.template.rows import ALL

INDEX = "https://example.org/whl/cpu"
WORDS = {"torch": ("torch", "nvidia"), "lightgbm": ("lgbm",), "xgboost": ("xgb",)}
GROUPS = {"torch": "networks"}
# The catalog advises on networks, and the checklist's tool knows what each kind of data needs.
OF_THE_CHECKLIST = ("checklist/catalog/", "hooks/ml_checklist/origin.py")


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
    assert content["dependency-groups"][GROUPS.get(name, name)] == []
    assert not (without / "docs" / f"{name}.md").exists()


@pytest.mark.parametrize("scaffold", ["poc", "mvp"])
def test_no_file_of_a_table_project_names_torch_or_tensorboard(rendered: Render, scaffold):
    project = rendered(scaffold=scaffold)
    texts = {
        path.relative_to(project).as_posix(): path.read_text(encoding="utf-8", errors="ignore")
        for path in project.rglob("*")
        if path.is_file()
    }
    naming = [name for name, text in texts.items() if re.search("(?i)torch|tensorboard", text)]

    assert [name for name in naming if not name.startswith(OF_THE_CHECKLIST)] == []
    assert not [name for name in texts if "torch" in name.lower()]


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
    assert named["tool"]["uv"]["sources"]["torch"] == [{"index": "torch", "group": "networks"}]
    assert named["tool"]["uv"]["conflicts"] == [[{"group": "networks"}, {"group": "gpu"}]]
    assert "gpu" not in named["tool"]["uv"]["default-groups"]


def test_an_index_is_nothing_to_a_project_without_torch(rendered: Render):
    with_index = rendered(torch_index=INDEX) / "pyproject.toml"

    assert with_index.read_bytes() == (rendered() / "pyproject.toml").read_bytes()


@pytest.mark.parametrize("name", ["lightgbm", "xgboost"])
def test_a_learner_of_columns_is_refused_for_images(rendered: Render, name):
    with pytest.raises(copier.errors.UserMessageError, match=f"components {name} look at columns"):
        rendered(data="image", components=[name])


@pytest.fixture(scope="module")
def of_texts(torch_project: Callable[..., Path]) -> Path:
    """Installed; its environment has all that forecasts need as well."""
    return torch_project(data="text", components=["lightgbm", "xgboost"])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lightgbm", "xgboost"])
@pytest.mark.parametrize("data", ["text", "series"])
def test_a_learner_is_trained_loaded_and_evaluated_on(of_texts, rendered, tmp_path, data, name):
    made, project = of_texts, tmp_path / "project"
    if data == "series":
        made = rendered(data="series", components=["lightgbm", "xgboost"])
    shutil.copytree(made, project, ignore=shutil.ignore_patterns(".venv"))
    (project / ".venv").symlink_to(of_texts / ".venv")
    command = [str(project / ".venv/bin/python"), "-m", "my_model"]
    run(*command, "train", f"model={name}", f"models.{name}.n_estimators=20", cwd=project)
    run(*command, "evaluate", cwd=project)
    found = json.loads((project / "reports/evaluation.json").read_text(encoding="utf-8"))

    assert found["model"] == name
