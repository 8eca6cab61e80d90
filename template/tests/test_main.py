"""From raw data to a prediction, through the door that people use."""

import pytest

pytestmark = pytest.mark.integration


@pytest.mark.proves("programming.end-to-end")
def test_from_raw_data_to_a_prediction(shared, config, tmp_path):
    """`shared` began as a fresh clone and ran prepare, train and evaluate; predict is the rest."""
    asked, said = tmp_path / "new.csv", tmp_path / "answers.csv"
    shared.received("test").write_csv(asked)
    done = shared.do("predict", str(asked), str(said))
    answers = said.read_text(encoding="utf-8").splitlines()
    (folder,) = (shared.root / "logs").iterdir()
    steps = [line.split()[2] for line in (folder / "log.txt").read_text("utf-8").splitlines()]

    assert {"prepare", "baseline", "train"} <= set(steps)
    assert len(answers) == 1 + len(shared.part("test"))
    assert folder.name in done.out
    for name in ("run.json", "evaluation.json", "report.html", "model.json", "model.skops"):
        assert (folder / name).stat().st_size > 0, name
    for name in ("data/manifest.json", "reports/run.json", "reports/evaluation.json"):
        assert shared.json(name), name


def test_help_names_every_command(shared):
    done = shared.run("--help")

    assert done.code == 0
    for command in ("prepare", "train", "evaluate", "predict", "sweep"):
        assert f"  {command} " in done.out


def test_an_unknown_command_is_refused_with_the_nearest_one(shared):
    done = shared.run("trian")

    assert done.code == 2
    assert done.err == "command line: unknown command 'trian'; did you mean 'train'?\n"
