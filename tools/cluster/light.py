"""Light mode: a real API server, etcd and controller-manager as plain processes, up in seconds.

No nodes and no containers: Jobs and Deployments get their pods, which stay Pending unless fake
nodes (`fakenodes`) are asked for.
"""

import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from tools.cluster import binaries, daemons
from tools.cluster.paths import free_ports
from tools.cluster.pki import Pki, write_kubeconfig
from tools.cluster.progress import Progress

_READY_SECONDS = 180.0  # a busy machine is slow, not broken


class LightClusterError(RuntimeError):
    """A part of the control plane did not come up."""


def create(folder: Path, name: str, progress: Progress) -> None:
    """Start a new control plane whose state, logs and kubeconfig are in `folder`."""
    names = ["etcd", "kube-apiserver", "kube-controller-manager"]
    programs = binaries.paths(names, progress)
    pki = Pki(folder / "pki")
    with progress.step(f"light cluster '{name}'"):
        pki.create(progress)
        client, peer, secure = free_ports(3)
        write_kubeconfig(folder / "kubeconfig", pki, name, f"https://127.0.0.1:{secure}")
        processes = folder / "processes"
        etcd = f"http://127.0.0.1:{client}"
        daemons.start(processes, "etcd", _etcd(programs["etcd"], folder, etcd, peer))
        server = _apiserver(programs["kube-apiserver"], pki, etcd, secure)
        daemons.start(processes, "kube-apiserver", server)
        manager = _controller_manager(programs["kube-controller-manager"], folder, pki)
        try:
            # The controller-manager gives the API server ten seconds and then ends.
            _wait(folder, lambda: _answers(folder, "/readyz"))
            daemons.start(processes, "kube-controller-manager", manager)
            wait_ready(folder)
        except LightClusterError:
            delete(folder)  # the logs stay
            raise


def healthy(folder: Path) -> bool:
    """Tell whether all processes run and the API server says that it is ready."""
    running = daemons.recorded(folder / "processes")
    return bool(running) and all(one.alive for one in running) and _answers(folder, "/readyz")


def delete(folder: Path) -> None:
    """End the processes, the ones that depend on others first."""
    processes = folder / "processes"
    order = {"etcd": 2, "kube-apiserver": 1}
    for one in sorted(daemons.recorded(processes), key=lambda each: order.get(each.name, 0)):
        # Nothing here is worth a slow goodbye: the data goes as well.
        daemons.stop(one, patience=2.0)
        daemons.forget(processes, one)


def restart_apiserver(folder: Path) -> None:
    """Kill the API server and start it again on the same port and data."""
    processes = folder / "processes"
    server = daemons.find(processes, "kube-apiserver")
    if server is None:
        raise LightClusterError(f"no API server recorded in {processes}")
    daemons.stop(server, patience=0.5)
    daemons.start(processes, server.name, server.command, server.env)
    wait_ready(folder)


def wait_ready(folder: Path) -> None:
    """Wait until API server and controllers work; name the log of a part that died."""
    # The controller-manager makes this account: proof that its controllers run.
    account = "/api/v1/namespaces/default/serviceaccounts/default"
    _wait(folder, lambda: _answers(folder, "/readyz") and _answers(folder, account))


def _wait(folder: Path, ready: Callable[[], bool]) -> None:
    processes = folder / "processes"

    def settled() -> bool:
        return ready() or any(not one.alive for one in daemons.recorded(processes))

    daemons.wait_until(settled, _READY_SECONDS)
    if dead := [one for one in daemons.recorded(processes) if not one.alive]:
        raise LightClusterError(f"{dead[0].name} ended by itself; see {dead[0].log}")
    if not ready():
        raise LightClusterError(f"the API server is not ready; see the logs in {processes}")


def _answers(folder: Path, path: str) -> bool:
    pki = Pki(folder / "pki")
    server = daemons.find(folder / "processes", "kube-apiserver")
    if server is None:
        return False
    port = next(part for part in server.command if part.startswith("--secure-port="))
    try:
        context = ssl.create_default_context(cafile=str(pki.file("ca.crt")))
        context.load_cert_chain(pki.file("admin.crt"), pki.file("admin.key"))
        url = f"https://127.0.0.1:{port.partition('=')[2]}{path}"
        with urllib.request.urlopen(url, timeout=2, context=context) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004
    except (urllib.error.URLError, OSError):
        return False


def _etcd(program: Path, folder: Path, client: str, peer: int) -> list[str | Path]:
    return [
        program,
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls=http://127.0.0.1:{peer}",
        f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
        f"--initial-cluster=default=http://127.0.0.1:{peer}",
        "--unsafe-no-fsync",  # the data is worth nothing after a crash of the machine
        "--log-level=warn",
    ]


def _apiserver(program: Path, pki: Pki, etcd: str, port: int) -> list[str | Path]:
    return [
        program,
        f"--etcd-servers={etcd}",
        f"--secure-port={port}",
        "--bind-address=127.0.0.1",
        # Loopback is refused here; nothing ever connects to this documentation address.
        "--advertise-address=192.0.2.1",
        "--endpoint-reconciler-type=none",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--client-ca-file={pki.file('ca.crt')}",
        f"--tls-cert-file={pki.file('server.crt')}",
        f"--tls-private-key-file={pki.file('server.key')}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={pki.file('service-account.pub')}",
        f"--service-account-signing-key-file={pki.file('service-account.key')}",
    ]


def _controller_manager(program: Path, folder: Path, pki: Pki) -> list[str | Path]:
    return [
        program,
        f"--kubeconfig={folder / 'kubeconfig'}",
        "--leader-elect=false",
        "--secure-port=0",
        "--use-service-account-credentials=true",
        "--allocate-node-cidrs=true",
        "--cluster-cidr=10.244.0.0/16",
        "--service-cluster-ip-range=10.96.0.0/16",
        f"--root-ca-file={pki.file('ca.crt')}",
        f"--service-account-private-key-file={pki.file('service-account.key')}",
        f"--cluster-signing-cert-file={pki.file('ca.crt')}",
        f"--cluster-signing-key-file={pki.file('ca.key')}",
    ]
