#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: class-archive.sh DIRECTORY ARCHIVE
# Makes the class-data archive of an unpacked artifact, unless there is one of this very Java: jars and
# list come from DIRECTORY, ARCHIVE is the file that lib/artifacts/cds.ts names. It may run on several
# hosts at once over one shared folder: one makes it, the others wait. A running service is not disturbed.
set -eu

directory=$1 archive=$2

# The JVM refuses an archive that another build made: its version, and the class library's size and time.
java=$(readlink -f "$(command -v java)")
modules=${java%/bin/java}/lib/modules
build="$(java -Xinternalversion | head -n 1) $(stat -c '%s %Y' "$modules")"

mkdir -p "$(dirname "$archive")"
exec 9>"$archive.lock"
flock 9
if [ -f "$archive" ] && [ "$(cat "$archive.build" 2>/dev/null)" = "$build" ]; then
    echo "in place: $archive"
    exit 0
fi

trap 'rm -f "$archive.new" "$archive.names"' EXIT
gzip -dc "$directory/classes.gz" >"$archive.names"
path=$(printf '%s\n' "$directory"/jars/*.jar | LC_ALL=C sort | paste -sd : -)
if ! nice -n 10 java -Xshare:dump "-XX:SharedClassListFile=$archive.names" \
    "-XX:SharedArchiveFile=$archive.new" -Xlog:all=error:stderr -cp "$path" >/dev/null; then
    echo "cannot make the class-data archive $archive; services start without it, only slower." \
        "It takes 0.6 GB of memory and 0.1 GB of disk: check both and run this again." >&2
    exit 1
fi
chmod 644 "$archive.new"
mv "$archive.new" "$archive" # who has the old one mapped keeps it
printf '%s\n' "$build" >"$archive.build"
echo "made: $archive"
