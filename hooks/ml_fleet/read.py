"""Read many repositories at once; one that cannot be read says why and stops no other."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from ml_checklist import yaml_io
from ml_checklist.errors import DataError
from ml_checklist.render import data
from ml_checklist.state import survey
from ml_checklist.state.project import open_project

from ml_fleet.row import Row, failed, of_line, of_report

ANSWERS = ".copier-answers.yml"
STDIN = "-"
# Few enough that the last worker does not wait long, many enough that handing over costs nothing.
CHUNK = 8


def read_all(places: Iterable[str], jobs: int | None = None) -> list[Row]:
    """A row per repository: folders are surveyed, .json and .jsonl files are read line by line.

    jobs: processes, by default one a core.
    """
    listed = list(places)
    files = [place for place in listed if place == STDIN or Path(place).is_file()]
    folders = [place for place in listed if place not in files]
    rows = [row for file in files for row in _lines(file)]
    jobs = min(jobs or os.cpu_count() or 1, len(folders))
    if jobs < 2:
        return rows + [read_folder(place) for place in folders]
    with ProcessPoolExecutor(jobs) as pool:
        return rows + list(pool.map(read_folder, folders, chunksize=CHUNK))


def read_folder(place: str) -> Row:
    """One repository on this disk, judged by its own catalog and by this tool."""
    folder = Path(place)
    if not folder.is_dir():
        return failed(place, "no such folder or file")
    try:
        taken = survey.take(open_project(place))
        return of_report(data.report(taken), place, **_origin(folder))
    except DataError as error:
        first, *others = str(error).splitlines()
        return failed(place, first + (f" (and {len(others)} more lines)" if others else ""))
    except Exception as error:  # a fleet of a thousand holds what nobody thought of
        return failed(place, f"{type(error).__name__}: {error}")


def _origin(folder: Path) -> dict[str, str]:
    """What the answers file says of the template."""
    path = folder / ANSWERS
    data: Any = yaml_io.load(path, ANSWERS, strict=False) if path.is_file() else {}
    answers = data if isinstance(data, dict) else {}
    named = {"template": "_src_path", "version": "_commit", "scaffold": "scaffold"}
    return {"name": folder.resolve().name} | {
        name: str(answers.get(key) or "") for name, key in named.items()
    }


def _lines(file: str) -> Iterator[Row]:
    shown = "stdin" if file == STDIN else file
    try:
        text = sys.stdin.read() if file == STDIN else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        yield failed(shown, f"{type(error).__name__}: {error}")
        return
    for place, content in _documents(text, shown):
        try:
            line = json.loads(content)
            if not isinstance(line, dict):
                raise ValueError("must hold a JSON object")
            yield of_line(line, place)
        except (ValueError, TypeError) as error:
            yield failed(place, str(error))


def _documents(text: str, shown: str) -> Iterator[tuple[str, str]]:
    """A file is one JSON document, or one a line."""
    try:
        json.loads(text)
    except ValueError:
        numbered = enumerate(text.splitlines(), start=1)
        yield from ((f"{shown}:{number}", line) for number, line in numbered if line.strip())
    else:
        yield shown, text
