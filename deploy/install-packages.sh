#!/bin/bash
# Installs the Debian packages of deploy/packages.txt that are missing, as root or through sudo.
# Does nothing, and asks for no password, when all are there.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

mapfile -t packages < <(sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$here/packages.txt")

missing=()
for package in "${packages[@]}"; do
    status="$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)"
    [ "$status" = installed ] || missing+=("$package")
done
if [ "${#missing[@]}" -eq 0 ]; then
    exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "These packages are missing, and there is no sudo. As root, run:" >&2
        echo "    apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

echo "Installing ${#missing[@]} Debian packages: ${missing[*]}"

# Debian's postgresql package would create a cluster, start it on port 5432 and start it again at
# every boot. Wardline runs private clusters of its own, so where no PostgreSQL server is installed
# yet, that default is turned off for the length of this installation. A server that is already
# here, and its configuration, are left alone.
drop_in=/etc/postgresql-common/createcluster.d/wardline-install.conf
quiet_cluster=no
if ! compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; then
    quiet_cluster=yes
    "${as_root[@]}" install -d "$(dirname "$drop_in")"
    echo "create_main_cluster = 'false'" | "${as_root[@]}" tee "$drop_in" >/dev/null
    trap '"${as_root[@]}" rm -f "$drop_in"' EXIT
fi

apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a
    apt-get -y -q -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300)
"${apt[@]}" update
"${apt[@]}" install --no-install-recommends "${missing[@]}"

if [ "$quiet_cluster" = yes ]; then
    echo "PostgreSQL is installed without a cluster on port 5432; pg_createcluster makes one if wanted."
fi
