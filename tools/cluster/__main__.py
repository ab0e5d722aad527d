"""Command line of the cluster tool: `python -m tools.cluster --help`."""

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.cluster import binaries, clusters, engine, images
from tools.cluster.debian import MissingPackagesError
from tools.cluster.engine import EngineError
from tools.cluster.light import LightClusterError
from tools.cluster.progress import Progress
from tools.cluster.shell import CommandError

_EXPECTED = (
    CommandError,
    EngineError,
    LightClusterError,
    MissingPackagesError,
    LookupError,
    ValueError,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; expected failures are one message, not a stack trace."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], None] = options.command
    try:
        command(options)
    except _EXPECTED as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tools.cluster", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], None], text: str) -> _Command:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(command=run)
        return command

    up = add("up", _up, "bring a cluster up, or find it up already")
    up.add_argument("name")
    up.add_argument("--mode", choices=["kind", "light"], default="kind")
    up.add_argument("--kwok-nodes", type=int, default=0, metavar="N", help="fake nodes")
    down = add("down", _down, "end a cluster")
    down.add_argument("name")
    load = add("load", _load, "bring images of the engine into a cluster")
    load.add_argument("name")
    load.add_argument("tags", nargs="+", metavar="TAG")
    build = add("build", _build, "build an image on the engine of the clusters")
    build.add_argument("tag")
    build.add_argument("context", type=Path)
    build.add_argument("--file", type=Path, metavar="DOCKERFILE")
    build.add_argument("--build-arg", action="append", default=[], metavar="KEY=VALUE")
    add("status", _status, "list the clusters")
    add("kubeconfig", _kubeconfig, "print the kubeconfig's path").add_argument("name")
    add("base", _base, "print the tag of the base image, built on first use")
    tools = add("tools", _tools, "print the paths of programs, built on first use")
    tools.add_argument("names", nargs="*", default=["kubectl", "helm", "kwok"])
    docker = add("docker", _docker, "run the engine's own client")
    docker.add_argument("rest", nargs=argparse.REMAINDER)
    prune = add("prune", _prune, "stop the private engine when no cluster needs it")
    prune.add_argument("--images", action="store_true", help="remove its images as well")
    return parser


_Command = argparse.ArgumentParser


def _up(options: argparse.Namespace) -> None:
    cluster = clusters.up(options.name, options.mode, Progress(), options.kwok_nodes)
    print(cluster.kubeconfig)


def _down(options: argparse.Namespace) -> None:
    clusters.down(options.name, Progress())


def _load(options: argparse.Namespace) -> None:
    clusters.get(options.name).load(options.tags, Progress())


def _build(options: argparse.Namespace) -> None:
    given = dict(pair.partition("=")[::2] for pair in options.build_arg)
    print(images.build(options.tag, options.context, options.file, given, Progress()))


def _status(_: argparse.Namespace) -> None:
    for one in clusters.status():
        health = "healthy" if one.healthy else "broken"
        print(f"{one.name:20} {one.mode:6} {health:8} {one.kubeconfig}")
    print(f"engine: {engine.describe()}")


def _kubeconfig(options: argparse.Namespace) -> None:
    print(clusters.get(options.name).kubeconfig)


def _base(_: argparse.Namespace) -> None:
    print(images.base(Progress()))


def _tools(options: argparse.Namespace) -> None:
    for name, path in binaries.paths(options.names, Progress()).items():
        print(f"{name:10} {path}")


def _docker(options: argparse.Namespace) -> None:
    running = engine.ensure(Progress())
    command = [str(part) for part in running.docker(*options.rest)]
    sys.exit(subprocess.run(command, env=running.full_env, check=False).returncode)


def _prune(options: argparse.Namespace) -> None:
    clusters.stop_idle_engine(Progress(), images=options.images)


if __name__ == "__main__":
    sys.exit(main())
