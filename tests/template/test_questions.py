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

from tests.conftest import ROOT, run, run_copy
from tests.histories import quick

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
    "guard": {"data_guard": "x"},
    "computed list": {"tool_files": "[a.py]"},
    "computed layers": {"layers": "[core"},
    "computed layer": {"every": ""},
    "component as a name": {"serve": "."},
    "what the answers file keeps": {"stored_components": "[]"},
    "one component": {"components": "serve"},
    "broken list": {"components": "[serve"},
    "nothing for a list": {"components": ""},
    "number for a list": {"components": "3"},
    "numbers in a list": {"components": "[1, 2]"},
    "mapping for a list": {"components": "{serve: true}"},
    "nested list": {"components": "[[serve]]"},
    "unknown component": {"components": "[serve, serving]"},
    "old name of a component": {"components": "[queue]"},
    "components without code": {"components": "[serve]", "scaffold": "checklist"},
    "removal of what is not there": {"remove": "[docs]"},
    "unknown removal": {"remove": "[x]"},
    "index without an address": {"torch_index": "pytorch"},
    "index by another protocol": {"torch_index": "ftp://example.org/simple"},
    "index with quotes": {"torch_index": 'https://example.org/"'},
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
    "list": {"components": ["batch", "docs"]},
    "no component": {"components": []},
    "index of PyTorch": {"components": ["torch"], "torch_index": "https://example.org/whl/cpu"},
}


def copy_by_command(template: Path, to: Path, answers: dict[str, str]) -> int:
    """Exit status of `copier copy --defaults`; anything but a clean refusal raises."""
    data = [f"--data={name}={value}" for name, value in answers.items() if "\0" not in value]
    if len(data) < len(answers):  # no command line can carry a NUL
        file = to.parent / "answers.yml"
        file.write_text(yaml.safe_dump(answers))
        data = [f"--data-file={file}"]
    command = ["copier", "copy", "--defaults", *data, str(template), str(to)]
    with quick.quick():
        return int(CopierApp.run(command, exit=False)[1])


@pytest.mark.parametrize("answers", REFUSED.values(), ids=REFUSED)
def test_bad_data_is_refused_in_one_line_and_writes_nothing(
    small_template, tmp_path, capsys, answers
):
    destination = tmp_path / "project"

    code = copy_by_command(small_template, destination, answers)

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
def test_good_data_reaches_toml_and_yaml_unchanged(small_template, tmp_path, answers):
    project = run_copy(small_template, tmp_path / "project", **answers)

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


def test_guard_cannot_be_replaced_by_copiers_settings(template, tmp_path):
    settings = tmp_path / "settings.yml"
    settings.write_text("defaults: {github: ann, author: Ann}\n")
    command = [COPIER, "copy", "--defaults", str(template), "project"]

    done = run(*command, cwd=tmp_path, check=False, COPIER_SETTINGS_PATH=str(settings))

    assert done.returncode == 1
    assert 'settings file has a default for "github"' in done.stderr
    assert not (tmp_path / "project").exists()


def shown(question: dict[str, Any]) -> str:
    """What a person sees of a question: the first words of its help."""
    return " ".join(str(question["help"]).split()[:4])


def test_prompt_says_what_is_wrong_and_lets_correct_it(template, tmp_path):
    """Questions are recognised by their text, in whatever order they come."""
    destination = tmp_path / "project"
    # Question -> answers that are refused with a sentence, then one that is taken.
    typed = {
        "project_name": [("a/b", "project_name may hold"), ("Class", None)],
        "package_name": [("json", "Python's standard library"), ("class_ml", None)],
    }
    child = pexpect.spawn(
        COPIER, ["copy", str(template), str(destination)], encoding="utf-8", timeout=60
    )
    child.setwinsize(50, 200)
    asked = {name: one for name, one in questions().items() if name != "torch_index"}
    open_questions = {name: shown(question) for name, question in asked.items()}

    while open_questions:
        names = list(open_questions)
        name = names[child.expect([re.escape(open_questions[each]) for each in names])]
        del open_questions[name]
        if name == "package_name":
            child.expect("class_ml")
        for answer, sentence in typed.get(name, [("", None)]):
            child.sendline(f"\x15{answer}" if answer else "")
            if sentence:
                child.expect(sentence)
    child.expect(pexpect.EOF)
    child.close()

    kept = yaml.safe_load((destination / ".copier-answers.yml").read_text())
    assert child.exitstatus == 0
    assert kept["package_name"] == "class_ml"
    assert kept["components"] == []


