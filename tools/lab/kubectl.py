"""kubectl on one named kubeconfig: everything in the laboratory goes through here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.cluster import binaries, shell
from tools.cluster.daemons import wait_until

Body = dict[str, Any]
"""A Kubernetes object as JSON."""
_PATIENCE = 60.0
"""Seconds for definitions to have effect."""


@dataclass(frozen=True)
class Kubectl:
    """Runs kubectl; raises CommandError with its own words."""

    kubeconfig: Path
    options: tuple[str, ...] = ()
    """Given with every command, like `--as=ada`."""

    def command(self, *arguments: str) -> list[str]:
        """Return the command line, for those who run it themselves."""
        program = str(binaries.path("kubectl"))
        return [program, f"--kubeconfig={self.kubeconfig}", *self.options, *arguments]

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        """Return what kubectl prints."""
        return shell.output(self.command(*arguments), stdin=stdin)

    def succeeds(self, *arguments: str) -> bool:
        """Tell whether kubectl exits with 0."""
        return shell.succeeds(self.command(*arguments))

    def get(self, *arguments: str) -> Body:
        """Return an object, or a list object, as JSON."""
        found: Body = json.loads(self.run("get", *arguments, "--output=json"))
        return found

    def items(self, *arguments: str) -> list[Body]:
        """Return the objects of a list."""
        items: list[Body] = self.get(*arguments)["items"]
        return items

    def apply(self, body: Mapping[str, Any], namespace: str | None = None) -> None:
        """Apply one object as a person would."""
        where = (f"--namespace={namespace}",) if namespace else ()
        self.run("apply", *where, "--filename=-", stdin=json.dumps(body))

    def define(self, *files: str | Path) -> None:
        """Apply definitions of kinds; return when the kinds can be used.

        `kubectl wait` fails at once for a definition that has no conditions yet, so it is tried
        again. Raises CommandError.
        """
        named = [f"--filename={file}" for file in files]
        # The annotation of an ordinary apply would be too large for some.
        self.run("apply", "--server-side", "--force-conflicts", *named)
        wait = ("wait", "--for=condition=Established", f"--timeout={_PATIENCE:.0f}s", *named)
        if not wait_until(lambda: self.succeeds(*wait), _PATIENCE):
            self.run(*wait)  # raises, with its own words

    def raw(self, path: str) -> Any:
        """Return the answer of a path of the API server as JSON."""
        return json.loads(self.run("get", f"--raw={path}"))
