"""Answers: good ones yield a valid project, bad ones are one line and write nothing."""

import keyword
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import copier
import pexpect
import pytest
import yaml
from copier._cli import CopierApp
from copier._main import Worker

from tests.conftest import ROOT, Render, run

COPIER = str(Path(sys.executable).parent / "copier")

REFUSED = {
    "slash": {"project_name": "a/b"},
    "parent folder": {"project_name": "../evil"},
    "absolute path": {"project_name": "/etc/passwd"},
    "quotes": {"project_name": 'say "hi"'},
    "TOML table": {"project_name": 'x"\n[evil]'},
    "new line": {"project_name": "a\nb"},
    "backslash": {"project_name": "a\\b"},
    "jinja": {"project_name": "{" + "{ 7*7 }" + "}"},
    "colon and hash": {"project_name": "a: b # c"},
    "dash": {"project_name": "- x"},
    "option": {"project_name": "-rf"},
    "shell": {"project_name": "$(id)"},
    "backtick": {"project_name": "`id`"},
    "percent": {"project_name": "%s"},
    "other script": {"project_name": "naïve 模型"},
    "empty": {"project_name": ""},
    "blank": {"project_name": "   "},
    "space at the edge": {"project_name": " demo"},
    "digit first": {"project_name": "9lives"},
    "dot last": {"project_name": "end."},
    "hidden": {"project_name": ".hidden"},
    "too long": {"project_name": "a" * 300},
    "nul": {"project_name": "a\0b"},
    "capital package": {"package_name": "MyPkg"},
    "keyword package": {"package_name": "class"},
    "soft keyword package": {"package_name": "match"},
    "standard library package": {"package_name": "json"},
    "dependency package": {"package_name": "numpy"},
    "folder package": {"package_name": "tests"},
    "device package": {"package_name": "con"},
    "path package": {"package_name": "a/b"},
    "dotted package": {"package_name": "a.b"},
    "empty package": {"package_name": ""},
    "underscore package": {"package_name": "_x"},
    "two-line description": {"description": "a\nb"},
    "control in description": {"description": "a\x1bb"},
    "delete in description": {"description": "a\x7fb"},
    "long description": {"description": "a" * 201},
    "two-line author": {"author": "a\nb"},
    "owner without at": {"owner": "ann"},
    "owner with space": {"owner": "@ann @bob"},
    "owner with new line": {"owner": "@ann\n* @evil"},
    "unknown licence": {"licence": "WTFPL"},
    "unknown task": {"task": "clustering"},
    "unknown scaffold": {"scaffold": "enterprise"},
    "unknown tracker": {"tracker": "wandb"},
    "unknown queue": {"queue": "kafka"},
    "unknown ci": {"ci": "jenkins"},
    "unknown name": {"phaze": "mvp"},
}

ACCEPTED = {
    "plain": {"project_name": "Churn Model"},
    "keyword": {"project_name": "Class"},
    "standard library": {"project_name": "json"},
    "test": {"project_name": "Test"},
    "device": {"project_name": "CON"},
    "YAML true": {"project_name": "yes"},
    "YAML null": {"project_name": "null"},
    "letter": {"project_name": "x"},
    "sixty": {"project_name": "a" * 60},
    "dots and dashes": {"project_name": "A.b-c_d 2"},
    "quotes in the description": {
        "description": "says \"yes\" \\ or 'no': #1 {a} [b] & *c - `d` %s"
    },
    "jinja in the description": {"description": "{" + "{ 7*7 }" + "} {" + "% raw %" + "}"},
    "YAML word as description": {"description": "null"},
    "number as description": {"description": "123"},
    "date as description": {"description": "2024-01-01"},
    "other scripts": {"description": "Größe 模型 🚲", "author": "Zoë Ångström"},
    "markup in the author": {"author": 'O\'Neil & Söhne <"x">'},
    "owner": {"owner": "@ann"},
    "team": {"owner": "@org/sub/ml-team"},
    "no owner": {"owner": ""},
}


def copy_by_command(template: Path, to: Path, answers: dict[str, str]) -> int:
    """Exit status of `copier copy --defaults`; anything but a clean refusal raises."""
    data = [f"--data={name}={value}" for name, value in answers.items() if "\0" not in value]
    if len(data) < len(answers):  # no command line can carry a NUL
        file = to.parent / "answers.yml"
        file.write_text(yaml.safe_dump(answers))
        data = [f"--data-file={file}"]
    command = ["copier", "copy", "--defaults", *data, str(template), str(to)]
    return int(CopierApp.run(command, exit=False)[1])