def questions() -> dict[str, dict[str, Any]]:
    """The questions that a person can answer; the guard is none."""
    config = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    asked = {n: q for n, q in config.items() if n[0] != "_" and q.get("when") is not False}
    del asked["data_guard"]
    return asked


def test_every_question_has_help_and_a_default():
    assert not [name for name, q in questions().items() if not q.get("help") or "default" not in q]


def table() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "components.yml").read_text(encoding="utf-8"))
    return loaded


def listed(text: str, name: str) -> set[str]:
    """The names in a list of the guard."""
    found = re.search(rf"set {name} = \[(.*?)\]", text)
    assert found
    return set(re.findall(r'"(\w+)"', found[1]))


def test_the_guard_knows_every_question_and_every_computed_name(template):
    config = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    computed = {n for n, q in config.items() if n[0] != "_" and n not in questions()}
    with Worker(src_path=str(template)) as worker:
        rules: Any = worker.jinja_env.get_template("hooks/validate.jinja").module

    known = listed(config["data_guard"]["when"], "known")
    assert known == {*questions(), *table()["retired_choices"], "remove"}
    assert set(rules.computed) == computed


def test_choices_stand_once():
    """In components.yml: the questions and the guard read them there."""
    for name, question in questions().items():
        if "choices" in question and name != "components":
            assert f'rule.choices("{name}")' in question["choices"]
            # That of task is worked out from data.
            known, default = table()["choices"][name].values(), question["default"]
            assert default in known or "if data ==" in default
    assert {n for n, q in questions().items() if "choices" in q} == {
        *table()["choices"],
        "components",
    }


def test_the_table_holds_no_jinja():
    text = (ROOT / "components.yml").read_text(encoding="utf-8")

    assert not [brace for brace in ("{" + "{", "{" + "%", "{" + "#") if brace in text]


OTHER: dict[str, Any] = {
    "project_name": "Other Name",
    "package_name": "other_name",
    "description": "Another sentence",
    "author": "Another Holder",
    "owner": "@another",
    "task": "regression",
    "licence": "Apache-2.0",
    "ci": "gitlab",
    "scaffold": "checklist",
    "components": ["docs"],
    "data": "series",
    "torch_index": "https://example.org/simple",
}
# A question that is asked only beside these answers.
BESIDE: dict[str, dict[str, Any]] = {"torch_index": {"components": ["torch"]}}


def files(project: Path) -> dict[str, bytes]:
    """Path -> content, without the answers."""
    paths = [p for p in project.rglob("*") if p.is_file() and p.name != ".copier-answers.yml"]
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def default(small_template, tmp_path_factory) -> dict[str, bytes]:
    """The files of a project with no answer given."""
    return files(run_copy(small_template, tmp_path_factory.mktemp("default") / "project"))


@pytest.mark.parametrize("name", questions())
def test_every_question_is_obeyed_by_a_file(small_template, default, tmp_path, name):
    beside = BESIDE.get(name, {})
    if beside:
        default = files(run_copy(small_template, tmp_path / "beside", **beside))
    project = run_copy(small_template, tmp_path / "project", **beside, **{name: OTHER[name]})

    assert files(project) != default


def test_no_trust_is_ever_needed(template, tmp_path):
    config = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))

    copier.run_copy(str(template), tmp_path / "p", defaults=True, quiet=True, unsafe=False)

    assert not {"_tasks", "_migrations", "_jinja_extensions"} & set(config)
    assert (tmp_path / "p" / "README.md").is_file()
