"""The kind of data text: its sample, an own file by conf alone, edits, and planted faults."""

from __future__ import annotations

import csv
import json
import lzma
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT, copy_installed, run
from tests.generated import test_five_edits as edits
from tests.generated.faults.listed import Edit, Fault
from tests.generated.test_planted_faults import missed, results
from tests.kinds.conftest import cpu_seconds

HERE = Path(__file__).parent / "in_project"
LAYER = ROOT / "template/{{ text }}/src/{{ package_name }}"
MAX_SECONDS = 60
SAVED = "tests/model/test_behaviour.py::"
TEXTS = "tests/dataloader/test_texts.py::"
SAME = SAVED + "test_the_matrix_is_the_same_after_the_model_is_saved_and_loaded"
FAULTS = [
    Fault(
        "tokenizer-other-than-in-training",
        SAME,
        "otherwise than when training",
        (
            Edit(
                "model/preprocess.py",
                "        vars(made).update(content)\n",
                "        vars(made).update(content)\n        made.tokens_ = sorted(made.tokens_)\n",
            ),
        ),
    ),
    Fault(
        "change-of-the-tokenizer-not-noticed",
        SAVED + "test_a_tokenizer_other_than_in_training_is_refused",
        "DID NOT RAISE",
        (
            Edit(
                "model/preprocess.py", "if made._probe() != made.probe_:", "if made.probe_ is None:"
            ),
        ),
    ),
    Fault(
        "upper-case-matters",
        SAVED + "test_white_space_and_upper_case_do_not_matter",
        "assert",
        (Edit("utils/words.py", "plain = text.lower()", "plain = text"),),
    ),
    Fault(
        "copies-across-parts-not-seen",
        TEXTS + "test_texts_of_train_that_test_repeats_would_be_found",
        "near copies",
        (Edit("dataloader/suspects/copies.py", "if part[pair[0]] != part[pair[1]]", "if False"),),
    ),
    Fault(
        "wrong-encoding-not-seen",
        TEXTS + "test_no_text_was_decoded_with_a_wrong_encoding",
        "would not have been found",
        (Edit("dataloader/suspects/characters.py", "    if text.isascii():", "    if text:"),),
    ),
    Fault(
        "shuffled-labels",
        "tests/executor/test_train.py::"
        "test_the_model_is_better_than_a_guess_by_more_than_chance_and_than_a_rule",
        "assert",
        (
            Edit(
                "model/predictor.py",
                "    estimator.fit(X, y, **options)",
                "    estimator.fit(X, np.random.permutation(y), **options)",
            ),
        ),
    ),
]

QUICK = ("tokenizer-other-than-in-training", "copies-across-parts-not-seen")


@pytest.fixture(scope="module")
def project(torch_project: Callable[..., Path]) -> Path:
    return torch_project(data="text", components=["serve"])


@pytest.mark.slow
def test_from_an_empty_folder_to_an_evaluated_model_within_a_minute(project, tmp_path):
    copy = copy_installed(project, tmp_path / "project")
    seconds, printed = cpu_seconds(copy, "prepare", "train", "evaluate")

    value, low, beaten = numbers(printed)
    assert seconds < MAX_SECONDS
    assert low > beaten, "no better than a rule about one word"
    assert low > 1 / 6, "no better than the majority class"
    assert value > 0.7


@pytest.mark.slow
def test_a_number_can_be_predicted_from_the_same_sample(project, render, tmp_path):
    copy = rendered(project, render, tmp_path, task="regression")
    for command in ("train", "evaluate"):
        printed = command_of(copy, command)

    assert "mae" in printed.replace("mean absolute error", "mae")
    page = max(copy.glob("logs/*/report.html")).read_text(encoding="utf-8")
    assert "a higher number" in page


