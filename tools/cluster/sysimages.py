"""The images that a kind node must hold before it starts, made from binaries and stand-ins.

Which tags are wanted is read at run time from kubeadm and from the source of the pinned kind, so
a new version of either needs no edit here.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from tools.cluster import binaries, debian, shell
from tools.cluster.archive import Image, split_tag
from tools.cluster.progress import Progress

_NODE = Path(__file__).parent / "node"
_BUSYBOX_LINKS = ("cat", "grep", "ip", "mv", "sh", "sleep")
_XTABLES = tuple(
    f"ip{family}tables{suffix}" for family in ("", "6") for suffix in ("", "-save", "-restore")
)


def control_plane(progress: Progress) -> dict[str, Image]:
    """Return the images of Kubernetes itself, by component."""
    names = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"]
    programs = binaries.paths([*names, "kubeadm"], progress)
    tags = _kubeadm_tags(programs["kubeadm"])
    plain = {name: _single(tags[name], programs[name]) for name in names[:3]}
    return plain | {"kube-proxy": _kube_proxy(tags["kube-proxy"], programs["kube-proxy"], progress)}


def helpers(progress: Progress) -> list[Image]:
    """Return all other images: etcd, DNS, pause and the stand-ins for kind's own."""
    names = ["etcd", "coredns", "pause", "kubeadm", "kubectl"]
    programs = binaries.paths(names, progress)
    tags = _kubeadm_tags(programs["kubeadm"]) | kind_tags(binaries.source(binaries.KIND))
    busybox = debian.unpacked(["busybox-static"], progress) / "bin/busybox"
    shell_links = {f"/bin/{name}": "busybox" for name in _BUSYBOX_LINKS}
    agent = {
        "/bin/busybox": busybox,
        "/usr/local/bin/kubectl": programs["kubectl"],
        "/cni.sh": _NODE / "cni.sh",
    }
    # The provisioner only has to run: a volume claim stays unbound in an offline cluster.
    idle = {"/usr/local/bin/local-path-provisioner": programs["pause"]}
    return [
        _single(tags["etcd"], programs["etcd"]),
        Image(tags["coredns"], {"/coredns": programs["coredns"]}, {}, ["/coredns"]),
        Image(tags["pause"], {"/pause": programs["pause"]}, {}, ["/pause"]),
        Image(tags["kindnetd"], agent, shell_links, ["/bin/sh", "/cni.sh"]),
        Image(tags["provisioner"], idle),
        Image(tags["helper"], {"/bin/busybox": busybox}, shell_links),
    ]


def kind_tags(source: Path) -> dict[str, str]:
    """Return the tags that kind's own code asks for."""
    places = {
        "kindnetd": ("pkg/build/nodeimage/const_cni.go", "kindnetdImage"),
        "provisioner": ("pkg/build/nodeimage/const_storage.go", "storageProvisionerImage"),
        "helper": ("pkg/build/nodeimage/const_storage.go", "storageHelperImage"),
        "pause": ("images/base/files/etc/containerd/config.toml", "sandbox_image"),
    }
    found = {}
    for name, (file, constant) in places.items():
        text = (source / file).read_text(encoding="utf-8")
        match = re.search(rf'{constant} = "([^"]+)"', text)
        if match is None:
            raise LookupError(f"kind's {file} no longer names {constant}; adapt sysimages.py")
        found[name] = match[1]
    return found


def _kubeadm_tags(kubeadm: Path) -> dict[str, str]:
    version = binaries.KUBERNETES.version
    command: list[shell.Part] = [
        kubeadm,
        "config",
        "images",
        "list",
        "--kubernetes-version",
        version,
    ]
    tags = shell.output(command).split()
    return {split_tag(tag)[0].rpartition("/")[2]: tag for tag in tags}


def _single(tag: str, program: Path) -> Image:
    return Image(tag, {f"/usr/local/bin/{program.name}": program})


def _kube_proxy(tag: str, program: Path, progress: Progress) -> Image:
    debian.require({"xtables-nft-multi": "iptables", "conntrack": "conntrack"}, progress)
    multi = Path("/usr/sbin/xtables-nft-multi")
    extensions = sorted(Path("/usr/lib").glob("*-linux-gnu/xtables/*.so"))
    wanted = [multi, Path("/usr/sbin/conntrack"), *extensions]
    files = {str(path): path for path in [*wanted, *_libraries(wanted)]}
    files["/usr/local/bin/kube-proxy"] = program
    return Image(tag, files, {f"/usr/sbin/{name}": multi.name for name in _XTABLES})


def _libraries(programs: Sequence[Path]) -> set[Path]:
    """Return the shared libraries of programs, under the names by which they are looked up."""
    listed = shell.output(["ldd", *programs])
    found = {Path(match) for match in re.findall(r"(/\S+\.so\S*) \(0x", listed)}
    return {Path(os.path.normpath(path)) for path in found}
