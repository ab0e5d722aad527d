"""What a remedy may refer to: the Release, its plan and where things are. Pure.

Used by `cli.remedies` and the modules beside it, one for each kind of gate.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.checklist import GateName
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.evidence import DocumentRef
from release_coordinator.api.policy import DEFAULT_POLICY, Requirements
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.cluster.port import POLICY

from .outlook import Outlook


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing that would satisfy a gate: the command to run, or the text to write."""

    what: str
    text: str


@dataclass(frozen=True, slots=True)
class Scene:
    """A Release that waits."""

    release: ReleaseObject
    attempt: Attempt
    spec: ReleaseSpec
    requirements: Requirements
    policy: str | None
    now: datetime

    @classmethod
    def of(cls, found: Outlook, now: datetime) -> "Scene":
        """The scene of an outlook."""
        required, name = found.plan.requirements, found.policy.name
        return cls(found.release, found.attempt, found.plan.spec, required, name, now)

    @property
    def staging(self) -> tuple[str, str] | None:
        """Namespace and name of the staging Release."""
        staging = self.requirements.staging
        return (staging.namespace, staging.release or self.release.name) if staging else None

    def kubectl(self, arguments: str, namespace: str | None = None) -> str:
        """A command in the Release's namespace, or another one."""
        return f"kubectl -n {namespace or self.release.namespace} {arguments}"

    def own(self, arguments: str) -> str:
        """A command of this plugin about the Release."""
        verb, _, rest = arguments.partition(" ")
        text = f"kubectl release {verb} {self.release.name} -n {self.release.namespace}"
        return f"{text} {rest}".rstrip()

    def retry(self) -> Remedy:
        """Start again, so that Jobs that failed are run again."""
        return Remedy("then start again, so that its Jobs are run again", self.own("retry"))

    def edit(self, what: str) -> Remedy:
        """Change the Release by hand."""
        return Remedy(what, self.kubectl(f"edit release {self.release.name}"))

    def spec_part(self, what: str, part: Mapping[str, Any]) -> Remedy:
        """Something to add to the Release's spec."""
        return Remedy(f"{what} (in the Release)", snippet({"spec": part}))

    def policy_part(self, what: str, part: Mapping[str, Any]) -> Remedy:
        """Something to add to the policy that counts, or the policy to create."""
        if self.policy is not None:
            return Remedy(f"{what} (in ReleasePolicy {self.policy})", snippet({"spec": part}))
        metadata = {"name": DEFAULT_POLICY, "namespace": self.release.namespace}
        head = {"apiVersion": POLICY.api_version, "kind": POLICY.kind, "metadata": metadata}
        return Remedy(f"{what} (in a new ReleasePolicy)", snippet({**head, "spec": part}))

    def waive(self, gate: GateName) -> Remedy:
        """Let the plan past a gate."""
        text = self.own(f'waive --gate {gate} --comment "why"')
        return Remedy("or, with the right to waive it, let the plan past it", text)

    def documents(self) -> list[DocumentRef]:
        """All documents that the Release names."""
        named = self.spec.documents
        every = (
            named.changelog,
            named.release_notes,
            named.migration_guide,
            named.version_manifest,
        )
        return [ref for ref in every if ref is not None]

    def write(self, ref: DocumentRef, message: str) -> list[Remedy]:
        """Put a document into its ConfigMap, as far as the gate's message tells whether it is."""
        what = "write it, from the directory with the documents"
        return self.into_config_map(what, ref.config_map, f"--from-file={ref.key}", message)

    def into_config_map(self, what: str, name: str, entry: str, message: str) -> list[Remedy]:
        """Add one entry; whatever else the ConfigMap has stays as it is (`apply` would drop it)."""
        create = self.kubectl(f"create configmap {name} {entry}")
        patch = self.kubectl(f"patch configmap {name} --type=merge --patch-file=/dev/stdin")
        add = f"{create} --dry-run=client -o yaml | {patch}"
        told = re.search(rf"(no )?ConfigMap {re.escape(name)}(?![\w-]|\.\w)", message)
        if told:
            return [Remedy(what, create if told[1] else add)]
        return [
            Remedy(f"{what}; if there is no ConfigMap {name} yet", create),
            Remedy("or, if there is one, add it", add),
        ]


def snippet(value: Any) -> str:
    """YAML to copy."""
    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=1_000)).rstrip()
