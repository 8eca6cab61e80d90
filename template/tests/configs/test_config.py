"""A wrong value is one line that names the key, what was seen, and the nearest right name."""

import pytest

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (
            ["modle=forest"],
            ["command line: unknown key 'modle'; did you mean 'model'?"],
        ),
        (
            ["data.split.valid=1.5"],
            ["command line: data.split.valid must be below 1, got 1.5"],
        ),
        (["seed=abc"], ["command line: seed must be a whole number, got 'abc'"]),
        (
            ["seed=abc", "evaluation.n_bin=3"],
            [
                "command line: seed must be a whole number, got 'abc'",
                "command line: unknown key 'n_bin' in evaluation; did you mean 'n_bins'?",
            ],
        ),
        (["seed"], ["command line: 'seed' is not key=value"]),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line(shared, words, lines):
    done = shared.run("train", *words)

    assert done.code == 2
    assert sorted(done.err.splitlines()) == sorted(lines)


def test_a_mistake_in_the_file_names_the_file(project):
    project.configure(evaluation__levle=0.9)
    done = project.run("train")

    assert done.code == 2
    assert done.err == (
        "conf/default.yaml: unknown key 'levle' in evaluation; did you mean 'level'?\n"
    )


def test_a_metric_that_there_is_not_is_refused_with_the_ones_there_are(project, config):
    done = project.run("train", "metric=acuracy")

    assert done.code == 2
    assert "acuracy" in done.err
    assert config.metric in done.err
