"""Copier in process, with what it does again and again done once; what it decides is its own."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import copier._template
import pytest
import yaml
from copier._jinja_ext import get_yield_context
from copier._main import Worker
from jinja2 import Environment

# Text and settings -> its code; what a text compiles to depends on nothing else.
COMPILED: dict[tuple[Any, ...], Any] = {}


@contextmanager
def compiled_once() -> Iterator[None]:
    """Copier without compiling a text twice."""
    compile_text = Environment.compile

    def once(
        self: Environment,
        source: Any,
        name: str | None = None,
        filename: str | None = None,
        raw: bool = False,
        defer_init: bool = False,
    ) -> Any:
        # A yield tag leaves its names in the environment while it is parsed.
        if not isinstance(source, str) or "yield" in source:
            return compile_text(self, source, name, filename, raw, defer_init)  # type: ignore[call-overload]
        # Not by file name: each checkout of a version has another.
        context = get_yield_context(self)
        context.yield_name = context.yield_iterable = None  # as compiling does
        key = (source, name, raw, defer_init, self.trim_blocks, self.undefined)
        if key not in COMPILED:
            COMPILED[key] = compile_text(self, source, name, filename, raw, defer_init)  # type: ignore[call-overload]
        return COMPILED[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Environment, "compile", once)
        patch.setattr(yaml, "SafeLoader", yaml.CSafeLoader)
        yield


@contextmanager
def quick() -> Iterator[None]:
    """The same; and a template's version checked out as a worktree, not as a clone."""

    def checkout(url: str, ref: str, location: str) -> str:
        command = ["git", "-C", url, "worktree", "add", "--quiet", "--force", "--detach"]
        subprocess.run([*command, location, ref], check=True, capture_output=True)
        return location

    with compiled_once(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(copier._template, "clone", checkout)
        patch.setattr(Worker, "_sync_git_index_executable_bit", lambda *_: None)
        yield
