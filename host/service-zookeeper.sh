# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# ZooKeeper on temporary disk. Gates: `gate members m1:2181,m2:2181,m3:2181`.

ZOOKEEPER_DATA=/var/lib/zookeeper
ZOOKEEPER_BORN=$MS_STATE/zookeeper.born

# zookeeper_mode ENDPOINT: leader, follower, standalone or down.
zookeeper_mode() {
    local mode
    mode=$(four_letter "${1%:*}" "${1##*:}" srvr 2>/dev/null | sed -n 's/^Mode: //p')
    printf '%s' "${mode:-down}"
}

# `unelected`: it runs and never saw an election, so it cannot hold anything that others acknowledged.
probe_zookeeper() {
    local mode epoch
    mode=$(zookeeper_mode "$MS_HOST:2181")
    if [[ $mode == down ]] && systemctl -q is-active zookeeper; then
        epoch=$(cat "$ZOOKEEPER_DATA/version-2/acceptedEpoch" 2>/dev/null)
        [[ ${epoch:-0} == 0 ]] && mode=unelected || mode=looking
    fi
    printf '%s' "$mode"
}

# zookeeper_synced MEMBERS: is there exactly one leader, with every other member a synced follower?
zookeeper_synced() {
    local endpoint leader="" followers=0 synced
    for endpoint in ${1//,/ }; do
        case $(zookeeper_mode "$endpoint") in
        leader)
            [[ -z $leader ]] || return 1
            leader=$endpoint
            ;;
        follower) followers=$((followers + 1)) ;;
        *) return 1 ;;
        esac
    done
    [[ -n $leader ]] || return 1
    synced=$(four_letter "${leader%:*}" "${leader##*:}" mntr | sed -n 's/^zk_synced_followers[[:space:]]*//p')
    ((${synced%.*} == followers))
}

# Before a member is taken away every other one must be in the quorum, and synced.
gate_before_zookeeper() {
    zookeeper_synced "${GATE[members]}" && return
    local endpoint
    for endpoint in ${GATE[members]//,/ }; do
        step "  $endpoint: $(zookeeper_mode "$endpoint")"
    done
    return 1
}

gate_after_zookeeper() {
    zookeeper_synced "${GATE[members]}"
}

# zookeeper_served_by_others MEMBERS: does any other member serve? Then the ensemble lives.
zookeeper_served_by_others() {
    local endpoint
    while read -r endpoint; do
        [[ $(zookeeper_mode "$endpoint") == down ]] || return 0
    done < <(each_other "$MS_HOST" "$1")
    return 1
}

# zookeeper_birth_decision BORN DATA SERVED GRANTED -> start | join | birth | refuse. Pure; every combination is in a test.
zookeeper_birth_decision() {
    local born=$1 data=$2 served=$3 granted=$4
    if [[ $born == yes ]]; then
        echo start
    elif [[ $data == yes || $served == yes ]]; then
        echo join
    elif [[ $granted == yes ]]; then
        echo birth
    else
        echo refuse
    fi
}

# bootstrap zookeeper: lets this member start for the first time. `initialize` is what makes an empty member vote, so it is
# written only at the birth of the ensemble: nobody was born before (the grant, from the evidence of all), and nobody serves now.
bootstrap_zookeeper() {
    local born=no data=no served=no granted=no
    [[ -e $ZOOKEEPER_BORN ]] && born=yes
    [[ -d $ZOOKEEPER_DATA/version-2 ]] && data=yes
    zookeeper_served_by_others "${GATE[members]}" && served=yes
    grant_is_fresh && granted=yes
    case $(zookeeper_birth_decision "$born" "$data" "$served" "$granted") in
    start) step "zookeeper: was born before" ;;
    join)
        rm -f -- "$ZOOKEEPER_DATA/initialize"
        zookeeper_mark "joined"
        ;;
    birth)
        install -o zookeeper -g zookeeper -m 0640 /dev/null "$ZOOKEEPER_DATA/initialize" ||
            die zookeeper "cannot write $ZOOKEEPER_DATA/initialize" "is the temporary disk mounted? systemctl status var-lib-zookeeper.mount"
        zookeeper_mark "born"
        ;;
    *)
        refuse zookeeper "this member is empty, no other member serves, and not every member is known to be unborn" \
            "bring the other members back; if the data of all of them is lost: docs/operations.md, 'Loss of the whole ZooKeeper ensemble'"
        ;;
    esac
    start_unit zookeeper
}

# removed_zookeeper: the temporary disk went with the unit, so this member is as good as new.
removed_zookeeper() {
    rm -f -- "$ZOOKEEPER_BORN"
}

# zookeeper_mark HOW: from now on systemd may start this member.
zookeeper_mark() {
    printf '%s %s\n' "$1" "$(date -u +%FT%TZ)" >"$MS_STATE/.zookeeper.born.tmp"
    sync "$MS_STATE/.zookeeper.born.tmp"
    mv -f "$MS_STATE/.zookeeper.born.tmp" "$ZOOKEEPER_BORN"
    step "zookeeper: $1"
}