@pytest.mark.parametrize("answers", REFUSED.values(), ids=REFUSED)
def test_bad_data_is_refused_in_one_line_and_writes_nothing(template, tmp_path, capsys, answers):
    destination = tmp_path / "project"

    code = copy_by_command(template, destination, answers)

    said = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert code == 1
    assert len(said) == 1
    assert next(iter(answers)) in said[0]
    assert not destination.exists()


def test_the_command_itself_refuses_without_a_traceback(template, tmp_path):
    command = [COPIER, "copy", "--defaults", "--data=project_name=a/b", str(template), "project"]

    done = run(*command, cwd=tmp_path, check=False)

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert 'but not "/"' in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("answers", ACCEPTED.values(), ids=ACCEPTED)
def test_good_data_reaches_toml_and_yaml_unchanged(render: Render, answers):
    project = render(**answers)

    kept = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    pyproject = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    package = kept["package_name"]
    assert {name: kept[name] for name in answers} == answers
    assert pyproject["description"] == kept["description"]
    assert pyproject["authors"] == [{"name": kept["author"]}]
    assert package.isidentifier()
    assert not keyword.iskeyword(package)
    assert package not in sys.stdlib_module_names
    assert (project / "src" / package / "main.py").is_file()


def test_every_python_name_yields_a_package_name_that_hides_nothing(template):
    words = [*keyword.kwlist, *keyword.softkwlist, *sys.stdlib_module_names]
    with Worker(src_path=str(template)) as worker:
        rules: Any = worker.jinja_env.get_template("hooks/validate.jinja").module
        made = {str(rules.package_default(word.strip("_") or "x")) for word in words}

    assert made
    assert not [name for name in made if not name.isidentifier()]
    assert not made & {*keyword.kwlist, *keyword.softkwlist, *sys.stdlib_module_names}


def test_prompt_says_what_is_wrong_and_lets_correct_it(template, tmp_path):
    destination = tmp_path / "project"
    child = pexpect.spawn(
        COPIER, ["copy", str(template), str(destination)], encoding="utf-8", timeout=60
    )
    child.setwinsize(50, 200)

    child.expect("What is the project called")
    child.sendline("\x15a/b")
    child.expect("project_name may hold")
    child.sendline("\x15Class")
    child.expect("Under which name")
    child.expect("class_ml")
    child.sendline("\x15json")
    child.expect("Python's standard library")
    child.sendline("\x15class_ml")
    for question in (
        "What will it predict",
        "What kind",
        "How much code",
        "Who holds",
        "Whose review",
        "Under which licence",
        "Where do checks",
    ):
        child.expect(re.escape(question))
        child.sendline("")
    child.expect(pexpect.EOF)
    child.close()

    assert child.exitstatus == 0
    assert (
        yaml.safe_load((destination / ".copier-answers.yml").read_text())["package_name"]
        == "class_ml"
    )


def questions() -> dict[str, dict[str, Any]]:
    config = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    return {n: q for n, q in config.items() if not n.startswith("_") and q.get("when") is not False}


def test_every_question_has_help_and_a_default():
    assert not [name for name, q in questions().items() if not q.get("help") or "default" not in q]


def test_guard_knows_every_question():
    guard = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))["data_guard"][
        "default"
    ]

    assert not [name for name in questions() if f'"{name}"' not in guard]


OTHER = {
    "project_name": "Other Name",
    "package_name": "other_name",
    "description": "Another sentence",
    "author": "Another Holder",
    "owner": "@another",
    "task": "regression",
    "licence": "Apache-2.0",
    "ci": "gitlab",
    "scaffold": "checklist",
    "tracker": "mlflow",
    "queue": "redis",
}


@pytest.mark.parametrize("name", questions())
def test_every_question_is_obeyed_by_a_file(render: Render, name):
    def files(**answers):
        project = render(**answers)
        return {
            p.relative_to(project): p.read_bytes()
            for p in project.rglob("*")
            if p.is_file() and p.name != ".copier-answers.yml"
        }

    assert files() != files(**{name: OTHER[name]})


def test_no_trust_is_ever_needed(template, tmp_path):
    config = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))

    copier.run_copy(str(template), tmp_path / "p", defaults=True, quiet=True, unsafe=False)

    assert not {"_tasks", "_migrations", "_jinja_extensions"} & set(config)
    assert (tmp_path / "p" / "README.md").is_file()