def test_an_own_file_by_conf_alone(project, render, tmp_path):
    """Columns of other names, two classes, an author who names the group."""
    copy = rendered(project, render, tmp_path)
    lines = ["message,sender,spam"]
    for i in range(300):
        spam = i % 3 == 0
        text = (
            f"win a prize now {i * 7919 % 1000}"
            if spam
            else f"minutes of meeting {i * 7919 % 1000}"
        )
        lines.append(
            f'"Dear {i * 31 % 97}, {text} {"!" * (i % 4)}",s{i % 60},{"yes" if spam else "no"}'
        )
    (copy / "data/mails.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    conf = (copy / "conf/default.yaml").read_text(encoding="utf-8")
    for key, value in {
        "file": "data/mails.csv",
        "text": "message",
        "target": "spam",
        "column": "sender",
    }.items():
        conf, n = re.subn(rf"(?m)^( +{key}:) [\w.]+", rf"\1 {value}", conf)
        assert n == 1, key
    (copy / "conf/default.yaml").write_text(conf, encoding="utf-8")

    for command in ("prepare", "train", "evaluate"):
        printed = command_of(copy, command)

    assert "balanced accuracy 1" in printed


@pytest.fixture(scope="module")
def edited(project, tmp_path_factory) -> Path:
    """A project with every edit of docs/extending.md, and small networks."""
    copy = copy_installed(project, tmp_path_factory.mktemp("edited") / "project")
    edits.run(copy, "prepare")
    with (copy / "data/original/docstrings.csv").open(encoding="utf-8", newline="") as file:
        names = sorted({row["file"] for row in csv.DictReader(file)})
    lines = [f"{name},{Path(name).stem.replace('_', ' ')}" for name in names]
    (copy / "data/titles.csv").write_text("\n".join(["file,title", *lines]) + "\n", "utf-8")
    for name in ("data/manifest.json", "conf/schema.yaml"):
        (copy / name).unlink()
    for edit in edits.edits_of((copy / edits.PAGE).read_text(encoding="utf-8")).values():
        edits.apply(copy, edit)
    edits.configure(copy, {"data": {"max_tokens": 32}, "models": {"network": {"epochs": 2}}})
    return copy


def test_each_edit_of_one_place_is_used(edited):
    linear, network = (edits.run(edited, "train", f"model={name}") for name in ("sgd", "network"))
    manifest = json.loads((edited / "data/manifest.json").read_text(encoding="utf-8"))
    part = (edited / "data/train").glob("*")

    assert "sgd" in linear
    assert "matthews" in linear
    assert "epoch   2 of 2" in network
    assert [file["name"] for file in manifest["files"]] == ["main", "titles"]
    assert any(part)


@pytest.mark.slow
def test_the_edits_leave_every_shipped_test_green(edited):
    # A network of two epochs is worse than a rule, which a shipped test says.
    edits.configure(edited, {"model": "sgd"})
    edits.check(edited)


def test_what_the_kind_does_holds_in_a_project(project, tmp_path):
    copy = copy_installed(project, tmp_path / "project")
    check = (HERE / "check_text.py").read_text(encoding="utf-8")
    (copy / "tests/model/test_machinery.py").write_text(
        check.replace("own_package", package_of(copy)), encoding="utf-8"
    )
    command = [str(copy / ".venv/bin/pytest"), "-q", "tests/model/test_machinery.py"]
    done = run(*command, cwd=copy, PYTHONPATH="src", OMP_NUM_THREADS="1")

    assert "passed" in done.stdout
    assert "failed" not in done.stdout


def test_faults_turn_their_shipped_tests_red(project, tmp_path):
    """Two that do not touch each other, in one project, so that it is trained once."""
    chosen = [one for one in FAULTS if one.name in QUICK]
    both = Fault("both", " ".join(one.caught_by for one in chosen), "")
    job = planted(project, tmp_path / "both", both)
    job["edits"] = [[edit.file, edit.old, edit.new] for one in chosen for edit in one.edits]
    found = results(project, tmp_path, [job])["both"]
    not_caught = list(missed(chosen, {one.name: found for one in chosen}))

    assert not not_caught, "\n\n".join(not_caught)


@pytest.mark.slow
def test_each_planted_fault_turns_its_shipped_test_red(project, tmp_path):
    caught_by = sorted({one.caught_by for one in FAULTS})
    sound = Fault("sound", " ".join(caught_by), "")
    jobs = [planted(project, tmp_path / one.name, one) for one in [sound, *FAULTS]]
    found = results(project, tmp_path, jobs)
    not_caught = list(missed(FAULTS, found))

    assert found["sound"] == dict.fromkeys(caught_by, "passed")
    assert not not_caught, "\n\n".join(not_caught)


@pytest.mark.slow
def test_the_service_predicts_what_a_file_gets(project, tmp_path):
    copy = copy_installed(project, tmp_path / "project")
    for command in ("train", "evaluate", "register", "promote"):
        command_of(copy, command)
    done = run(str(copy / ".venv/bin/pytest"), "-q", "tests/serving", cwd=copy, PYTHONPATH="src")

    assert "failed" not in done.stdout


def test_the_sample_is_small_has_its_notices_and_names_no_package():
    packed = (LAYER / "dataloader/docstrings.csv.xz").read_bytes()
    text = lzma.decompress(packed).decode("utf-8")
    notices = (LAYER / "dataloader/docstrings-notices.txt").read_text(encoding="utf-8")
    names = {line.split(",")[-3] for line in text.splitlines()[1:]}
    texts = re.sub(r",[\w-]+,\d+,[\w./]+$", "", text, flags=re.M)

    assert len(packed) <= 300_000
    assert len(names) == 6
    assert all(re.search(rf"(?m)^{name} [\d.]+$", notices) for name in names)
    assert not re.search(
        r"(?i)(?<![a-z])(numpy|scipy|sklearn|polars|sympy|networkx)(?![a-z])", texts
    )


def rendered(
    project: Path, render: Callable[..., Path], folder: Path, task: str = "classification"
) -> Path:
    """A project of the same packages, not installed."""
    made = render(data="text", task=task, components=["serve"], package_name="own_package")
    copy = Path(shutil.copytree(made, folder / "project"))
    (copy / ".venv").symlink_to(project / ".venv")
    return copy


def package_of(project: Path) -> str:
    return next(path.parent.name for path in (project / "src").glob("*/main.py"))


def command_of(project: Path, *words: str) -> str:
    python = str(project / ".venv/bin/python")
    done = run(
        python,
        "-m",
        package_of(project),
        *words,
        cwd=project,
        PYTHONPATH="src",
        OMP_NUM_THREADS="1",
    )
    return done.stdout


def numbers(printed: str) -> tuple[float, float, float]:
    """The metric on test, the lower end of its interval, and the baseline's."""
    found = re.search(r"accuracy ([\d.]+) \[([\d.]+), [\d.]+\] on test, baseline ([\d.]+)", printed)
    assert found, printed
    return float(found[1]), float(found[2]), float(found[3])


def planted(project: Path, folder: Path, one: Fault) -> dict[str, object]:
    """A copy of the project, and what to do to it."""
    for part in ("src", "conf", "tests"):
        shutil.copytree(project / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(project / "pyproject.toml", folder)
    edits = [[edit.file, edit.old, edit.new] for edit in one.edits]
    return {
        "name": one.name,
        "folder": str(folder),
        "edits": edits,
        "data": "",
        "tests": one.caught_by.split(),
    }
