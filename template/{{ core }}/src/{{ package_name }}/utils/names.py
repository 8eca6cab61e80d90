"""Find the nearest right name for a mistyped one."""

import difflib
from collections.abc import Iterable

MAX_SHOWN = 20


def hint(name: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?`, or the known names where none is near."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"did you mean '{near[0]}'?"
    return f"known: {', '.join(names[:MAX_SHOWN]) or 'none'}"


def check_name(name: str, known: Iterable[str], where: str) -> None:
    """Raise ValueError with the nearest right name if `name` is not in `known`."""
    names = list(known)
    if name not in names:
        raise ValueError(f"{where}: unknown name '{name}'; {hint(name, names)}")
