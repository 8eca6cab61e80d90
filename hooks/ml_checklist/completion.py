"""Scripts that complete the words of `checklist` in a shell, made from its parser."""

import argparse

from ml_checklist.parser import build_parser

_WITH_ITEMS = ("show", "tick", "waive", "reopen")


def script(shell: str) -> str:
    """What the shell must read: bash and zsh with `source`, fish from its completions folder."""
    words = _words()
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](words)


def _words() -> dict[str, list[str]]:
    """Options and choices of each command."""
    parser = build_parser()
    commands = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return {name: sorted(_of(each)) for name, each in commands.choices.items()}


def _of(parser: argparse.ArgumentParser) -> set[str]:
    words = {
        option
        for action in parser._actions
        for option in action.option_strings
        if option.startswith("--")
    }
    return words | {str(choice) for action in parser._actions for choice in action.choices or ()}


def _bash(words: dict[str, list[str]]) -> str:
    cases = "\n".join(f"    {name}) words='{' '.join(each)}';;" for name, each in words.items())
    return f"""_checklist() {"{"}
  local words='{" ".join(words)}'
  case "${"{"}COMP_WORDS[1]{"}"}" in
{cases}
  esac
  [ "$COMP_CWORD" -eq 1 ] && words='{" ".join(words)}'
  case "${"{"}COMP_WORDS[1]{"}"}" in {"|".join(_WITH_ITEMS)})
    words="$words $(checklist completion items 2> /dev/null)";;
  esac
  COMPREPLY=($(compgen -W "$words" -- "${"{"}COMP_WORDS[COMP_CWORD]{"}"}"))
{"}"}
complete -o default -F _checklist checklist
"""


def _zsh(words: dict[str, list[str]]) -> str:
    return f"autoload -U +X bashcompinit && bashcompinit\n{_bash(words)}"


def _fish(words: dict[str, list[str]]) -> str:
    lines = [f"complete -c checklist -f -n __fish_use_subcommand -a '{' '.join(words)}'"]
    for name, each in words.items():
        options = [word for word in each if word.startswith("--")]
        choices = " ".join(word for word in each if not word.startswith("--"))
        here = f"complete -c checklist -n '__fish_seen_subcommand_from {name}'"
        lines += [f"{here} -l {option[2:]}" for option in options]
        lines += [f"{here} -a '{choices}'"] if choices else []
        if name in _WITH_ITEMS:
            lines.append(f"{here} -a '(checklist completion items 2> /dev/null)'")
    return "\n".join(lines) + "\n"
