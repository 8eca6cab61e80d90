"""Kind of data `image`: a project is trained on own images by conf/ alone, and faults are found."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Render, copy_installed, run
from tests.generated import test_five_edits as edits
from tests.kinds.conftest import cpu_seconds

CHECK = Path(__file__).parent / "in_project" / "check_image.py"
PACKAGE = Path("src", "my_model")
MAX_SECONDS = 60
N_OF_WRITER = 43  # images of a writer: 42 writers
FIT = "estimator.fit(X, y, **options)"
# Name -> (file, pattern, replacement, shipped test that must become red).
FAULTS = {
    "shuffled labels": (
        "model/predictor.py",
        re.escape(FIT),
        "estimator.fit(X, np.random.default_rng(0).permutation(y), **options)",
        "tests/executor/test_train.py::"
        "test_the_model_is_better_than_a_guess_by_more_than_chance_and_than_a_rule",
    ),
    "blue before red": (
        "utils/images.py",
        r"return values\.reshape\(\*size, channels\)",
        "return values.reshape(*size, channels)[..., ::-1]",
        "tests/model/test_behaviour.py::"
        "test_the_first_channel_is_red_and_a_turned_photograph_is_upright",
    ),
    "blue before red in requests alone": (
        "utils/images.py",
        r"return (to_array\(open_image\(read_bytes\(cell\)\), size, channels\))",
        r"return \1[:: -1 if cell.startswith(INLINE) else 1]",
        "tests/model/test_behaviour.py::"
        "test_the_first_channel_is_red_and_a_turned_photograph_is_upright",
    ),
    "mean of all parts": (
        "model/processes.py",
        r"(\w+)\.train\.X, ",
        r"torch.cat([\1.train.X, \1.valid.X]), ",
        "tests/model/test_behaviour.py::test_mean_and_spread_are_those_of_train",
    ),
    "augmentation on valid": (
        "model/training.py",
        r"self\._losses\((examples|self\.valid)\.X\[part\]",
        r"self._losses(self.augment(\1.X[part], lambda n: torch.rand(len(part), n))",
        "tests/model/test_behaviour.py::test_the_loss_on_valid_is_that_of_unchanged_images",
    ),
}


# Their tests train nothing; the others are with the slow tests.
QUICK = ("blue before red in requests alone",)
SLOW = [name for name in FAULTS if name not in QUICK]


@pytest.fixture(scope="module")
def project(torch_project: Callable[..., Path]) -> Path:
    return torch_project(data="image", components=["serve"])


def test_own_images_are_read_suspected_trained_and_served(project, tmp_path):
    copy = copy_installed(project, tmp_path / "project")
    (copy / "tests" / "conftest.py").unlink()
    shutil.copy2(CHECK, copy / "tests" / "test_own_images.py")

    run(
        str(copy / ".venv/bin/pytest"), "-q", "tests/test_own_images.py", cwd=copy, PYTHONPATH="src"
    )


def failed_with(project: Path, names: tuple[str, ...], to: Path) -> str:
    """What the shipped tests that should catch these faults print, in a copy that has them."""
    copy = copy_installed(project, to)
    for name in names:
        file, pattern, replacement, _ = FAULTS[name]
        path = copy / PACKAGE / file
        text, n_replaced = re.subn(pattern, replacement, path.read_text(encoding="utf-8"), count=1)
        assert n_replaced == 1, name
        path.write_text(text, encoding="utf-8")
    edits.configure(copy, {"models": {"network": {"epochs": 3}}})
    tests = [FAULTS[name][3] for name in names]
    command = [str(copy / ".venv/bin/pytest"), "-q", *dict.fromkeys(tests)]
    return run(*command, cwd=copy, check=False, PYTHONPATH="src").stdout


def test_planted_faults_are_caught_by_their_shipped_tests(project, tmp_path):
    printed = failed_with(project, QUICK, tmp_path / "project")

    assert f"{len(QUICK)} failed" in printed, printed


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_a_planted_fault_is_caught_by_a_shipped_test(project, tmp_path, name):
    printed = failed_with(project, (name,), tmp_path / "project")

    assert "1 failed" in printed, printed


@pytest.mark.slow
def test_the_default_beats_a_linear_model_of_the_pixels_within_a_minute(project, tmp_path):
    copy = copy_installed(project, tmp_path / "project")
    seconds, printed = cpu_seconds(copy, "prepare", "train", "evaluate")
    edits.run(copy, "train", "model=pixels")
    linear = edits.run(copy, "evaluate")
    found = r"accuracy [\d.]+ \[([\d.]+), ([\d.]+)\] on test"
    low, high = (re.findall(found, one)[0][place] for place, one in enumerate((printed, linear)))

    assert seconds < MAX_SECONDS
    assert float(low) > float(high)


@pytest.fixture(scope="module")
def edited(project, tmp_path_factory) -> Path:
    """A project with every edit of docs/extending.md."""
    copy = copy_installed(project, tmp_path_factory.mktemp("edited") / "project")
    write = "from my_model.dataloader.sample import *; write_sample(Path.cwd())"
    run(str(copy / ".venv/bin/python"), "-c", write, cwd=copy, PYTHONPATH="src")
    paths = sorted(path.relative_to(copy) for path in copy.glob("data/original/digits/*/*.png"))
    lines = [f"{path.as_posix()},w{int(path.stem) // N_OF_WRITER}" for path in paths]
    (copy / "data/writers.csv").write_text("\n".join(["image,writer", *lines]) + "\n", "utf-8")
    for edit in edits.edits_of((copy / edits.PAGE).read_text(encoding="utf-8")).values():
        edits.apply(copy, edit)
    edits.configure(copy, {"model": "network", "models": {"network": {"epochs": 2}}})
    return copy


def test_each_edit_of_one_place_is_used(edited):
    network = edits.run(edited, "train")
    forest = edits.run(edited, "train", "model=forest", "models.forest.n_estimators=20")
    manifest = json.loads((edited / "data/manifest.json").read_text(encoding="utf-8"))

    assert "epoch   2 of 2" in network
    assert "matthews" in network
    assert "forest" in forest
    assert [file["name"] for file in manifest["files"]] == ["main", "writers", "images"]


@pytest.mark.slow
def test_the_edits_leave_every_shipped_test_green(edited):
    edits.check(edited)


def test_a_table_has_nothing_of_images(rendered: Render):
    project = rendered()
    text = (project / "pyproject.toml").read_text(encoding="utf-8")

    assert "pillow" not in text
    assert not list(project.rglob("images.py"))
