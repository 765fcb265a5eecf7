# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034  # some of these variables are read by other files of the program
# Reads a manifest, in one pass and without a process, into arrays that the other files use:
#   LINES            all lines                      KIND[i] NAME[i] REST[i]  item i: `file`, `/etc/x`, further words
#   LINE_NO[i]       line of item i (from 1)        BLOCK_N[i]   lines of its block, the item's own line included
#   ATTR["i key"]    attributes                     INDEX["kind name"]  number of an item
#   CONTENT[i]       number c of its content        C_AT[c] C_N[c]      first line (from 0) and count of content c
#   C_UNIT[c] C_FILE[c]  for the files of a unit: number of the unit's item, name of the file
# Nothing here looks at the host, but names, numbers and words are checked; findings are collected, see rules.sh.

declare -ga LINES=() KIND=() NAME=() REST=() LINE_NO=() BLOCK_N=() CONTENT=()
declare -ga C_AT=() C_N=() C_UNIT=() C_FILE=() FINDINGS=()
declare -gA ATTR=() INDEX=()
CONTENT_OPEN=-1   # content that a `|` line belongs to; -1: none
BLOCK_OPEN=-1     # item that a `|` or `>` line belongs to

# kind -> words that follow it (`…` may take several), attributes it must have, attributes it may have.
declare -grA WORDS=(
    [metalstream]=number [host]=host [section]=section [package]=package [group]=account [user]=account
    [directory]=path [file]=path [secret]=path [link]="path target" [mount]="path fstype options"
    [sysctl]="sysctl words" [artifact]=artifact [artifacts]=number [unit]=unit [service]=unit [filesystem]=path
    [module]=module [hugepages]="switch choice" [limit]="limit amount" [dropin]=dropin [timer]=unit
    [port]=number [disk]=path [evidence]="word question path" [job]=word [note]="word words"
    [names]=path [peer]=host [openfiles]=number
)
declare -grA NEEDS=(
    [user]="group home" [directory]="owner group mode" [file]="owner group mode" [secret]="owner group mode"
    [artifact]="sha256 size url" [port]="unit" [filesystem]="device type label least-mib" [job]="masters namenodes"
    [peer]="rack address port"
)
declare -grA MAY=(
    [package]="version when" [user]="groups shell" [file]="when" [mount]="device" [service]="restart-on when"
    [artifact]="archive" [artifacts]="port peers"
)
# shape of a word or an attribute -> what matches it
declare -grA SHAPE=(
    [number]='^[0-9]{1,15}$' [host]='^[A-Za-z0-9][A-Za-z0-9.-]*$' [section]='^[a-z][a-z0-9-]*$'
    [package]='^[a-z0-9][a-z0-9+.-]+$' [account]='^[a-z_][a-z0-9_-]{0,31}$'
    [path]='^(/[A-Za-z0-9._@%+:,=~-]+)+$' [target]='^[^[:cntrl:]]+$' [fstype]='^[a-z0-9.]+$'
    [options]='^[A-Za-z0-9_.,=/:%+-]+$' [sysctl]='^[A-Za-z0-9_./-]+$' [words]='^[^[:cntrl:]]+$'
    [artifact]='^[A-Za-z0-9][A-Za-z0-9._+-]*$' [unit]='^[A-Za-z0-9][A-Za-z0-9_.@-]*$'
    [module]='^[A-Za-z0-9][A-Za-z0-9_-]*$' [switch]='^(enabled|defrag)$' [choice]='^[a-z+]+$'
    [limit]='^([*]|@?[a-z_][a-z0-9_-]*):(nofile|nproc|memlock|core|stack)$' [amount]='^([0-9]{1,15}|unlimited)$'
    [dropin]='^[A-Za-z0-9][A-Za-z0-9_.@-]*[.](service|socket|timer|mount|path|slice|target)[.]d/[A-Za-z0-9][A-Za-z0-9_.-]*[.]conf$'
    [version]='^[A-Za-z0-9][A-Za-z0-9.+:~-]*$' [when]='^clock$'
    [word]='^[A-Za-z0-9][A-Za-z0-9_.:/-]*$' [question]='^(exists|empty|property:[a-z.]+)$'
    [owner]='^[a-z_][a-z0-9_-]{0,31}$' [home]='^(/[A-Za-z0-9._@%+:,=~-]+)+$' [shell]='^(/[A-Za-z0-9._-]+)+$'
    [groups]='^[a-z_][a-z0-9_,-]*$' [mode]='^[0-7]{3,4}$' [sha256]='^[0-9a-f]{64}$' [size]='^[0-9]{1,15}$'
    [url]='^https?://[^[:space:][:cntrl:]]+$' [device]='^[A-Za-z0-9_./=:+@-]+$' [type]='^(xfs|ext4)$' [label]='^[A-Za-z0-9_-]{1,12}$'
    [least-mib]='^[0-9]{1,12}$' [port]='^[0-9]{1,5}$' [peers]='^(/[A-Za-z0-9._@%+:,=~-]+)+$'
    [rack]='^[A-Za-z0-9._-]+$' [address]='^[0-9A-Fa-f.:]+$'
    [archive]='^(/[A-Za-z0-9._@%+:,=~-]+)+$' [masters]='^[A-Za-z0-9.:,-]+$' [namenodes]='^[A-Za-z0-9.:,-]+$' [restart-on]='^/[A-Za-z0-9._@%+:,=~/-]+$'
)

