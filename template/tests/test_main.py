"""From raw data to a prediction, through the door that people use."""

import pytest

pytestmark = pytest.mark.integration


@pytest.mark.proves("programming.end-to-end")
def test_from_raw_data_to_a_prediction(repository_copy, config):
    project = repository_copy
    said = [project.do(command).out for command in ("prepare", "train", "evaluate")]
    project.question("test").write_csv(project.root / "new.csv")
    said.append(project.do("predict", "new.csv", "answers.csv").out)
    answers = (project.root / "answers.csv").read_text(encoding="utf-8").splitlines()

    assert [text.split()[0] for text in said] == ["prepare", "prepare", "evaluate", "predict"]
    assert len(answers) == 1 + len(project.question("test"))
    assert (project.root / "logs" / project.record()["run"] / "report.html").stat().st_size > 0
    for name in ("data/manifest.json", "reports/run.json", "reports/evaluation.json"):
        assert project.json(name)
    assert config.metric.replace("_", " ") in said[1]


def test_help_names_every_command(shared):
    done = shared.run("--help")

    assert done.code == 0
    for command in ("prepare", "train", "evaluate", "predict", "sweep"):
        assert f"  {command} " in done.out


def test_an_unknown_command_is_refused_with_the_nearest_one(shared):
    done = shared.run("trian")

    assert done.code == 2
    assert done.err == "command line: unknown command 'trian'; did you mean 'train'?\n"
