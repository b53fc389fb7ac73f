#!/bin/sh
# Makes .venv with everything the Makefile's targets need; does nothing when it is already there.
set -eu
cd "$(dirname "$0")/.."

stamp=".venv/.ready"
wanted=$(cat constraints.txt pyproject.toml runtime/pyproject.toml scripts/setup.sh | cksum)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    exit 0
fi

enough() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

python=""
for name in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
    if enough "$name"; then
        python=$name
        break
    fi
done
if [ -z "$python" ]; then
    echo "error: Python 3.11, 3.12 or 3.13 is needed; name one with make PYTHON=…" >&2
    exit 3
fi

if ! enough .venv/bin/python || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    rm -rf .venv
    if ! "$python" -m venv .venv >/dev/null 2>&1; then
        rm -rf .venv
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            apt-get update -qq >/dev/null && apt-get install -y -qq python3-venv >/dev/null
        fi
        "$python" -m venv .venv || {
            echo "error: $python cannot make a virtual environment; on Debian: apt install python3-venv" >&2
            exit 3
        }
    fi
fi

echo "setting up .venv (once)" >&2
.venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
    -e ".[lsp]" -e "runtime[rest,rpc,metrics]" \
    build fastjsonschema granian h2 hatchling hpack httptools hypothesis import-linter isort jinja2 lark mypy pytest pytest-xdist ruff types-PyYAML types-grpcio types-grpcio-health-checking types-grpcio-reflection types-protobuf uvicorn >&2
.venv/bin/python -m compileall -q mallgen runtime/mallgen_runtime
echo "$wanted" >"$stamp"
