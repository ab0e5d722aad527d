"""Stands in front of runc on machines that lack rights docker takes for granted.

A privileged container asks for every capability and for unlimited resources. Where this process
itself holds less (a sandbox, a small virtual machine), runc fails instead of granting what it can.
This script lowers the wish to what is held, then becomes runc. It is copied beside the engine and
run by itself, so it imports nothing of ours.
"""

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

_CAPABILITIES_IN_ORDER = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE "
    "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO "
    "SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME "
    "SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG "
    "WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
)


def held_capabilities(status: str) -> set[str]:
    """Return the capabilities in the bounding set of a /proc/PID/status text."""
    line = next(line for line in status.splitlines() if line.startswith("CapBnd:"))
    bits = int(line.split()[1], 16)
    names = enumerate(_CAPABILITIES_IN_ORDER.split())
    return {f"CAP_{name}" for number, name in names if bits >> number & 1}


def lower(process: dict[str, Any], held: set[str]) -> None:
    """Reduce the wishes of an OCI process description to what this process can grant."""
    capabilities = process.get("capabilities") or {}
    for kind, names in capabilities.items():
        capabilities[kind] = [name for name in names or [] if name in held]
    if "CAP_SYS_RESOURCE" in held:
        return
    process["oomScoreAdj"] = max(0, process.get("oomScoreAdj") or 0)
    for limit in process.get("rlimits") or []:
        ceiling = resource.getrlimit(getattr(resource, limit["type"]))[1]
        if ceiling != resource.RLIM_INFINITY:
            limit["hard"] = min(limit["hard"], ceiling)
            limit["soft"] = min(limit["soft"], ceiling)


def _option(arguments: list[str], name: str) -> str | None:
    for number, argument in enumerate(arguments):
        if argument == name:
            return arguments[number + 1]
        if argument.startswith(f"{name}="):
            return argument.partition("=")[2]
    return None


def _rewrite(file: Path, key: str | None) -> None:
    document = json.loads(file.read_text(encoding="utf-8"))
    process = document.get(key) if key else document
    if process:
        lower(process, held_capabilities(Path("/proc/self/status").read_text(encoding="utf-8")))
        file.write_text(json.dumps(document), encoding="utf-8")


def main(arguments: list[str]) -> None:
    """Adjust the description that the arguments point to, then become runc."""
    runc, *rest = arguments
    if {"create", "run"} & set(rest) and (bundle := _option(rest, "--bundle")):
        _rewrite(Path(bundle) / "config.json", "process")
    elif "exec" in rest and (description := _option(rest, "--process")):
        _rewrite(Path(description), None)
    os.execv(runc, [runc, *rest])  # noqa: S606  # becoming runc is the purpose


if __name__ == "__main__":
    main(sys.argv[1:])
