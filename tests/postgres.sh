#!/usr/bin/env bash
# A private PostgreSQL on a free port, for as long as a command runs: `tests/postgres.sh COMMAND…`.
# The command finds its address in TEGATA_TEST_POSTGRES, and may stop and start it:
#
#     tests/postgres.sh stop [fast|immediate]
#     tests/postgres.sh start
#
# The server loses nothing when it crashes; TEGATA_TEST_POSTGRES_FSYNC=on lets it survive a power
# failure as well, as it does in production.
set -euo pipefail

# Where Debian, Fedora and Homebrew have the programs, the newest first.
find_programs() {
    local found
    for found in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV) \
        "$(dirname "$(command -v postgres || echo /nowhere/postgres)")" /opt/homebrew/opt/postgresql*/bin; do
        if [ -x "$found/initdb" ] && [ -x "$found/postgres" ]; then
            programs=$found
            return 0
        fi
    done
    return 1
}

# Debian's package, without the cluster that it would make and start.
install() {
    if ! command -v apt-get >/dev/null; then
        echo "PostgreSQL is missing: install its server, or put \`initdb\` and \`postgres\` on the PATH" >&2
        exit 1
    fi
    local root=()
    [ "$(id -u)" = 0 ] || root=(sudo)
    "${root[@]}" mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
        echo "create_main_cluster = false" | "${root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
    "${root[@]}" apt-get update -q
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
        -o Dpkg::Options::=--force-confold postgresql postgresql-contrib
}

# PostgreSQL refuses to run as root.
unprivileged() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=postgres --regid=postgres --clear-groups -- "$@"
    else
        "$@"
    fi
}

free_port() {
    local port
    while port=$((20000 + RANDOM % 12000)) && (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
    echo "$port"
}

# On its address alone and for whoever knows it: the folder's mode keeps its socket private.
create() {
    folder=$(mktemp -d)
    [ "$(id -u)" != 0 ] || chown postgres: "$folder"
    unprivileged "$programs/initdb" --pgdata="$folder/data" --username=tegata --auth=trust \
        --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null
    unprivileged tee -a "$folder/data/postgresql.conf" >/dev/null <<SETTINGS
listen_addresses = '127.0.0.1'
port = $(free_port)
unix_socket_directories = '$folder'
max_connections = 1000
shared_buffers = 256MB
fsync = ${TEGATA_TEST_POSTGRES_FSYNC:-off}
SETTINGS
}

start() {
    (cd "$folder" && unprivileged "$programs/pg_ctl" start --wait --silent --pgdata="$folder/data" \
        --log="$folder/log") || { cat "$folder/log" >&2; exit 1; }
}

stop() {
    (cd "$folder" && unprivileged "$programs/pg_ctl" stop --wait --silent --pgdata="$folder/data" \
        --mode="${1:-immediate}")
}

remove() {
    stop 2>/dev/null || true
    rm -rf "$folder"
}

find_programs || { install && find_programs; }
case "${1:-}" in
start | stop)
    folder=${TEGATA_TEST_POSTGRES_FOLDER:?there is no server to "$1"}
    "$@"
    ;;
"")
    echo "usage: tests/postgres.sh COMMAND…" >&2
    exit 2
    ;;
*)
    create
    trap remove EXIT
    start
    port=$(sed -n 's/^port = //p' "$folder/data/postgresql.conf")
    export TEGATA_TEST_POSTGRES_FOLDER=$folder
    export TEGATA_TEST_POSTGRES="postgres://tegata@127.0.0.1:$port"
    "$@"
    ;;
esac
