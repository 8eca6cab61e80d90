"""Every cell of every notebook runs, and no output is committed."""

import contextlib
import io
import json
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb"))

pytestmark = [
    pytest.mark.integration,
    pytest.mark.proves("programming.notebooks-run"),
    pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name),
]


def test_the_cells_run(path, project):
    """As plain Python in one namespace, without the lines that only Jupyter knows (%, !)."""
    names = {"__name__": "__main__"}
    with contextlib.chdir(project.root), contextlib.redirect_stdout(io.StringIO()):
        for number, source in enumerate(code_cells(path), start=1):
            exec(compile(source, f"{path.name} cell {number}", "exec"), names)

    assert len(names) > 1


def test_no_output_is_kept_and_the_test_part_is_not_opened(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    source = "\n".join(code_cells(path))

    assert not any(cell.get("outputs") for cell in cells), "run `make fix`: outputs hold data"
    assert "for_evaluation" not in source
    assert "data/test" not in source


def code_cells(path):
    """The sources of the code cells."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return [
        "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!")))
        for source in sources
    ]
