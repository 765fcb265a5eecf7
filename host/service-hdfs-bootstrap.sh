# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The first start of HDFS. Nothing is ever forced; where in doubt it refuses and says what a person must decide.
# Gates: `namedirs PATH,…`, `disks PATH,…` (mount points), `nameservice`, `namenodes` and `journalnodes` (HTTP endpoints), `uid` of nothing else.

NAMENODE_BIRTH=$MS_STATE/namenode.birth

# name_directory_state PATH: missing, empty, formatted (VERSION and an image), unfilled, unfinished or partial.
# `unfilled` is an empty directory that a NameNode started on: without VERSION it is not formatted (Storage.analyzeStorage), and is filled
# at the next checkpoint. `unfinished` has VERSION, but neither image nor edits: a format or a copy was cut off before it held anything.
name_directory_state() {
    if [[ ! -d $1 || ! -r $1 ]]; then
        echo missing
    elif [[ -z $(find "$1" -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit) ]]; then
        echo empty
    elif [[ -f $1/current/VERSION && -n $(find "$1/current" -maxdepth 1 -regex '.*/fsimage_[0-9]+' -print -quit) ]]; then
        echo formatted
    elif [[ ! -e $1/current/VERSION && -z $(find "$1" -mindepth 1 -maxdepth 1 ! -name lost+found ! -name current ! -name in_use.lock -print -quit) ]]; then
        echo unfilled
    elif [[ -f $1/current/VERSION && -z $(find "$1" -mindepth 1 ! -name lost+found ! -path "$1/current" ! -name VERSION ! -name seen_txid ! -name in_use.lock ! -name 'fsimage.ckpt_*' ! -name 'fsimage_*.md5' -print -quit) ]]; then
        echo unfinished
    else
        echo partial
    fi
}

# combined_state STATE…: the one state of all name directories. Pure; every combination is in a test. One image is enough: the NameNode
# loads it and formats the directories that have none (FSImage.recoverTransitionRead, NOT_FORMATTED); one with VERSION alone beside it is for a person.
combined_state() {
    local states=" $* "
    case $states in
    *" missing "* | "  ") echo missing ;;
    *" partial "*) echo partial ;;
    *" unfinished "*)
        [[ $states != *" formatted "* && $states != *" unfilled "* ]] && echo unfinished || echo partial
        ;;
    *" formatted "*) echo formatted ;;
    *" unfilled "*) echo partial ;;
    *) echo empty ;;
    esac
}

# name_directories_state: missing also where a disk is not mounted, since converge makes directories on what lies below it.
name_directories_state() {
    local path
    local -a states=()
    disks_mounted || { echo missing && return; }
    for path in ${GATE[namedirs]//,/ }; do
        states+=("$(name_directory_state "$path")")
    done
    combined_state "${states[@]}"
}

# journals_state: unreachable when any is, else formatted when any is, else unformatted.
journals_state() {
    local endpoint state all=unformatted
    for endpoint in ${GATE[journalnodes]//,/ }; do
        state=$(journal_formatted "$endpoint")
        [[ $state != unreachable ]] || { echo unreachable && return; }
        [[ $state == no ]] || all=formatted
    done
    echo "$all"
}

# peers_state: serving when any other NameNode answers, else silent.
peers_state() {
    local endpoint
    while read -r endpoint; do
        [[ $(namenode_state "$endpoint") == down ]] || { echo serving && return; }
    done < <(each_other "$MS_HOST" "${GATE[namenodes]}")
    echo silent
}

# format_decision DIRECTORIES JOURNALS PEERS GRANTED -> start | standby | format | wait | refuse-<why>. Pure; every combination is in a test.
# An empty NameNode beside one that serves was reinstalled: it gets its image like any standby, also after a copy that was cut off.
format_decision() {
    local directories=$1 journals=$2 peers=$3 granted=$4
    case $directories in
    formatted) echo start ;;
    missing) echo refuse-missing ;;
    partial) echo refuse-partial ;;
    unfinished) [[ $peers == serving ]] && echo standby || echo refuse-partial ;;
    empty)
        if [[ $peers == serving ]]; then
            echo standby
        elif [[ $journals == unreachable ]]; then
            echo wait
        elif [[ $journals == formatted ]]; then
            echo refuse-journals
        elif [[ $granted != yes ]]; then
            echo refuse-ungranted
        else
            echo format
        fi
        ;;
    esac
}

