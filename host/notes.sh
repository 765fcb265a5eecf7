# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2153,SC2034  # KIND, NAME and REST are set by other files of the program; NOTED is read by them
# `note KEY VALUE`: what the last converge knew of the whole platform. The host keeps it for later: for the next run, which asks what was
# so before, and for a removal, which gets no manifest.

declare -gA NOTED=()   # key -> value

read_notes() {
    local key value
    NOTED=()
    [[ -r $MS_STATE/notes$MS_SECTION ]] || return 0
    while read -r key value; do NOTED["$key"]=$value; done <"$MS_STATE/notes$MS_SECTION"
}

compare_note() {
    [[ ${NOTED["$2"]-} == "${REST[$1]}" ]] || differs "$1" value
}

# All notes of the manifest are written at once, whichever of them differ.
apply_note() {
    local i
    for i in "${!KIND[@]}"; do
        [[ ${KIND[i]} == note ]] && printf '%s %s\n' "${NAME[i]}" "${REST[i]}"
    done >"$MS_WORK/notes"
    write_atomic "$MS_WORK/notes" "$MS_STATE/notes$MS_SECTION" root root 0644 2>"$MS_WORK/error"
    local written=$?
    for i; do
        if ((written == 0)); then changed "$i"; else failed "$i" "$(last_line <"$MS_WORK/error")" "look at the disk of $MS_STATE"; fi
    done
}

# report_notes: what was noted before, not what the manifest at hand says.
report_notes() {
    local key
    for key in "${!NOTED[@]}"; do
        printf 'note %s %s\n' "$key" "${NOTED[$key]}"
    done
}
