"""Whether the code of a project runs: what a test proves of it, it has to call."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any


class Watch:
    """Looks at calls until one is of the project, or starts another program."""

    def __init__(self, folder: Path) -> None:
        self.folder = f"{folder}{os.sep}"
        # A project that installs its package has no module below src/: then nothing can be seen.
        self.ran = not _is_imported(self.folder)

    def __call__(self, frame: FrameType, event: str, arg: Any) -> None:
        self.ran = self.ran or self._runs(frame.f_code)
        if self.ran:  # perhaps in another thread: this one need not be watched either
            sys.setprofile(None)

    def _runs(self, code: CodeType) -> bool:
        """Whether it is a function of the project, or starts another program."""
        own = code.co_filename.startswith(self.folder) and code.co_name != "<module>"
        return own or code is subprocess.Popen.__init__.__code__


def _is_imported(folder: str) -> bool:
    """Whether a module below `folder` is; asked once, as soon as it is so."""
    if folder not in _IMPORTED:
        # Not by getattr, at which a lazy module would import itself.
        known = [getattr(module, "__dict__", {}) for module in list(sys.modules.values())]
        if any(str(names.get("__file__")).startswith(folder) for names in known):
            _IMPORTED.add(folder)
    return folder in _IMPORTED


_IMPORTED: set[str] = set()


@contextmanager
def watch(folder: Path) -> Iterator[Watch]:
    """Watch this thread and those that it starts; `ran` of the result says what was seen."""
    found, before = Watch(folder), sys.getprofile()
    if not found.ran:
        threading.setprofile(found)
        sys.setprofile(found)
    try:
        yield found
    finally:
        threading.setprofile(None)
        sys.setprofile(before)
