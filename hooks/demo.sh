#!/usr/bin/env bash
# Usage: demo.sh DEST [QUESTION=ANSWER...]. Renders a project from this working tree, sets it up, trains, evaluates and prints
# its checklist. Refuses a DEST that holds anything but an unchanged demo.
set -euo pipefail
template=$(cd "$(dirname "$0")/.." && pwd -P)
dest=$1
answers=()
for answer in "${@:2}"; do answers+=(--data "$answer"); done
mark=copier-ml-demo # in the demo's .git: the commit at which the demo ended

# Reading a repository must not write its index: the clone's .git stays as it is.
export GIT_OPTIONAL_LOCKS=0
say() { printf 'demo      %s\n' "$*"; }

if [ -e "$dest" ] && [ -n "$(ls -A "$dest" 2> /dev/null)" ]; then
  if [ ! -f "$dest/.git/$mark" ] || [ "$(git -C "$dest" rev-parse HEAD)" != "$(cat "$dest/.git/$mark")" ] ||
    [ -n "$(git -C "$dest" status --porcelain)" ]; then
    echo "$dest is not an unchanged demo; move it away, or name another folder: make demo DEST=..." >&2
    exit 2
  fi
  say "replace   the unchanged demo in $dest"
  rm -rf "$dest"
fi

# Without an identity git refuses to commit; the demo then uses its own.
if ! git var GIT_COMMITTER_IDENT > /dev/null 2>&1; then
  export GIT_AUTHOR_NAME=demo GIT_AUTHOR_EMAIL=demo@localhost GIT_COMMITTER_NAME=demo GIT_COMMITTER_EMAIL=demo@localhost
fi

say "render    ${*:2}${2:+, else }default answers, from $template"
if [ -n "$(git -C "$template" status --porcelain 2> /dev/null)" ]; then
  say "          (with your uncommitted changes; this demo cannot be updated later)"
fi
if [ -d "$template/.git" ] || [ -f "$template/.git" ]; then ref=(--vcs-ref HEAD); else ref=(); fi
PYTHONWARNINGS=ignore "$template/.venv/bin/copier" copy --quiet --defaults ${ref[@]+"${ref[@]}"} \
  ${answers[@]+"${answers[@]}"} "$template" "$dest" # an empty list is an error in old versions of bash
cd "$dest"
git init --quiet --initial-branch main

say "set up    repository, environment, hooks"
make --no-print-directory setup

say "commit    the first commit; the hooks run"
git add --all
git commit --quiet --message "Start from copier-ml"

say "train     and evaluate"
make --no-print-directory train evaluate
git add --all
git commit --quiet --message "Record the first run"
git rev-parse HEAD > ".git/$mark"

say "checklist"
uv run --no-sync checklist status
# make puts this clone's own uv on PATH; the user's shell may have none.
uv_line=
PATH=${PATH//"$template/.venv/bin:"/} command -v uv > /dev/null || uv_line="
  python3 -m pip install uv    # the package manager of the project"
cat << NEXT

Next:$uv_line
  cd $dest
  uv run checklist start       # questions about the project, asked once
  make check test              # lint, types, imports, checklist; tests
NEXT
