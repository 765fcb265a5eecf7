#!/bin/sh
# Makes a fresh checkout ready: npm dependencies and a Node that runs TypeScript. Plain POSIX shell, because it
# runs before any of them is there. A second run does only what is missing.
set -eu
cd "$(dirname "$0")/.."

need() {
    command -v "$1" >/dev/null 2>&1 && return
    echo "metalstream: '$1' is missing; install it first: $2" >&2
    exit 1
}
need node "apt-get install nodejs npm"
need npm "apt-get install npm"

# npm writes this file last, so that an interrupted install is not taken for a whole one.
stamp=node_modules/.metalstream-lock
if ! cmp -s package-lock.json "$stamp"; then
    echo "setup: installing npm dependencies from the lockfile" >&2
    npm ci --no-progress --loglevel=error >&2
    cp package-lock.json "$stamp"
fi

version=$(PATH="$PWD/node_modules/.bin:$PATH" node --version)
major=${version#v}
if [ "${major%%.*}" -lt 22 ]; then
    echo "metalstream: Node 22.18 or later is needed, found $version, and npm has none for $(uname -m)" >&2
    exit 1
fi
