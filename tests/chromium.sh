#!/usr/bin/env bash
# Runs a command that needs a browser: `tests/chromium.sh COMMAND…`. It finds Chromium and its driver
# in TEGATA_TEST_CHROMIUM and TEGATA_TEST_CHROMEDRIVER.
set -euo pipefail

find_programs() {
    browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) &&
        driver=$(command -v chromedriver)
}

# Debian's packages.
install() {
    if ! command -v apt-get >/dev/null; then
        echo "Chromium is missing: install it and \`chromedriver\`" >&2
        exit 1
    fi
    local root=()
    [ "$(id -u)" = 0 ] || root=(sudo)
    "${root[@]}" apt-get update -q
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
        chromium chromium-driver
}

if [ $# = 0 ]; then
    echo "usage: tests/chromium.sh COMMAND…" >&2
    exit 2
fi
find_programs || { install && find_programs; }
TEGATA_TEST_CHROMIUM=$browser TEGATA_TEST_CHROMEDRIVER=$driver exec "$@"
