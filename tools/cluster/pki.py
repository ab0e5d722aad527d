"""Makes the certificates of a light cluster with openssl; used by `light` alone."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from tools.cluster import debian, shell
from tools.cluster.progress import Progress

_EXTENSIONS = """\
[server]
subjectAltName = IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes,\
DNS:kubernetes.default,DNS:kubernetes.default.svc
extendedKeyUsage = serverAuth
[client]
extendedKeyUsage = clientAuth
"""


@dataclass(frozen=True)
class Pki:
    """A folder of keys and certificates with one authority for all of them."""

    folder: Path

    def file(self, name: str) -> Path:
        """Return the path of one key or certificate."""
        return self.folder / name

    def create(self, progress: Progress) -> None:
        """Create the authority, the server's, the administrator's and the token keys."""
        debian.require({"openssl": "openssl"}, progress)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.file("extensions").write_text(_EXTENSIONS, encoding="utf-8")
        self._key("ca")
        request = ["openssl", "req", "-x509", "-new", "-subj", "/CN=light-cluster"]
        shell.output(
            [*request, "-days", "365", "-key", self.file("ca.key"), "-out", self.file("ca.crt")]
        )
        self._key("service-account")
        private, public = self.file("service-account.key"), self.file("service-account.pub")
        shell.output(["openssl", "pkey", "-pubout", "-in", private, "-out", public])
        self._certificate("server", "server", "/CN=kube-apiserver")
        self._certificate("admin", "client", "/O=system:masters/CN=admin")

    def _key(self, name: str) -> None:
        curve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        shell.output(["openssl", "genpkey", *curve, "-out", self.file(f"{name}.key")])

    def _certificate(self, name: str, section: str, subject: str) -> None:
        self._key(name)
        request, key = self.file(f"{name}.csr"), self.file(f"{name}.key")
        shell.output(["openssl", "req", "-new", "-subj", subject, "-key", key, "-out", request])
        sign: list[shell.Part] = ["openssl", "x509", "-req", "-days", "365", "-CAcreateserial"]
        sign += ["-extfile", self.file("extensions"), "-extensions", section]
        authority: list[shell.Part] = ["-CA", self.file("ca.crt"), "-CAkey", self.file("ca.key")]
        shell.output([*sign, *authority, "-in", request, "-out", self.file(f"{name}.crt")])


def write_kubeconfig(target: Path, pki: Pki, name: str, server: str) -> None:
    """Write a kubeconfig of the administrator that stands alone, with the keys inside."""

    def inline(file: str) -> str:
        return base64.b64encode(pki.file(file).read_bytes()).decode()

    cluster = {"server": server, "certificate-authority-data": inline("ca.crt")}
    user = {
        "client-certificate-data": inline("admin.crt"),
        "client-key-data": inline("admin.key"),
    }
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }
    target.touch(mode=0o600)
    target.write_text(json.dumps(config, indent=1), encoding="utf-8")  # JSON is YAML
