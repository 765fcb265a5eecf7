# SPDX-License-Identifier: Apache-2.0
"""The hosts for pyinfra: the same inventory as Ansible's."""

import json
import os

with open(os.environ["BENCH_INVENTORY"], encoding="utf-8") as text:
    _group = json.load(text)["agents"]

_ssh = {
    "ssh_user": "ops",
    "ssh_known_hosts_file": os.environ["BENCH_KNOWN_HOSTS"],
    "ssh_strict_host_key_checking": "yes",
    "ssh_look_for_keys": False,
    "_sudo": True,
}

agents = (
    [(name, {"ssh_hostname": own["address"], **own}) for name, own in _group["hosts"].items()],
    {**_ssh, **_group["vars"]},
)
