"""Makes root file systems from Debian packages with mmdebstrap: the base of all offline images."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.cluster import debian, shell
from tools.cluster.paths import cache_dir, cached, digest
from tools.cluster.progress import Progress

_TRIM = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/lintian",
    "var/cache/apt",
    "var/lib/apt/lists",
    "var/log",
)


@dataclass(frozen=True)
class Recipe:
    """What goes into a root file system; `before` and `after` are shell lines, $1 is the root."""

    name: str
    packages: tuple[str, ...]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Return the key of this recipe in caches and image tags."""
        return digest(self.name, debian.codename(), *self.packages, *self.before, *self.after)


# One image for the operator and for all examples: they differ by what a Dockerfile adds.
# The compiler backend of PostgreSQL and the fonts of the web consoles are most of the size and
# serve nothing here.
BASE = Recipe(
    name="base",
    packages=(
        "ca-certificates",
        "curl",
        "nginx-light",
        "postgresql-15",
        "postgresql-client-15",
        "prometheus",
        "prometheus-alertmanager",
        "python3",
        "python3-pip",
        "python3-venv",
        "redis-server",
        "redis-tools",
        "tini",
    ),
    before=(
        'mkdir -p "$1/etc/postgresql-common"',
        'echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.conf"',
    ),
    after=(
        'rm -rf "$1"/usr/lib/postgresql/15/lib/llvmjit* "$1"/usr/lib/postgresql/15/lib/bitcode',
        'rm -f "$1"/usr/lib/*/libLLVM* "$1"/usr/lib/*/libz3.so*',
        'rm -rf "$1"/usr/share/postgresql-common/pgdg "$1"/usr/share/i18n',
        'find "$1/usr/share/javascript" -size +1M -delete',
        'rm -f "$1"/usr/bin/promtool "$1"/usr/bin/amtool',
    ),
)

# What kind's node image installs, less the network storage clients; systemd must stay below
# version 256 because later ones refuse to boot on cgroup v1.
NODE = Recipe(
    name="node",
    packages=(
        "bash",
        "ca-certificates",
        "conntrack",
        "containernetworking-plugins",
        "curl",
        "e2fsprogs",
        "ethtool",
        "iproute2",
        "iptables",
        "jq",
        "kmod",
        "libseccomp2",
        "mount",
        "nftables",
        "pigz",
        "procps",
        "runc",
        "socat",
        "systemd",
        "util-linux",
    ),
)


def tarball(recipe: Recipe, progress: Progress) -> Path:
    """Return the tar of a recipe's root file system, about 100 s on first use."""

    def build(target: Path) -> None:
        debian.require({"mmdebstrap": "mmdebstrap"}, progress)
        with progress.step(f"root file system '{recipe.name}' from Debian packages"):
            shell.logged(_command(recipe, target), f"mmdebstrap-{recipe.name}")

    return cached(cache_dir("rootfs"), f"{recipe.name}-{recipe.digest}.tar", build)


def _command(recipe: Recipe, target: Path) -> Sequence[str | Path]:
    trim = " ".join(f'"$1"/{folder}/*' for folder in _TRIM)
    return [
        "nice",
        "mmdebstrap",
        "--variant=minbase",
        f"--include={','.join(recipe.packages)}",
        '--aptopt=APT::Install-Recommends "false"',
        '--aptopt=Acquire::Languages "none"',
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-exclude=/usr/share/man/*",
        "--dpkgopt=path-exclude=/usr/share/locale/*",
        *(f"--essential-hook={line}" for line in recipe.before),
        *(f"--customize-hook={line}" for line in (*recipe.after, f"rm -rf {trim}")),
        debian.codename(),
        target,
        *debian.source_files(),
    ]
