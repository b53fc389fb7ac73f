#!/bin/sh
# Installs the servers that tests, benchmarks and `make demo-real` start, where we are root on Debian.
set -eu

kafka() {
    "$(dirname "$0")/kafka.sh" >/dev/null || echo "warning: what needs Kafka is left out, and says so" >&2
}

needed=""
[ -x /usr/sbin/mariadbd ] || command -v mariadbd >/dev/null || needed="$needed mariadb-server"
command -v redis-server >/dev/null || needed="$needed redis-server"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || command -v postgres >/dev/null || needed="$needed postgresql"
command -v etcd >/dev/null || needed="$needed etcd-server"
command -v chromedriver >/dev/null || needed="$needed chromium chromium-driver"
if [ -z "$needed" ]; then
    kafka
    exit 0
fi

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "warning: not on this machine:$needed; what needs them is left out, and says so" >&2
    kafka
    exit 0
fi
echo "installing$needed" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update >/dev/null
# shellcheck disable=SC2086
apt-get -qq install -y --no-install-recommends $needed >/dev/null
for name in mariadb redis-server postgresql etcd; do
    if [ -d /run/systemd/system ]; then systemctl disable --now --quiet "$name" || true; fi
done
kafka
