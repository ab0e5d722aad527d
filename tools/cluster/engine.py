"""Finds the container engine: the user's own where it can pull images, else a private one.

The private engine is Debian's docker.io, unpacked and run by hand with data, sockets and bridges
of its own. It lives as long as a kind cluster needs it and never touches a system-wide engine.
"""

import functools
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tools.cluster import daemons, debian, shell
from tools.cluster.paths import digest, locked, state_dir
from tools.cluster.progress import Progress

_PACKAGES = ("docker.io", "containerd", "runc")
_HOST_NEEDS = {
    "iptables": "iptables",
    "ip": "iproute2",
    "libdevmapper.so.1.02.1": "libdevmapper1.02.1",
    "libseccomp.so.2": "libseccomp2",
    "libsystemd.so.0": "libsystemd0",
    "mount": "mount",
}
_START_SECONDS = 120.0
_SYS_RESOURCE = 24


class EngineError(RuntimeError):
    """No engine could be found or started."""


@dataclass(frozen=True)
class Engine:
    """A docker client that talks to a running engine."""

    private: bool
    client: Path
    env: Mapping[str, str] = field(default_factory=dict)

    def docker(self, *arguments: str | Path) -> list[str | Path]:
        """Return a docker command line; run it with `env`."""
        return [self.client, *arguments]

    def run(self, *arguments: str | Path) -> str:
        """Run a short docker command and return its output."""
        return shell.output(self.docker(*arguments), self.env)

    def has_image(self, tag: str) -> bool:
        """Tell whether the engine holds an image."""
        return shell.succeeds(self.docker("image", "inspect", tag), self.env)

    def drop_other_tags(self, tag: str) -> None:
        """Remove the earlier versions of an image; those that a cluster uses stay."""
        repository = tag.rpartition(":")[0]
        listed = self.run("image", "ls", "--format={{.Repository}}:{{.Tag}}", repository)
        for other in set(listed.split()) - {tag}:
            shell.succeeds(self.docker("rmi", other), self.env)

    @property
    def offline(self) -> bool:
        """Tell whether images must be made without a registry; RC_OFFLINE=1 says so by hand."""
        return self.private or os.environ.get("RC_OFFLINE") == "1"

    @property
    def full_env(self) -> dict[str, str]:
        """Return the whole environment for programs that call docker themselves."""
        return {**os.environ, **self.env}


def ensure(progress: Progress) -> Engine:
    """Return a running engine, starting the private one if there is no other."""
    if client := users_own():
        return Engine(private=False, client=client)
    with locked("engine"):
        return _private(progress)


@functools.cache
def users_own() -> Path | None:
    """Return the client of the user's own engine if that answers.

    A second engine beside it would take over its firewall chains, so it is never passed by.
    """
    client = shutil.which("docker")
    return Path(client) if client and shell.succeeds([client, "version"]) else None


def stop(progress: Progress) -> None:
    """Stop the private engine if it runs."""
    daemon = daemons.find(_processes(), "dockerd")
    if daemon is None:
        return
    if daemon.alive:
        with progress.step("stop the private engine"):
            daemons.stop(daemon, patience=30.0)
    daemons.forget(_processes(), daemon)


def remove_data() -> None:
    """Remove all images and containers of the stopped private engine."""
    _unmount_leftovers()
    shutil.rmtree(state_dir("engine"), ignore_errors=True)


def _unmount_leftovers() -> None:
    """Undo the mounts that a killed dockerd leaves: it mounts its data folder onto itself."""
    while shell.succeeds(["umount", state_dir("engine", "data")]):
        pass


def describe() -> str:
    """Say in a few words which engine is in use."""
    if users_own():
        return "your own"
    daemon = daemons.find(_processes(), "dockerd")
    alive = daemon is not None and daemon.alive
    return f"private, running as process {daemon.pid}" if daemon and alive else "private, stopped"


def _private(progress: Progress) -> Engine:
    if os.geteuid() != 0:
        raise EngineError("no docker engine answers, and a private one needs root")
    debian.require(_HOST_NEEDS, progress)
    files = debian.unpacked(_PACKAGES, progress)
    config = state_dir("engine", "config")
    env = {
        "DOCKER_HOST": f"unix://{_runtime_dir() / 'docker.sock'}",
        "DOCKER_CONFIG": str(config),
        "DOCKER_BUILDKIT": "0",  # Debian's engine has no buildx; the classic builder is enough
        "PATH": f"{files}/usr/bin:{files}/usr/sbin:{os.environ['PATH']}:/usr/sbin:/sbin",
    }
    engine = Engine(private=True, client=files / "usr/bin/docker", env=env)
    daemon = daemons.find(_processes(), "dockerd")
    if daemon is None or not daemon.alive:
        with progress.step("start a private container engine"):
            _start(engine, files)
    return engine


def _start(engine: Engine, files: Path) -> None:
    runtime = _runtime_dir()
    (runtime / "docker.pid").unlink(missing_ok=True)  # checked before: no such process
    _unmount_leftovers()
    settings = state_dir("engine") / "daemon.json"
    settings.write_text("{}", encoding="utf-8")  # else the system's own settings are read
    command: list[str | Path] = [
        files / "usr/sbin/dockerd",
        f"--config-file={settings}",
        f"--host={engine.env['DOCKER_HOST']}",
        f"--data-root={state_dir('engine', 'data')}",
        f"--exec-root={runtime / 'exec'}",
        f"--pidfile={runtime / 'docker.pid'}",
        "--bridge=none",  # kind makes its own network; a second docker0 would clash
        "--userland-proxy=false",
        "--exec-opt=native.cgroupdriver=cgroupfs",
        *_runtime_flags(files),
    ]
    daemon = daemons.start(_processes(), "dockerd", command, engine.env)

    def settled() -> bool:
        return not daemon.alive or shell.succeeds(engine.docker("version"), engine.env)

    daemons.wait_until(settled, _START_SECONDS)
    if not shell.succeeds(engine.docker("version"), engine.env):
        daemons.stop(daemon)
        raise EngineError(f"the private engine does not answer; see {daemon.log}")


def _runtime_flags(files: Path) -> list[str]:
    """Put the wrapper in front of runc where this process lacks rights that docker expects."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    bounding = next(line for line in status.splitlines() if line.startswith("CapBnd:"))
    if int(bounding.split()[1], 16) >> _SYS_RESOURCE & 1:
        return []
    folder = state_dir("engine")
    wrapper = folder / "runc_wrapper.py"
    shutil.copyfile(Path(__file__).with_name("runc_wrapper.py"), wrapper)
    script = folder / "runc"
    line = f'exec "{sys.executable}" -I "{wrapper}" "{files}/usr/sbin/runc" "$@"'
    script.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    script.chmod(0o755)
    return [f"--add-runtime=confined={script}", "--default-runtime=confined"]


def _processes() -> Path:
    return state_dir("engine")


def _runtime_dir() -> Path:
    """Return a folder for sockets: their paths must be short, so not below the state."""
    folder = Path("/run") / f"release-coordinator-{digest(str(state_dir()))}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
