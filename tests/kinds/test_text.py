"""The kind of data text: its sample, an own file by conf alone, edits, and planted faults."""

from __future__ import annotations

import lzma
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT, copy_installed, run
from tests.generated.faults.listed import Edit, Fault
from tests.generated.test_planted_faults import missed, results

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
        (Edit("dataloader/suspects/copies.py", "if parts[pair[0]] != parts[pair[1]]", "if False"),),
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


@pytest.fixture(scope="module")
def project(torch_project: Callable[..., Path]) -> Path:
    return torch_project(data="text", components=["serve"])


def test_from_an_empty_folder_to_an_evaluated_model_within_a_minute(project, tmp_path):
    copy = copy_installed(project, tmp_path / "project")
    started = time.monotonic()
    for command in ("prepare", "train", "evaluate"):
        printed = command_of(copy, command)
    seconds = time.monotonic() - started

    value, low, beaten = numbers(printed)
    assert seconds < MAX_SECONDS
    assert low > beaten, "no better than a rule about one word"
    assert low > 1 / 6, "no better than the majority class"
    assert value > 0.7


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


@pytest.mark.parametrize("name", ["network", "loss", "metric", "word", "source"])
def test_an_edit_in_one_place_is_enough(project, render, tmp_path, name):
    file, old, new, words = EDITS[name]
    copy = rendered(project, render, tmp_path)
    path = copy / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    if name == "source":
        packages = ("networkx", "numpy", "polars", "scikit-learn", "scipy", "sympy")
        lines = "".join(f"{name},Manual of a package\n" for name in packages)
        (copy / "data/titles.csv").write_text("package,title\n" + lines, encoding="utf-8")

    command_of(copy, "train", *words)


SMALL = [
    "model=network",
    "models.network.epochs=1",
    "data.max_tokens=16",
    "models.network.patience=1",
]
EDITS = {
    "network": (
        "src/own_package/model/networks.py",
        'NETWORKS: dict[str, Build] = {"transformer": transformer}',
        'class Bag(nn.Module):\n    """A mean of vectors."""\n\n'
        "    def __init__(self, n_outputs: int) -> None:\n        super().__init__()\n"
        "        self.words = nn.EmbeddingBag(VOCABULARY, 32, padding_idx=0)\n"
        "        self.head = nn.Linear(32, n_outputs)\n\n"
        "    def forward(self, ids: Tensor) -> Tensor:\n"
        "        return self.head(self.words(ids))\n\n\n"
        "def bag(X: Tensor, n_outputs: int) -> nn.Module:\n    return Bag(n_outputs)\n\n\n"
        'NETWORKS: dict[str, Build] = {"transformer": transformer, "bag": bag}',
        [*SMALL, "models.network.network=bag"],
    ),
    "loss": (
        "src/own_package/model/losses.py",
        '    "focal": ("classification", focal),\n',
        '    "focal": ("classification", focal),\n'
        '    "twice": ("classification", lambda outputs, y: 2 * cross_entropy(outputs, y)),\n',
        [*SMALL, "models.network.loss=twice", "models.network.sizes.width=16"],
    ),
    "metric": (
        "src/own_package/evaluation/metrics.py",
        '    "f1": _share(f1),\n',
        '    "f1": _share(f1),\n    "hits": _share(lambda y, p, s: float((y == p).mean())),\n',
        ["metric=hits"],
    ),
    "word": (
        "src/own_package/model/features.py",
        "    return table\n",
        '    return table.with_columns(pl.col("text").str.replace_all("package", ""))\n',
        [],
    ),
    "source": (
        "src/own_package/dataloader/sources.py",
        "    return tables[MAIN]\n",
        '    joined = tables[MAIN].join(tables["titles"], on="package", how="left")\n'
        '    both = pl.concat_str("title", "text", separator=" ", ignore_nulls=True)\n'
        '    return joined.with_columns(both.alias("text"))\n',
        ["data.files.titles=data/titles.csv"],
    ),
}


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


def test_a_planted_fault_turns_the_shipped_test_red(project, tmp_path):
    caught_by = sorted({one.caught_by for one in FAULTS})
    sound = Fault("sound", " ".join(caught_by), "")
    jobs = [planted(project, tmp_path / one.name, one) for one in [sound, *FAULTS]]
    found = results(project, tmp_path, jobs)
    not_caught = list(missed(FAULTS, found))

    assert found["sound"] == dict.fromkeys(caught_by, "passed")
    assert not not_caught, "\n\n".join(not_caught)


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
