# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2153  # NAME and ATTR are set by other files of the program
# Class-data archives: the classes of an artifact, parsed and verified once for each build of Java (lib/artifacts/README.md says what
# they save). The folder may be shared by several hosts: one makes an archive, the others wait for it.

# java_build: sets REPLY to what tells builds of Java apart; the JVM itself refuses an archive that another build made.
java_build() {
    local java
    java=$(readlink -f /usr/bin/java)
    REPLY=$(stat -c '%s %Y' -- "${java%/bin/java}/lib/modules" "${java%/bin/java}/lib/server/libjvm.so" 2>/dev/null) || REPLY=none
    REPLY=${REPLY//$'\n'/ }
}

# archive_fits ARCHIVE: is it there, and of this very Java?
archive_fits() {
    local made=""
    [[ -f $1 && -r $1.build ]] && read -r made <"$1.build"
    java_build
    [[ -n $made && $made == "$REPLY" ]]
}

# make_archive DIRECTORY ARCHIVE: from the list of classes that the artifact brings. Who has the old one mapped keeps it.
make_archive() {
    local lock jars
    mkdir -p -- "${2%/*}" || return 1
    exec {lock}>"$2.lock"
    flock "$lock"
    if archive_fits "$2"; then
        exec {lock}>&-
        return
    fi
    gzip -dc -- "$1/classes.gz" >"$2.names" || return 1
    jars=$(printf '%s\n' "$1"/jars/*.jar | sort | paste -sd : -)
    nice -n 5 /usr/bin/java -Xshare:dump "-XX:SharedClassListFile=$2.names" "-XX:SharedArchiveFile=$2.new" \
        -Xlog:all=error:stderr -cp "$jars" >/dev/null || return 1
    chmod 0644 -- "$2.new" && mv -f -- "$2.new" "$2" || return 1
    java_build
    printf '%s\n' "$REPLY" >"$2.build"
    rm -f -- "$2.names"
    exec {lock}>&-
}

# make_archives ITEM…: side by side, for the artifacts that want one. What went wrong lies in $MS_WORK/archive/.
make_archives() {
    local i
    local -A jobs=()
    mkdir -p -- "$MS_WORK/archive"
    for i; do
        [[ -n ${ATTR["$i archive"]-} && -d $MS_OPT/${NAME[i]} ]] || continue
        archive_fits "${ATTR["$i archive"]}" && continue
        make_archive "$MS_OPT/${NAME[i]}" "${ATTR["$i archive"]}" >"$MS_WORK/archive/$i" 2>&1 &
        jobs[$i]=$!
    done
    for i in "${!jobs[@]}"; do
        if wait "${jobs[$i]}"; then
            changed "$i" "class-data archive"
        else
            failed "$i" "class-data archive: $(last_line <"$MS_WORK/archive/$i")" \
                "it takes 0.6 GB of memory and 0.1 GB of ${ATTR["$i archive"]%/*}: check both"
        fi
    done
}
