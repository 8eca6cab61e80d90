"""Component torch: a training that is killed, several processes, and faults that are planted."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import copy_installed, run
from tests.generated.faults.listed import Edit, Fault
from tests.generated.test_planted_faults import missed, results

HERE = Path(__file__).parent / "in_project"
N_KILLS, N_STEPS = 20, 35
PARTS = {"components": ["torch", "tune"]}
TEST = "tests/networks/test_network.py::"
LABELS = TEST + "test_the_network_learns_the_labels_of_the_rows_and_numbers_around_zero"
FIRST_LOSS = TEST + "test_the_first_loss_is_about_that_of_outputs_that_are_zero"
GRADIENTS = TEST + "test_gradients_reach_every_parameter_that_is_not_frozen_by_name"
ONE_BATCH = TEST + "test_the_network_learns_one_batch_with_outputs_that_are_logits"
ALONE = TEST + "test_an_example_is_predicted_alone_as_in_a_batch"
RESUMED = TEST + "test_a_training_that_was_stopped_goes_on_to_the_same_weights"
ON_VALID = TEST + "test_the_loss_on_valid_is_that_of_evaluation_mode"
ON_ALL = TEST + "test_two_processes_know_the_loss_on_all_of_valid"
SAME = TEST + "test_two_trainings_with_one_seed_learn_the_same"
NETWORKS, TRAINING = "model/networks.py", "model/training.py"
LAST = "return nn.Sequential(*layers, nn.Linear(width, n_outputs))"
TARGET = "target = torch.from_numpy(np.searchsorted(self.classes_, y))"
SCALED = "(y - self.center_) / self.spread_"


def fault(name: str, caught_by: str, says: str, *edits: tuple[str, str, str]) -> Fault:
    """A fault of the code, by its edits."""
    return Fault(name, caught_by, says, tuple(Edit(*one) for one in edits))


FAULTS = [
    fault(
        "softmax-before-cross-entropy",
        ONE_BATCH,
        "a last activation before the loss",
        (NETWORKS, LAST, LAST[:-1] + ", nn.Softmax(dim=1))"),
    ),
    fault(
        "batchnorm-left-in-train-mode",
        ALONE,
        "Expected more than 1 value",
        (NETWORKS, "nn.LayerNorm(width)", "nn.BatchNorm1d(width, track_running_stats=False)"),
    ),
    fault(
        "evaluated-in-train-mode",
        ON_VALID,
        "approx",
        (TRAINING, "        self.forward.eval()\n", ""),
    ),
    fault(
        "predicted-in-train-mode",
        ALONE,
        "not close",
        ("model/network.py", "nn.Sequential(network, last).eval()", "nn.Sequential(network, last)"),
    ),
    fault(
        "shuffled-labels",
        LABELS,
        "not equal",
        ("model/network.py", TARGET, TARGET + "[torch.randperm(len(y))]"),
    ),
    fault(
        "frozen-layer",
        GRADIENTS,
        "frozen, or used by nothing",
        (NETWORKS, "    " + LAST, "    layers[0].requires_grad_(False)\n    " + LAST),
    ),
    fault(
        "layer-that-nothing-uses",
        GRADIENTS,
        "frozen, or used by nothing",
        (
            NETWORKS,
            "    " + LAST,
            f"    made = {LAST[7:]}\n    made[0].spare = nn.Linear(2, 2)\n    return made",
        ),
    ),
    fault(
        "too-large-first-weights",
        FIRST_LOSS,
        "assert",
        (
            NETWORKS,
            "    " + LAST,
            f"    made = {LAST[7:]}\n    made[-1].weight.data *= 50\n    return made",
        ),
    ),
    fault(
        "local-loss-drives-early-stopping",
        ON_ALL,
        "approx",
        (
            TRAINING,
            "total, n_valid = self._reduced(found.tolist())",
            "total, n_valid = found.tolist()",
        ),
    ),
    fault(
        "numpy-number-in-a-checkpoint",
        RESUMED,
        "cannot be read back",
        (
            "model/schedules.py",
            "return (step + 1) / n_warm",
            "return np.float64((step + 1) / n_warm)",
        ),
        ("model/schedules.py", "import math\n", "import math\n\nimport numpy as np\n"),
    ),
    fault(
        "random-state-not-resumed",
        RESUMED,
        "not equal",
        (TRAINING, "        torch.set_rng_state(cpu)\n", ""),
    ),
    fault(
        "optimizer-not-resumed",
        RESUMED,
        "not equal",
        (TRAINING, '        self.optimizer.load_state_dict(state["optimizer"])\n', ""),
    ),
    fault(
        "position-not-resumed",
        RESUMED,
        "not equal",
        (TRAINING, 'PLAIN = ("epoch", "position", ', 'PLAIN = ("epoch", '),
    ),
    fault(
        "another-order-each-time",
        SAME,
        "not equal",
        (TRAINING, ", generator=random)", ")"),
        (
            TRAINING,
            "        torch.manual_seed(options.seed + self.rank)\n",
            "        torch.seed()\n",
        ),
    ),
    fault(
        "smooth-loss-of-the-wrong-sign",
        TEST + "test_each_loss_is_lower_for_a_right_output_and_has_finite_gradients",
        "focal",
        (
            "model/losses.py",
            "    return found * (1 - (-found).exp())",
            "    return -found * (1 - (-found).exp())",
        ),
    ),
]
OF_NUMBERS = [
    fault(
        "target-scaled-twice",
        LABELS,
        "1 ± 0.01",
        ("model/network.py", SCALED, f"({SCALED}) / self.spread_"),
    ),
    fault(
        "prediction-in-another-unit",
        LABELS,
        "in another unit",
        (
            "model/network.py",
            "nn.init.constant_(layer.bias, self.center_)",
            "nn.init.zeros_(layer.bias)",
        ),
    ),
    fault(
        "last-activation-of-a-number",
        ONE_BATCH,
        "a last activation before the loss",
        (NETWORKS, LAST, LAST[:-1] + ", nn.ReLU())"),
    ),
]
TABLES = {"classification": FAULTS, "regression": OF_NUMBERS}
# Planted in each run; the others with the slow tests.
QUICK = {"softmax-before-cross-entropy", "shuffled-labels", "evaluated-in-train-mode"}


def test_the_faults_that_are_planted_in_each_run_are_listed():
    assert {one.name for one in FAULTS} >= QUICK


def test_the_edits_of_the_faults_fit_the_code_of_today(rendered):
    source = rendered(components=["torch"]) / "src" / "my_model"

    for edit in [edit for faults in TABLES.values() for one in faults for edit in one.edits]:
        assert (source / edit.file).read_text(encoding="utf-8").count(edit.old) == 1, edit


@pytest.fixture(scope="module")
def project(torch_project: Callable[..., Path]) -> Path:
    return torch_project(**PARTS)


def test_killed_at_random_steps_and_resumed_it_learns_the_same_bits(project, tmp_path):
    steps = random.Random(14).sample(range(1, N_STEPS + 1), N_KILLS)
    python, script = str(project / ".venv/bin/python"), str(HERE / "killed.py")
    words = [str(tmp_path), *map(str, steps)]
    done = run(python, script, *words, cwd=project, PYTHONPATH="src", OMP_NUM_THREADS="1")
    found = json.loads(done.stdout.splitlines()[-1])
    status, expected = found.pop("unbroken")

    assert status == 0
    assert len(found) == N_KILLS
    for name, (killed, resumed, digest) in found.items():
        assert (killed, resumed) == (9, 0), name  # 9: SIGKILL
        assert digest == expected, name


def test_the_small_build_is_installed_and_nothing_of_a_gpu_is_named(project):
    printed = "import torch; print(torch.__version__, torch.cuda.is_available())"
    version = run(str(project / ".venv/bin/python"), "-c", printed, cwd=project).stdout.split()
    exported = run(
        "uv", "export", "--frozen", "--no-hashes", "--group", "networks", cwd=project
    ).stdout

    assert version[0].endswith("+cpu")
    assert version[1] == "False"
    assert "torch==" in exported
    assert "nvidia-" not in exported


@pytest.mark.parametrize("marked", ["not slow", pytest.param("slow", marks=pytest.mark.slow)])
def test_the_machinery_holds_in_a_project(project, tmp_path, marked):
    copy = copy_installed(project, tmp_path / "project")
    shutil.copy2(HERE / "check_torch.py", copy / "tests/networks/test_machinery.py")
    command = [str(copy / ".venv/bin/pytest"), "-q", "tests/networks/test_machinery.py"]
    done = run(*command, "-m", marked, cwd=copy, PYTHONPATH="src")

    assert "passed" in done.stdout
    assert "skipped" not in done.stdout


def test_a_planted_fault_turns_the_shipped_test_red(project, render, tmp_path):
    faults = [one for one in FAULTS if one.name in QUICK]

    assert not_caught(project, render(**PARTS), tmp_path, faults) == []


@pytest.mark.slow
@pytest.mark.parametrize("task", TABLES)
def test_every_planted_fault_turns_the_shipped_test_red(project, render, tmp_path, task):
    faults = [one for one in TABLES[task] if one.name not in QUICK]

    assert not_caught(project, render(task=task, **PARTS), tmp_path, faults) == []


def not_caught(project: Path, rendered: Path, folder: Path, faults: list[Fault]) -> list[str]:
    """A sentence for each fault that its test missed; the tests are green without them."""
    (rendered / ".venv").symlink_to(project / ".venv")
    caught_by = sorted({one.caught_by for one in faults})
    sound = Fault("sound", " ".join(caught_by), "")
    jobs = [planted(rendered, folder / one.name, one) for one in [sound, *faults]]
    found = results(rendered, folder, jobs)

    assert found["sound"] == dict.fromkeys(caught_by, "passed")
    return list(missed(faults, found))


def planted(project: Path, folder: Path, one: Fault) -> dict[str, object]:
    """A copy of the project, and what to do to it."""
    for part in ("src", "conf", "tests"):
        shutil.copytree(project / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(project / "pyproject.toml", folder)
    edits = [[edit.file, edit.old, edit.new] for edit in one.edits]
    tests = one.caught_by.split()
    return {"name": one.name, "folder": str(folder), "edits": edits, "data": "", "tests": tests}