# explain_refusal WHY: in words, with what to do.
explain_refusal() {
    local dirs=${GATE[namedirs]}
    case $1 in
    missing) refuse hdfs-format "not every one of $dirs can be read, or not every one of ${GATE[disks]-} is mounted" "mount the disk; an unmounted disk may hold the only image" ;;
    partial) refuse hdfs-format "$dirs hold part of an image, or differ" "an earlier format was cut off, or a disk was swapped: docs/operations.md, 'A NameNode that was formatted halfway'" ;;
    journals) refuse hdfs-format "a JournalNode holds edits of ${GATE[nameservice]}" "these edits belong to an image that is not here; find it, or docs/operations.md, 'Starting HDFS anew'" ;;
    ungranted) refuse hdfs-format "not every NameNode is known to be empty" "bring all NameNodes' hosts within reach and run up again" ;;
    znode) refuse hdfs-format "ZooKeeper holds /hadoop-ha/${GATE[nameservice]}, so a file system of this name was in use" "docs/operations.md, 'Starting HDFS anew'" ;;
    esac
}

# make_znode: makes the znode of automatic failover, without which no failover controller starts (exit status 3). False when it is there
# already (exit status 2, ZKFailoverController.java).
make_znode() {
    java_tool hdfs-zkfc hdfs org.apache.hadoop.hdfs.tools.DFSZKFailoverController -formatZK -nonInteractive >&2
    local status=$?
    case $status in
    0) step "hdfs: made the znode of automatic failover" ;;
    2) return 1 ;;
    *) die hdfs-format "formatZK ended with $status" "is ZooKeeper serving? then run up again" ;;
    esac
}

# format_znode: for a new file system. A znode that is there was made by this very bootstrap when it was cut off after this step, else by a
# file system that was in use.
format_znode() {
    if make_znode; then
        date -u +%FT%TZ >"$NAMENODE_BIRTH" && sync "$NAMENODE_BIRTH"
    else
        [[ -e $NAMENODE_BIRTH ]] || explain_refusal znode
    fi
}

format_namenode() {
    format_znode
    java_tool hdfs-namenode hdfs org.apache.hadoop.hdfs.server.namenode.NameNode -format -nonInteractive \
        -clusterid "${GATE[nameservice]}" >&2 ||
        die hdfs-format "the format ended with $?" "read the lines above; nothing was forced"
    [[ $(name_directories_state) == formatted ]] || die hdfs-format "no image after the format" "see the lines above"
    step "hdfs: formatted the file system ${GATE[nameservice]}"
}

# bootstrap namenode: the first NameNode's format, by the evidence of all, then its start.
bootstrap_namenode() {
    local granted=no decision
    grant_is_fresh && granted=yes
    poll 120 journalnodes_reachable "${GATE[journalnodes]}"
    decision=$(format_decision "$(name_directories_state)" "$(journals_state)" "$(peers_state)" "$granted")
    case $decision in
    start)
        step "hdfs: was formatted before"
        # Its ZooKeeper may have been made anew since.
        make_znode || step "hdfs: the znode of automatic failover is there"
        ;;
    standby) copy_image ;;
    format) format_namenode ;;
    wait) die hdfs-format "not every JournalNode of ${GATE[journalnodes]} answers" "a format needs all of them; run up again when they do" ;;
    refuse-*) explain_refusal "${decision#refuse-}" ;;
    esac
    start_namenode
    wait_or_fail hdfs-namenode 180 "an active NameNode among ${GATE[namenodes]}" active_namenode "${GATE[namenodes]}" >/dev/null
}

