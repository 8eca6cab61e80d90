#!/usr/bin/env bash
# Install the tools of requirements-dev.txt into .venv, with uv from PATH, else with uv in a virtual environment of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

python=$(command -v python3 || true)
if [ -z "$python" ] || ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "Python 3.11 or newer is missing (found: $("${python:-false}" --version 2>&1 || echo none)); install it and put python3 on PATH" >&2
  exit 2
fi

# Not the uv of this .venv, which a test may have put on PATH: it is replaced below.
uv=$(PATH=${PATH//"$PWD/.venv/bin:"/} command -v uv || true)
if [ -z "$uv" ]; then
  echo "bootstrap: uv is not on PATH; installing it into build/uv"
  if [ ! -x build/uv/bin/uv ]; then
    rm -rf build/uv
    "$python" -m venv build/uv > build-uv.log 2>&1 || { rm -f build-uv.log; rm -rf build/uv; echo "the Python package venv is missing; on Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }
    rm -f build-uv.log
    build/uv/bin/python -m pip install --quiet --disable-pip-version-check "$(grep '^uv==' requirements-dev.txt)"
  fi
  uv=$PWD/build/uv/bin/uv
fi

echo "bootstrap: installing $(grep -c == requirements-dev.txt) packages into .venv"
"$uv" venv --quiet --allow-existing --python "$python" .venv
"$uv" pip install --quiet --python .venv/bin/python -r requirements-dev.txt --editable .
