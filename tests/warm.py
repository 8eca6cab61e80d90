"""Commands of rendered projects in processes that have the large packages imported already.

An import of scikit-learn and plotly takes longer than most commands. For each environment one
process imports them, and forks for each command: the command has memory, folder, variables, output
and exit code of its own. The code of the project, and polars, which starts threads, are imported
by the command itself.
"""

# The second half runs in a project's environment.
# mypy: disable-error-code="import-not-found"
from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

# Commands that measure time or memory, or end by a signal.
ALONE = {"bench", "feature-cost", "load-test", "profile-service", "rehearse", "serve", "worker"}
# What a process reads when it starts, before it could be given to a fork.
AT_START = ("OMP_NUM_THREADS", "PYTHONDONTWRITEBYTECODE", "COVERAGE_PROCESS_START")
PACKAGES = (
    "filelock jinja2 joblib numpy omegaconf plotly.graph_objects pydantic scipy.optimize"
    " scipy.stats sklearn.compose sklearn.ensemble sklearn.inspection sklearn.linear_model"
    " sklearn.metrics sklearn.model_selection sklearn.pipeline skops.io yaml"
)
_started: dict[tuple[str | None, ...], subprocess.Popen[str]] = {}


def can_run(command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> bool:
    """Whether this is `<project>/.venv/bin/python -m PACKAGE COMMAND` on the source below `cwd`."""
    return (
        len(command) > 3
        and command[0].endswith(".venv/bin/python")
        and command[1] == "-m"
        and (cwd / "src" / command[2] / "__main__.py").is_file()
        and command[3] not in ALONE
        and "PYTHONPATH" in env
    )


def run(
    command: Sequence[str], cwd: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """What `subprocess.run` gives for a command that can be run here."""
    server = _server(command[0], env)
    assert server.stdin is not None
    assert server.stdout is not None
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        task = {"argv": list(command[2:]), "cwd": str(cwd), "env": dict(env)}
        server.stdin.write(json.dumps(task | {"out": str(out), "err": str(err)}) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        return subprocess.CompletedProcess(command, code, out.read_text(), err.read_text())


def _server(python: str, env: Mapping[str, str]) -> subprocess.Popen[str]:
    """The process of an environment; a path through a link is the same environment."""
    made = str(Path(python).parent.resolve() / "python")
    key = (made, *(env.get(name) for name in AT_START))
    if key not in _started:
        kept = {name: value for name, value in env.items() if name != "PYTHONPATH"}
        _started[key] = subprocess.Popen(
            [made, __file__], env=kept, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
    return _started[key]


@atexit.register
def _stop() -> None:
    for process in _started.values():
        process.communicate()


def _serve() -> None:
    """Fork for each line of standard input; write the exit code of each."""
    for name in PACKAGES.split():
        with suppress(ImportError):
            import_module(name)
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
            return
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(code, flush=True)


def _become(task: dict[str, Any]) -> None:
    """Run a module as `python -m` does; what it raises ends this process."""
    for number, name in ((0, os.devnull), (1, task["out"]), (2, task["err"])):
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    os.chdir(task["cwd"])
    os.environ.clear()
    os.environ.update(task["env"])
    paths = [str(Path(path).resolve()) for path in task["env"]["PYTHONPATH"].split(os.pathsep)]
    sys.path[:1] = [task["cwd"], *paths]
    sys.argv[:] = task["argv"]
    try:
        runpy.run_module(task["argv"][0], run_name="__main__", alter_sys=True)
    except SystemExit:
        raise
    except BaseException:
        traceback.print_exc()
        sys.exit(1)


if __name__ == "__main__":
    _serve()
