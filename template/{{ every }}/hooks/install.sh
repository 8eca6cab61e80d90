#!/bin/sh
# Installs what CI runs into the folder $1: uv, and `checklist`, the tool in this folder (or in the folder $2). Packages
# are pinned by hash, nothing is built, and no setting or module of the folder that this is run in is read.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
hooks=$(cd "${2:-$here}" && pwd)
python3 -I -m venv "$1"
bin=$(cd "$1/bin" && pwd)
"$bin/python" -I -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
  --requirement "$here/requirements.txt"
cat > "$bin/checklist" <<END
#!/bin/sh
PYTHONPATH="$hooks" exec "$bin/python" -P -m ml_checklist "\$@"
END
chmod +x "$bin/checklist"
if [ -n "${GITHUB_PATH:-}" ]; then echo "$bin" >> "$GITHUB_PATH"; fi
