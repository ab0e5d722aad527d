"""Where the API server is and who we are: a named kubeconfig, or the pod's service account.

First step of `cluster.client`: `KubernetesCluster.connect` asks for a configuration here.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubernetes.aio.client import Configuration
from kubernetes.aio.config import load_kube_config

from release_coordinator.cluster.kubeconfig import impersonation
from release_coordinator.errors import Denied

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


async def from_kubeconfig(path: Path, context: str | None = None) -> Configuration:
    """Read the kubeconfig at `path`; never the one of the home directory by accident.

    A user entry that impersonates somebody does so here too, with every request of a session.
    """
    configuration = Configuration()
    try:
        load: Any = load_kube_config  # carries no types
        loader = await load(
            config_file=str(path),
            context=context,
            client_configuration=configuration,
            persist_config=False,
        )
        user = loader.current_context["context"].get("user", "")
        if headers := impersonation(path, user):
            configuration.client_session_kwargs = {"headers": headers}
    except Denied:
        raise
    except Exception as error:  # the loader raises whatever the content of the file provokes
        raise Denied(f"cannot use the kubeconfig {path}: {error}") from error
    return configuration


def from_service_account(
    folder: Path = SERVICE_ACCOUNT, environ: Mapping[str, str] = os.environ
) -> Configuration:
    """Use the service account that Kubernetes mounts into the pod."""
    host = environ.get("KUBERNETES_SERVICE_HOST", "")
    port = environ.get("KUBERNETES_SERVICE_PORT", "")
    if not host or not port:
        raise Denied("not in a pod (KUBERNETES_SERVICE_HOST is not set): name a kubeconfig")
    address = f"[{host}]" if ":" in host else host
    configuration = Configuration(
        host=f"https://{address}:{port}",
        ssl_ca_cert=str(folder / "ca.crt"),
        # The API server of the own cluster is never behind the proxy of HTTPS_PROXY.
        client_session_kwargs={"trust_env": False},
    )
    token = _RotatingToken(folder / "token")
    configuration.api_key["BearerToken"] = token.read()
    hooked: Any = configuration  # declares the hook to be always None
    hooked.refresh_api_key_hook = token.refresh
    return configuration


async def configuration(kubeconfig: Path | None) -> Configuration:
    """Use the kubeconfig, or without one the service account. Raises Denied."""
    return await from_kubeconfig(kubeconfig) if kubeconfig else from_service_account()


@dataclass(frozen=True, slots=True)
class Credentials:
    """What another client of the same API server needs; paths and a token, empty if not used."""

    server: str
    ca_file: str
    certificate_file: str
    key_file: str
    token: str = field(repr=False)


async def credentials(kubeconfig: Path | None) -> Credentials:
    """Read them anew, so that a rotated token is the present one. Raises Denied."""
    found = await configuration(kubeconfig)
    if "headers" in (found.client_session_kwargs or {}):  # the other client would act as itself
        raise Denied(f"the user of the kubeconfig {kubeconfig} impersonates somebody; name another")
    return Credentials(
        server=str(found.host),
        ca_file=str(found.ssl_ca_cert or ""),
        certificate_file=str(found.cert_file or ""),
        key_file=str(found.key_file or ""),
        token=str(found.api_key.get("BearerToken", "")).removeprefix("Bearer "),
    )


class _RotatingToken:
    """The kubelet renews the token file; one `stat` per request notices at once."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._changed = 0

    def read(self) -> str:
        try:
            self._changed = self._file.stat().st_mtime_ns
            return f"Bearer {self._file.read_text(encoding='ascii').strip()}"
        except OSError as error:
            raise Denied(f"cannot read the service account token: {error}") from error

    def refresh(self, configuration: Configuration) -> None:
        """Put the present token into the configuration; called before every request."""
        if self._file.stat().st_mtime_ns != self._changed:
            configuration.api_key["BearerToken"] = self.read()