# finding LINE TEXT: notes what is wrong; all of them are reported together.
finding() {
    FINDINGS+=("line $1: $2")
}

# parse_manifest FILE
parse_manifest() {
    mapfile -t LINES <"$1"
    parse_lines 0
}

# parse_lines FROM: the lines behind the first FROM ones.
parse_lines() {
    local line
    local -i n=$1
    for line in "${LINES[@]:$1}"; do
        n+=1
        case $line in
        '|' | '| '*)
            if ((CONTENT_OPEN >= 0)); then
                C_N[CONTENT_OPEN]=$((C_N[CONTENT_OPEN] + 1))
                BLOCK_N[BLOCK_OPEN]=$((BLOCK_N[BLOCK_OPEN] + 1))
            else
                finding "$n" "content without a file, secret or unit file above it"
            fi
            ;;
        '> '*) parse_unit_file "$n" "${line#> }" ;;
        [a-z]*) parse_item "$n" "$line" ;;
        *) finding "$n" "neither an item, '> NAME', '| content' nor '|': ${line:0:40}" ;;
        esac
    done
}

# open_content LINE ITEM [FILE]: the lines that follow are content.
open_content() {
    CONTENT_OPEN=${#C_AT[@]}
    C_AT+=("$1")
    C_N+=(0)
    C_UNIT+=("$2")
    C_FILE+=("${3-}")
}

parse_unit_file() {
    local c
    if ((BLOCK_OPEN < 0)) || [[ ! ${KIND[BLOCK_OPEN]} =~ ^(unit|timer)$ ]]; then
        finding "$1" "'> $2' outside of a unit or timer"
        CONTENT_OPEN=-1
        return
    fi
    if [[ ! $2 =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ ]]; then
        finding "$1" "${KIND[BLOCK_OPEN]} ${NAME[BLOCK_OPEN]}: '$2' is not the name of a file"
    fi
    for c in "${!C_FILE[@]}"; do
        if [[ ${C_UNIT[c]} == "$BLOCK_OPEN" && ${C_FILE[c]} == "$2" ]]; then
            finding "$1" "${KIND[BLOCK_OPEN]} ${NAME[BLOCK_OPEN]}: second file $2"
        fi
    done
    BLOCK_N[BLOCK_OPEN]=$((BLOCK_N[BLOCK_OPEN] + 1))
    open_content "$1" "$BLOCK_OPEN" "$2"
}

parse_item() {
    local kind
    local -a words shapes
    local -i i=${#KIND[@]}
    CONTENT_OPEN=-1
    BLOCK_OPEN=-1
    IFS=' ' read -r -a words <<<"$2"
    kind=${words[0]}
    if [[ ! $kind =~ ^[a-z]+$ || -z ${WORDS[$kind]-} ]]; then
        finding "$1" "item '${kind:0:40}' is not known; known are ${!WORDS[*]}"
        return
    fi
    IFS=' ' read -r -a shapes <<<"${WORDS[$kind]}"
    if ((${#words[@]} <= ${#shapes[@]})); then
        finding "$1" "$kind needs: ${WORDS[$kind]}"
        return
    fi
    if [[ ${shapes[-1]} == words ]]; then
        words=("${words[@]:0:${#shapes[@]}}" "${words[*]:${#shapes[@]}}")
    fi
    KIND[i]=$kind NAME[i]=${words[1]} REST[i]=${words[*]:2:${#shapes[@]} - 1} LINE_NO[i]=$1 BLOCK_N[i]=1
    check_words "$i" "${words[@]:1:${#shapes[@]}}"
    parse_attributes "$i" "${words[@]:${#shapes[@]} + 1}"
    if [[ -n ${INDEX["$kind ${words[1]}"]-} && $kind != evidence ]]; then
        finding "$1" "second $kind ${words[1]}; the first is in line ${LINE_NO[INDEX["$kind ${words[1]}"]]}"
    fi
    INDEX["$kind ${words[1]}"]=$i
    BLOCK_OPEN=$i
    [[ $kind != dropin ]] || ATTR["$i owner"]=root ATTR["$i group"]=root ATTR["$i mode"]=0644
    if [[ $kind =~ ^(file|secret|dropin)$ ]]; then
        open_content "$1" "$i"
        CONTENT[i]=$CONTENT_OPEN
    fi
}

# item_paths ITEM: sets PATHS to where it writes, besides configuration directories of units.
item_paths() {
    case ${KIND[$1]} in
    file | secret | link | directory) PATHS=("${NAME[$1]}") ;;
    mount) PATHS=("${NAME[$1]}" "$MS_SYSTEMD/$(mount_unit "${NAME[$1]}")") ;;
    unit) PATHS=("$MS_SYSTEMD/${NAME[$1]}.service") ;;
    timer) PATHS=("$MS_SYSTEMD/${NAME[$1]}.timer" "$MS_SYSTEMD/${NAME[$1]}.service") ;;
    dropin) PATHS=("$MS_SYSTEMD/${NAME[$1]}") ;;
    *) PATHS=() ;;
    esac
}
declare -ga PATHS=()

# check_words ITEM WORD…: each against the shape that its place asks for.
check_words() {
    local i=$1 shape
    local -a shapes
    shift
    IFS=' ' read -r -a shapes <<<"${WORDS[${KIND[i]}]}"
    for shape in "${shapes[@]}"; do
        check_shape "$i" "$shape" "$1"
        shift
    done
}

# check_shape ITEM SHAPE VALUE
check_shape() {
    local what="${KIND[$1]} ${NAME[$1]}"
    if [[ ! $3 =~ ${SHAPE[$2]} ]]; then
        finding "${LINE_NO[$1]}" "$what: '$3' is not a valid $2"
    elif [[ $2 == path || $2 == home ]] && [[ "$3/" == */../* || "$3/" == */./* ]]; then
        finding "${LINE_NO[$1]}" "$what: '$3' is not a plain path"
    fi
}

# parse_attributes ITEM KEY=VALUE…
parse_attributes() {
    local i=$1 kind=${KIND[$1]} word key
    local known=" ${NEEDS[$kind]-} ${MAY[$kind]-} "
    shift
    for word; do
        key=${word%%=*}
        if [[ $word != *=* || $known != *" $key "* ]]; then
            finding "${LINE_NO[i]}" "$kind ${NAME[i]}: attribute '${word:0:60}' is not known; known:$known"
            continue
        fi
        if [[ -n ${ATTR["$i $key"]-} ]]; then
            finding "${LINE_NO[i]}" "$kind ${NAME[i]}: second $key"
        fi
        ATTR["$i $key"]=${word#*=}
        if [[ $key == group || $key == unit ]]; then
            check_shape "$i" "${key/group/account}" "${word#*=}"
        else
            check_shape "$i" "$key" "${word#*=}"
        fi
    done
    for key in ${NEEDS[$kind]-}; do
        [[ -n ${ATTR["$i $key"]-} ]] || finding "${LINE_NO[i]}" "$kind ${NAME[i]}: $key= is missing"
    done
}
