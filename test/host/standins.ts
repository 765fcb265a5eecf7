// SPDX-License-Identifier: Apache-2.0
/** What the box has instead of systemd, apt and the kernel's settings: each keeps its state in files that a test can see and damage. */

/** Under /srv/systemd: `enabled`, `active` and `masked` hold a file for each unit. ms-svc.service is a package's. */
const systemctl = `#!/bin/bash
s=/srv/systemd; now="" verb="" units=()
while (($#)); do
    case $1 in -p) shift ;; --now) now=1 ;; -*) ;; *) if [[ -z $verb ]]; then verb=$1; else units+=("$1"); fi ;; esac
    shift
done
has() { [[ -e $s/$1/$2 ]]; }
blank=""
for u in "\${units[@]}"; do
    case $verb in
    show)
        load=not-found active=inactive file=disabled
        [[ -e /etc/systemd/system/$u || $u == ms-svc.service ]] && load=loaded
        has masked "$u" && load=masked file=masked
        has active "$u" && active=active
        [[ $load == loaded ]] && has enabled "$u" && file=enabled
        printf '%sLoadState=%s\\nActiveState=%s\\nUnitFileState=%s\\nNeedDaemonReload=no\\n' "$blank" $load $active $file
        blank=$'\\n' ;;
    enable) : >"$s/enabled/$u" ;;
    disable) rm -f "$s/enabled/$u"; [[ -z $now ]] || rm -f "$s/active/$u" ;;
    start | restart) : >"$s/active/$u" ;;
    stop) rm -f "$s/active/$u" ;;
    unmask) rm -f "$s/masked/$u" ;;
    is-active) has active "$u" || exit 3 ;;
    esac
done
exit 0
`;

/** Under /srv/dpkg: a file for each installed package, with its version. */
const dpkgQuery = `#!/bin/bash
for p in "\${@:4}"; do [[ -e /srv/dpkg/$p ]] && echo "$p $(cat /srv/dpkg/$p) installed"; done
exit 0
`;

/** Installs anything but ms-none, of which it knows nothing, and nothing at all together with that. */
const aptGet = `#!/bin/bash
[[ " $* " == *" install "* ]] || exit 0
while [[ $1 != -- ]]; do shift; done
shift
for p; do [[ $p != ms-none* ]] || { echo "E: Unable to locate package \${p%=*}"; exit 100; }; done
for p; do v=\${p#*=}; [[ $p == *=* ]] || v=1.0; echo "$v" >"/srv/dpkg/\${p%=*}"; done
`;

/** Files of the box that \`setUp\` puts in place. */
export const standIns = { systemctl, "dpkg-query": dpkgQuery, "apt-get": aptGet };

/** Kernel settings that are this box's own: vm.ms_a, vm.ms_b and huge pages. */
export const setUp = `
mkdir -p /srv/systemd/enabled /srv/systemd/active /srv/systemd/masked /srv/dpkg /usr/local/bin
install -m 755 systemctl dpkg-query apt-get /usr/local/bin
release=$(</proc/sys/kernel/osrelease)
mount -t tmpfs tmpfs /proc/sys && mkdir /proc/sys/kernel /proc/sys/vm && echo "$release" >/proc/sys/kernel/osrelease
echo 0 >/proc/sys/vm/ms_a; echo 0 >/proc/sys/vm/ms_b
mount -t tmpfs tmpfs /sys/kernel/mm/transparent_hugepage && echo 'always [madvise] never' >/sys/kernel/mm/transparent_hugepage/enabled
`;
