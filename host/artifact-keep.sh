# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2153  # KIND, NAME, ATTR and WANTED are set by other files of the program
# Old versions and old downloads. No drift: `check` names what the next converge would remove, and nothing asks for a converge because of it.
# Both ask the same functions at the same time, before anything is applied.

declare -ga GARBAGE=()   # "artifact NAME" and "download FILE", as found at the begin of a run

# surplus_versions KEEP "WANTED…" "USED…": the pure decision. Reads lines `TIME NAME` of what is unpacked, prints the names that go: of
# each artifact all but the newest KEEP, wanted ones counted first, and never one that is in use. A name of another shape is not ours.
surplus_versions() {
    local name
    local -i keep=$1
    local -A count=()
    for name in $2; do
        [[ $name =~ ^([a-z]+(-[a-z]+)*)-[0-9].*-[0-9a-f]{12}$ ]] && count["${BASH_REMATCH[1]}"]=$((${count["${BASH_REMATCH[1]}"]:-0} + 1))
    done
    while read -r _ name; do
        [[ $name =~ ^([a-z]+(-[a-z]+)*)-[0-9].*-[0-9a-f]{12}$ && " $2 " != *" $name "* ]] || continue
        count["${BASH_REMATCH[1]}"]=$((${count["${BASH_REMATCH[1]}"]:-0} + 1))
        ((count["${BASH_REMATCH[1]}"] <= keep)) || [[ " $3 " == *" $name "* ]] || printf '%s\n' "$name"
    done < <(sort -k 1,1nr -k 2)
}

# observe_garbage: fills GARBAGE. Who uses what is asked only when something would go.
observe_garbage() {
    local i name kind stamp wanted="" list
    local -i keep=0
    GARBAGE=()
    for i in "${!KIND[@]}"; do
        case ${KIND[i]} in
        artifacts) keep=${NAME[i]} ;;
        artifact) wanted+=" ${NAME[i]}" ;;
        esac
    done
    ((keep)) || return 0   # a manifest of secrets, or of an older program
    for stamp in "$MS_STATE"/stamp*; do
        [[ -r $stamp && $stamp != "$MS_STATE/stamp$MS_SECTION" ]] || continue
        while read -r i _ kind name; do [[ $i != item || $kind != artifact ]] || wanted+=" $name"; done <"$stamp"
    done
    list=$(find "$MS_OPT" -mindepth 1 -maxdepth 1 -type d ! -name '.*' -printf '%T@ %f\n' 2>/dev/null)
    if [[ -n $(surplus_versions "$keep" "$wanted" "" <<<"$list") ]]; then
        while IFS= read -r name; do GARBAGE+=("artifact $name"); done < <(surplus_versions "$keep" "$wanted" "$(used_versions)" <<<"$list")
    fi
    while IFS= read -r name; do GARBAGE+=("download $name"); done < <(old_downloads)
}

# used_versions: what the current, the running and the wanted configuration of any unit names, and any process.
used_versions() {
    local base unit digest
    local -a paths=()
    for base in "$MS_CONFIG"/*/; do
        unit=${base%/} unit=${unit##*/}
        for digest in "$(readlink -- "$base/current")" "$(cat -- "$MS_RUN/$unit.running" 2>/dev/null)" "${WANTED["$unit"]-}"; do
            [[ -z $digest || ! -d $base$digest ]] || paths+=("$base$digest")
        done
    done
    {
        ((${#paths[@]} == 0)) || cat -- "${paths[@]/%//*}"
        printf '%s\n' "${LINES[@]}"
        cat -- /proc/[0-9]*/cmdline 2>/dev/null | tr '\000' '\n'
    } 2>/dev/null | grep -aoE "$MS_OPT/[A-Za-z0-9._+-]+" | sed "s:^$MS_OPT/::" | sort -u | tr '\n' ' '
}

# old_downloads: parts that nobody goes on with, and tars whose window is closed (after a reboot, say).
old_downloads() {
    local i
    local -a wanted=()
    for i in "${!KIND[@]}"; do
        [[ ${KIND[i]} != artifact ]] || wanted+=(! -name "${ATTR["$i sha256"]}.*")
    done
    find "$MS_CACHE" -mindepth 1 -maxdepth 1 -type f \( -name '*.part' -mmin +1440 "${wanted[@]}" -o -name '*.tar' -mmin +60 \) -printf '%f\n' 2>/dev/null | sort
}

# remove_garbage: what was found at the begin, unless something began to use it.
remove_garbage() {
    local entry name used=""
    ((${#GARBAGE[@]})) || return 0
    used=" $(used_versions) "
    for entry in "${GARBAGE[@]}"; do
        name=${entry#* }
        if [[ $entry == download\ * ]]; then
            rm -f -- "${MS_CACHE:?}/$name" && printf 'removed download %s: nobody needs it any more\n' "$name"
        elif [[ $used != *" $name "* ]]; then
            rm -rf -- "${MS_OPT:?}/$name" && rm -f -- "$MS_CACHE/cds/$name.jsa"{,.build,.lock} &&
                printf 'removed artifact %s: newer versions are kept, and nothing uses it\n' "$name"
        fi
    done
}
