// SPDX-License-Identifier: Apache-2.0
/** A systemd for the box: units are files with their state, what was asked of it is in a log. */

/**
 * Bash that installs `systemctl`. Units are in /srv/units, one file each that says active or inactive; changes are noted in /srv/log as
 * `VERB UNIT`. Starting a unit that /srv/broken names fails. A start records the digest as the ExecStartPre of our units does.
 */
export const fakeSystemd = `
mkdir -p /srv/units /usr/local/sbin
cat >/usr/local/sbin/systemctl <<'SYSTEMCTL'
#!/bin/bash
verb="" names=() value=""
for word; do
    case $word in
    --value) value=yes ;;
    -*) ;;
    LoadState,*|ActiveEnter*) ;;
    *) if [[ -z $verb ]]; then verb=$word; else names+=("\${word%.service}"); fi ;;
    esac
done
state() { cat "/srv/units/$1" 2>/dev/null || echo inactive; }
first=yes
for name in "\${names[@]}"; do
    case $verb in
    show)
        [[ -z $value ]] || { state "$name"; continue; }
        [[ -n $first ]] || echo
        first=""
        printf 'LoadState=loaded\\nActiveState=%s\\nSubState=running\\nUnitFileState=enabled\\n' "$(state "$name")"
        ;;
    is-active) [[ $(state "$name") == active ]] || exit 3 ;;
    start|restart)
        echo "$verb $name" >>/srv/log
        if grep -qx "$name" /srv/broken 2>/dev/null; then echo inactive >"/srv/units/$name"; exit 1; fi
        echo active >"/srv/units/$name"
        mkdir -p /run/metalstream
        readlink "/etc/metalstream/$name/current" >"/run/metalstream/$name.running"
        ;;
    stop|kill)
        echo "$verb $name" >>/srv/log
        echo inactive >"/srv/units/$name"
        ;;
    esac
done
exit 0
SYSTEMCTL
chmod 755 /usr/local/sbin/systemctl
log() { cat /srv/log 2>/dev/null; : >/srv/log; }
`;

/** A unit's block for a manifest of the box. */
export const unitLines = (name: string, setting = "a"): string[] => [
    `unit ${name}`,
    "> settings",
    `| ${setting}`,
    `> ${name}.service`,
    "| [Service]",
    "| ExecStart=/bin/true",
];
