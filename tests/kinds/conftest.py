"""Projects that train networks, with the small build of PyTorch."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest


@pytest.fixture(scope="session")
def torch_index(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a package index with the CPU build of torch that pip would find.

    pip is configured to look in a folder of wheels, which uv does not read. Without such a wheel
    the tests are left out: the default index would send some gigabytes for a GPU.
    """
    asked = [sys.executable, "-m", "pip", "config", "get", "global.find-links"]
    told = subprocess.run(asked, text=True, capture_output=True).stdout
    folders = [*os.environ.get("PIP_FIND_LINKS", "").split(), *told.split()]
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    wheels = [one for folder in folders for one in Path(folder).glob(f"torch-*+cpu-{tag}-*.whl")]
    if not wheels:
        pytest.skip("pip is configured with no folder that holds a CPU wheel of torch")
    folder = tmp_path_factory.mktemp("index") / "torch"
    folder.mkdir()
    links = [f'<a href="{one.parent.as_uri()}/{quote(one.name)}">{one.name}</a>' for one in wheels]
    (folder / "index.html").write_text("\n".join(links), encoding="utf-8")
    return folder.parent.as_uri()


@pytest.fixture(scope="session")
def torch_project(installed_project: Callable[..., Path], torch_index: str) -> Callable[..., Path]:
    """`torch_project(**answers)`: an installed project with component torch."""

    def make(**answers: object) -> Path:
        named = {"components": ["torch"], **answers}
        return installed_project(torch_index=torch_index, **named)

    return make


def cpu_seconds(project: Path, *commands: str) -> tuple[float, str]:
    """The processor time of commands of the project, and what the last one prints.

    Not the clock: tests share their machine.
    """
    (package,) = (path.parent.name for path in project.glob("src/*/main.py"))
    settings = {**os.environ, "PYTHONPATH": "src", "OMP_NUM_THREADS": "1"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for command in commands:
        called = [str(project / ".venv/bin/python"), "-m", package, command]
        done = subprocess.run(called, cwd=project, env=settings, text=True, capture_output=True)
        assert done.returncode == 0, done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout
