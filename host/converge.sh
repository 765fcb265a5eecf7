# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The verbs `converge`, `check` and `remove`.

MS_SECTION=""   # "" or ".secrets": suffix of the stamp and of the list of owned items

# use_section: a host may have several manifests (`section NAME`), each with a stamp of its own.
use_section() {
    MS_SECTION=""
    [[ ${KIND[2]-} != section ]] || MS_SECTION=.${NAME[2]}
}

# Phases: what later phases look at (accounts, mounted disks) is there before they look.
PHASES=("package group user" "mount" "directory file secret link sysctl artifact unit service")

verb_converge() {
    local phase
    local -i before
    load_manifest "$MS_WORK/payload"
    use_section
    mkdir -p -- "$MS_STATE" "$MS_CONFIG" "$MS_RUN"
    chmod 0700 -- "$MS_STATE"
    sweep_pending
    rm -f -- "$MS_STATE/stamp$MS_SECTION"
    write_wanted
    observe
    remove_surplus
    compare
    before=${#DRIFT[@]}
    begin_downloads
    for phase in "${PHASES[@]}"; do
        apply_phase "$phase"
    done
    keep_sysctls
    finish_converge "$before"
}

# apply_phase "KIND…": then, if something changed, the host is looked at again.
apply_phase() {
    local kind i
    local -i before=$CHANGED
    note_restarts
    for kind in $1; do
        local -a items=()
        for i in "${!DRIFT[@]}"; do
            [[ ${KIND[i]} == "$kind" ]] && items+=("$i")
        done
        # A restart that became due by a file of this phase is no drift yet.
        [[ $kind == service ]] && due_services
        ((${#items[@]} == 0)) || "apply_$kind" "${items[@]}"
    done
    if ((CHANGED > before)) && [[ $1 != *service* ]]; then
        observe
        compare
    fi
}

# due_services: adds the services whose files were written in this run to `items` of apply_phase.
due_services() {
    local i
    for i in "${!KIND[@]}"; do
        if [[ ${KIND[i]} == service && -n ${PENDING_RESTART["${NAME[i]}"]-} && " ${DRIFT[i]-} " != *" restart "* ]]; then
            [[ -n ${DRIFT[i]-} ]] || items+=("$i")
            differs "$i" restart
        fi
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
    write_stamp
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
    report_facts
    report_questions
    report_units
    report_roles
    report_drift
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
        rm -f -- "$MS_STATE/stamp$MS_SECTION"
        observe_notes
        remove_surplus
        ((${#FAILURES[@]})) || rm -f -- "$list" "/etc/sysctl.d/60-metalstream$MS_SECTION.conf"
    done
    ((${#FAILURES[@]} == 0)) ||
        die remove "${#FAILURES[@]} items failed, the first: ${FAILURES[0]%;*}" "${FAILURES[0]##*; }, then run again"
    rm -f -- "$MS_STATE/restart"
    step "removed $CHANGED items"
}
