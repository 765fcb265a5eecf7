# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2153  # KIND and NAME are set by other files of the program
# Secrets are checked on the host itself: a section's stamp has notes that only this host can make, and so neither content nor digest
# leaves it. A check of the host's main manifest reports the other sections with it.

# hmac <TEXT: HMAC-SHA256; the key is made once, stays on the host and is root's alone.
hmac() {
    local key inner="" outer="" salt=$MS_STATE/salt
    local -i n byte
    if [[ ! -s $salt ]]; then
        (umask 077 && head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$MS_WORK/salt")
        write_atomic "$MS_WORK/salt" "$salt" root root 0600
    fi
    read -r key <"$salt"
    for ((n = 0; n < 64; n++)); do
        byte=0
        ((n >= 32)) || byte=$((16#${key:n*2:2}))
        printf -v inner '%s\\x%02x' "$inner" $((byte ^ 0x36))
        printf -v outer '%s\\x%02x' "$outer" $((byte ^ 0x5c))
    done
    inner=$({
        printf '%b' "$inner"
        cat
    } | sha256sum)
    {
        printf '%b' "$outer"
        printf '%b' "$(sed 's/ .*//; s/../\\x&/g' <<<"$inner")"
    } | sha256sum
}

# note_secrets: what the next check compares this section's secrets with.
note_secrets() {
    local i digest
    : >"$MS_WORK/secrets"
    for i in "${!KIND[@]}"; do
        [[ ${KIND[i]} == secret ]] || continue
        digest=$(content "${CONTENT[i]}" | hmac)
        printf '%s %s:%s %o %s\n' "${NAME[i]}" "${ATTR["$i owner"]}" "${ATTR["$i group"]}" "$((8#${ATTR["$i mode"]}))" "${digest%% *}" >>"$MS_WORK/secrets"
    done
    write_atomic "$MS_WORK/secrets" "$MS_STATE/secrets$MS_SECTION" root root 0600
}

# forget_stamp: before anything is changed; the stamp comes back when all is well.
forget_stamp() {
    rm -f -- "$MS_STATE/stamp$MS_SECTION" "$MS_STATE/secrets$MS_SECTION"
}

# report_sections: `section NAME token=TOKEN` for each manifest but the one that is checked, `section-drift NAME secret PATH WORD…` for what
# differs from it.
report_sections() {
    local stamp section token path owner mode digest words
    for stamp in "$MS_STATE"/stamp.*; do
        section=${stamp#"$MS_STATE/stamp"}
        [[ -r $stamp && $section != "$MS_SECTION" ]] || continue
        read -r _ token <"$stamp"
        printf 'section %s token=%s\n' "${section#.}" "$token"
        [[ -r $MS_STATE/secrets$section ]] || continue
        while read -r path owner mode digest; do
            words=$(secret_drift "$path" "$owner" "$mode" "$digest")
            [[ -z $words ]] || printf 'section-drift %s secret %s%s\n' "${section#.}" "$path" "$words"
        done <"$MS_STATE/secrets$section"
    done
}

# secret_drift PATH OWNER:GROUP MODE DIGEST: how it differs, in words, each after a blank.
secret_drift() {
    local have
    if [[ ! -f $1 || -L $1 ]]; then
        printf ' missing'
        return
    fi
    have=$(hmac <"$1")
    [[ ${have%% *} == "$4" ]] || printf ' content'
    have=$(stat -c '%U:%G %a' -- "$1")
    [[ ${have% *} == "$2" ]] || printf ' owner'
    [[ ${have#* } == "$3" ]] || printf ' mode'
}