# copy_image: from the active NameNode. bootstrapStandby never writes to a directory that is not empty.
# Its own look at the JournalNodes is skipped: it fails when a majority of them was restarted while a segment was written (HDFS-16645), and
# is made good for by `caught_up` once this NameNode runs.
copy_image() {
    wait_or_fail hdfs-standby 180 "an active NameNode among ${GATE[namenodes]}" active_namenode "${GATE[namenodes]}" >/dev/null
    forget_unfinished
    java_tool hdfs-namenode hdfs org.apache.hadoop.hdfs.server.namenode.NameNode -bootstrapStandby -nonInteractive -skipSharedEditsCheck >&2 ||
        die hdfs-standby "bootstrapStandby ended with $?" "read the lines above, then run up again"
    step "hdfs: copied the image from the active NameNode"
    COPIED_IMAGE=yes
}

# start_namenode: with its failover controller. One that has just got its image is there when it has read the edits that follow.
start_namenode() {
    start_unit hdfs-namenode
    start_unit hdfs-zkfc
    [[ -z ${COPIED_IMAGE-} ]] || wait_or_fail hdfs-standby 600 "this NameNode has read the edits that follow its image" caught_up
}

# forget_unfinished: empties name directories that hold nothing but the identity of the very file system that is served.
forget_unfinished() {
    local active path pool
    local -a unfinished=()
    active=$(active_namenode "${GATE[namenodes]}")
    pool=$(jmx "${active%:*}" "${active##*:}" "Hadoop:service=NameNode,name=NameNodeInfo" | json_field BlockPoolId)
    for path in ${GATE[namedirs]//,/ }; do
        [[ $(name_directory_state "$path") != empty ]] || continue
        [[ -n $pool && $(sed -n 's/^blockpoolID=//p' "$path/current/VERSION") == "$pool" ]] || explain_refusal partial
        unfinished+=("$path")
    done
    for path in "${unfinished[@]}"; do
        step "hdfs: $path was left by a copy that was cut off; begun anew"
        rm -f -- "$path"/in_use.lock "$path"/current/{seen_txid,fsimage.ckpt_*,fsimage_*.md5,VERSION}
        rmdir -- "$path/current"
    done
}

# caught_up: has this NameNode applied what the active one had written when this was asked first?
caught_up() {
    local active mine
    if [[ -z ${CATCH_UP_TO-} ]]; then
        active=$(active_namenode "${GATE[namenodes]}") || return 1
        CATCH_UP_TO=$(last_transaction "$active")
        [[ -n $CATCH_UP_TO ]] || return 1
    fi
    mine=$(last_transaction "$MS_HOST:9870")
    [[ -n $mine ]] && ((mine >= CATCH_UP_TO))
}

# last_transaction NAMENODE: that it has applied (a standby) or written (the active one).
last_transaction() {
    jmx "${1%:*}" "${1##*:}" "Hadoop:service=NameNode,name=NameNodeInfo" | unescape | json_field LastAppliedOrWrittenTxId
}

# bootstrap standby: another NameNode gets its image from the active one.
bootstrap_standby() {
    case $(name_directories_state) in
    formatted) step "hdfs: this NameNode has an image" ;;
    empty | unfinished) copy_image ;;
    missing) explain_refusal missing ;;
    *) explain_refusal partial ;;
    esac
    start_namenode
}

# bootstrap hdfs-directories: `gate directory.N PATH OWNER MODE`, made through the active NameNode.
bootstrap_hdfs_directories() {
    local active key path owner mode
    wait_or_fail hdfs-directories 180 "an active NameNode out of safe mode" hdfs_writable
    active=$(active_namenode "${GATE[namenodes]}")
    for key in "${!GATE[@]}"; do
        [[ $key == directory.* ]] || continue
        read -r path owner mode <<<"${GATE[$key]}"
        make_hdfs_directory "$active" "$path" "$owner" "$mode" ||
            die hdfs-directories "cannot make $path" "see the NameNode's journal on ${active%:*}"
        step "hdfs: $path owner=$owner mode=$mode"
    done
}

# make_hdfs_directory NAMENODE PATH OWNER MODE
make_hdfs_directory() {
    webhdfs PUT "$1" "$2" "op=MKDIRS&permission=$4" >/dev/null &&
        webhdfs PUT "$1" "$2" "op=SETPERMISSION&permission=$4" &&
        webhdfs PUT "$1" "$2" "op=SETOWNER&owner=$3&group=$3"
}

hdfs_writable() {
    local active
    active=$(active_namenode "${GATE[namenodes]}") && namenode_out_of_safemode "$active"
}
