# SPDX-License-Identifier: Apache-2.0
"""The agents' hosts."""

from pyinfra import host
from pyinfra.operations import apt, files, server, systemd

data = host.data

apt.packages(
    name="Packages",
    packages=data.packages,
    update=True,
    cache_time=86400,
    no_recommends=True,
)
server.group(name="Group", group=data.account["name"], system=True)
server.user(
    name="User",
    user=data.account["name"],
    group=data.account["name"],
    home=data.account["home"],
    shell=data.account["shell"],
    ensure_home=False,
    system=True,
)

for place in data.directories:
    files.directory(
        name=f"Directory {place['path']}",
        path=place["path"],
        user=place["owner"],
        group=place["group"],
        mode=place["mode"],
    )


def template(source, place, item=None):
    """One file from a template; Jinja sees what Ansible's templates see."""
    return files.template(
        name=f"File {place['path']}",
        src=f"templates/{source}.j2",
        dest=place["path"],
        user=place["owner"],
        group=place["group"],
        mode=place["mode"],
        jinja_env_kwargs={"trim_blocks": True},
        item=item,
        inventory_hostname=host.name,
        address=data.address,
        peers=data.peers,
        sysctls=data.sysctls,
    )


written = {
    kind: {item["name"]: template(kind, item, item) for item in data.files[kind]}
    for kind in ("properties", "xml", "environment", "logrotate", "unit")
}

sysctls = template("sysctl", data.sysctlFile)
server.shell(
    name="Load kernel settings",
    commands=[f"sysctl -q -p {data.sysctlFile['path']}"],
    _if=sysctls.did_change,
)

units = list(written["unit"].values())
systemd.daemon_reload(
    name="Reload systemd",
    _if=lambda: any(unit.did_change() for unit in units),
)

for agent, unit in written["unit"].items():
    properties = written["properties"][agent]
    systemd.service(
        name=f"agent-{agent} enabled and running",
        service=f"agent-{agent}",
        running=True,
        enabled=True,
    )
    systemd.service(
        name=f"Restart agent-{agent}",
        service=f"agent-{agent}",
        restarted=True,
        _if=lambda unit=unit, properties=properties: unit.did_change() or properties.did_change(),
    )
