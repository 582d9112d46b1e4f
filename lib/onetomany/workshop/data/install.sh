#!/bin/sh
# Installs the kit beside this file. Needs {python} (with venv) on {system}, and no network.
# 이 파일 옆에 도구를 설치한다. {python}(venv 포함)이 필요하고 네트워크는 쓰지 않는다.
set -eu
cd "$(dirname "$0")"
python=${{PYTHON:-python{minor}}}
if ! command -v "$python" >/dev/null 2>&1; then
  echo "This folder needs {python}: install it, or name it as PYTHON=/path/to/python{minor}" >&2
  exit 1
fi
if command -v sha256sum >/dev/null 2>&1; then
  sha256sum --quiet --check SHA256SUMS
else
  shasum --algorithm 256 --quiet --check SHA256SUMS # macOS
fi
# -I: no file beside this one is imported; --clear: nothing that came with the folder stays in .venv
"$python" -I -m venv --clear .venv
.venv/bin/python -I -m pip install --quiet --disable-pip-version-check --no-index --no-deps \
  --find-links wheels --requirement requirements.txt
.venv/bin/python -I -m pip install --quiet --disable-pip-version-check --no-index --no-deps \
  wheels/onetomany-*.whl
echo "Ready. Open the chapters with: sh start.sh"
