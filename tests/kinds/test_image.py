"""Kind of data `image`: a project is trained on own images by conf/ alone, and faults are found."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Render, copy_installed, run

CHECK = Path(__file__).parent / "in_project" / "check_image.py"
PACKAGE = Path("src", "my_model")
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


# The others with the slow tests.
QUICK = ("mean of all parts", "blue before red in requests alone")
EVERY = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in FAULTS]


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


@pytest.mark.parametrize("name", EVERY)
def test_a_planted_fault_is_caught_by_a_shipped_test(project, tmp_path, name):
    file, pattern, replacement, test = FAULTS[name]
    copy = copy_installed(project, tmp_path / "project")
    path = copy / PACKAGE / file
    text, n_replaced = re.subn(pattern, replacement, path.read_text(encoding="utf-8"), count=1)
    path.write_text(text, encoding="utf-8")
    conf = copy / "conf" / "default.yaml"
    quick = re.sub(r"(?m)^    epochs: \d+", "    epochs: 3", conf.read_text(encoding="utf-8"))
    conf.write_text(quick, encoding="utf-8")
    command = [str(copy / ".venv/bin/pytest"), "-q", test]
    done = run(*command, cwd=copy, check=False, PYTHONPATH="src")

    assert n_replaced == 1
    assert done.returncode == 1, done.stdout
    assert "1 failed" in done.stdout


def test_a_table_has_nothing_of_images(rendered: Render):
    project = rendered()
    text = (project / "pyproject.toml").read_text(encoding="utf-8")

    assert "pillow" not in text
    assert not list(project.rglob("images.py"))
