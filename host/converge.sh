# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153  # some variables belong to other files of the program
# The verbs `converge`, `check` and `remove`.

MS_SECTION=""   # "" or ".secrets": suffix of the stamp and of the list of owned items

# use_section: a host may have several manifests (`section NAME`), each with a stamp of its own.
use_section() {
    MS_SECTION=""
    [[ ${KIND[2]-} != section ]] || MS_SECTION=.${NAME[2]}
}

# Phases: what later phases look at (accounts, mounted disks) is there before they look.
PHASES=("package module group user" "filesystem" "mount" "directory file secret link sysctl hugepages" "dropin timer artifact unit service note")
MS_DOING=""   # kind and names of the items at work, for messages
declare -ga FOUND=()   # what differed at the start, as DRIFT

verb_converge() {
    local phase i
    local -i before
    load_manifest "$MS_WORK/payload"
    use_section
    { mkdir -p -- "$MS_STATE" "$MS_CONFIG" "$MS_RUN" && chmod 0700 -- "$MS_STATE" && : >>"$MS_STATE/pending"; } ||
        die converge "cannot write below $MS_STATE" "look at that disk (read-only, full?); nothing was touched"
    sweep_pending
    write_wanted
    forget_stamp
    observe
    remove_surplus
    compare
    observe_garbage
    before=${#DRIFT[@]}
    for i in "${!DRIFT[@]}"; do FOUND[i]=${DRIFT[i]}; done
    begin_downloads
    for phase in "${PHASES[@]}"; do
        apply_phase "$phase"
    done
    report_mended
    finish_converge "$before"
}

# apply_phase "KIND…": then, if something changed, the host is looked at again.
apply_phase() {
    local kind i
    local -i before=$CHANGED
    note_restarts
    for kind in $1; do
        local -a items=()
        local names=""
        for i in "${!DRIFT[@]}"; do
            [[ ${KIND[i]} == "$kind" ]] || continue
            withheld "$i" && continue
            if [[ ${DRIFT[i]} == hidden ]]; then
                failed "$i" "the file system that it belongs on is not mounted" "mend that mount"
            else
                items+=("$i") names+=" ${NAME[i]}"
            fi
        done
        MS_DOING=$kind${names::200}
        ((${#items[@]} == 0)) || "apply_$kind" "${items[@]}"
    done
    MS_DOING=""
    if ((CHANGED > before)) && [[ $1 != *service* ]]; then
        observe
        compare
    fi
}

# report_mended: what differed at the start and is right now, because another item was mended (a user that came back owns its files again).
report_mended() {
    local i
    for i in "${!FOUND[@]}"; do
        [[ -n ${REPORTED[i]-}${DRIFT[i]-} ]] || changed "$i" "${FOUND[i]}, mended with another item"
    done
}

# Downloads start before apt does, where there is a curl already.
begin_downloads() {
    local i
    local -a items=()
    command -v curl >/dev/null || return 0
    for i in "${!DRIFT[@]}"; do
        [[ ${KIND[i]} == artifact && ${DRIFT[i]} == *missing* ]] && items+=("$i")
    done
    ((${#items[@]} == 0)) || start_artifacts "${items[@]}"
}

# finish_converge BEFORE: the stamp, unless something failed. BEFORE counts what differed at the start.
finish_converge() {
    local warning digest
    local -i items
    for warning in "${WARNINGS[@]}"; do
        printf 'warning %s\n' "$warning"
    done
    ((${#WRITTEN[@]} == 0)) || sync -- "${WRITTEN[@]}" 2>/dev/null
    if ((${#FAILURES[@]})); then
        die converge "${#FAILURES[@]} items failed, the first: ${FAILURES[0]%;*}" "${FAILURES[0]##*; }, then run again"
    fi
    remove_garbage
    write_stamp || die converge "the stamp cannot be written" "look at the disk of $MS_STATE, then run again"
    sweep_pending
    items=$(count_items)
    digest=$(manifest_digest)
    printf 'converged %s: %d changed, %d unchanged\n' "${digest:0:12}" "$CHANGED" $((items > $1 ? items - $1 : 0))
}

verb_check() {
    load_manifest "$MS_WORK/payload"
    use_section
    write_wanted
    observe
    compare
    observe_garbage
    report_facts
    report_questions
    report_disks
    report_preflight
    report_units
    report_steps
    report_roles
    report_drift
    report_sections
}

verb_facts() {
    observe_notes
    observe_packages
    report_facts
    report_roles
}

# Stops and removes what the stamps list. Data, accounts, packages and directories stay.
verb_remove() {
    local list
    sweep_pending
    for list in "$MS_STATE"/owned*; do
        [[ -e $list ]] || continue
        MS_SECTION=${list#"$MS_STATE/owned"}
        forget_stamp
        observe_notes
        remove_surplus
        ((${#FAILURES[@]})) || rm -f -- "$list" "/etc/sysctl.d/60-metalstream$MS_SECTION.conf"
    done
    ((${#FAILURES[@]} == 0)) ||
        die remove "${#FAILURES[@]} items failed, the first: ${FAILURES[0]%;*}" "${FAILURES[0]##*; }, then run again"
    rm -f -- "$MS_STATE/restart" "$MS_STATE"/notes*
    close_window
    step "removed $CHANGED items"
}
