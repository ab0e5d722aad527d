"""Builds Jobs: typed work in a pod that the restricted Pod Security Standard admits.

Called by `act`. No owner reference: garbage collection must never end a running migration; the
TTL cleans up long after the journal has the outcome.
"""

from typing import Any

from release_coordinator.api.base import parse_duration
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.job import EnvVar, JobTemplate, Resources
from release_coordinator.engine import names
from release_coordinator.engine.action import CreateJob, JobContext

from . import labels

TTL_SECONDS = 7 * 24 * 3600
"""A Job outlives its attempt by this much; a migration Job that is gone earlier means a hold."""

Body = dict[str, Any]


def job_body(release: ReleaseObject, action: CreateJob) -> Body:
    """The Job of a step."""
    own = labels.of_attempt(release, action.context.attempt)
    annotations = {
        names.ANNOTATION_STEP: action.context.step,
        names.ANNOTATION_CONTENT: names.content_hash(action.template),
    }
    return {
        "metadata": {
            "name": action.name,
            "namespace": release.namespace,
            "labels": own,
            "annotations": annotations,
        },
        "spec": {
            "suspend": action.suspended,
            "backoffLimit": 0,
            "completions": 1,
            "parallelism": 1,
            # The default may start a second pod while the first is still terminating.
            "podReplacementPolicy": "Failed",
            "activeDeadlineSeconds": max(1, int(parse_duration(action.template.timeout))),
            "ttlSecondsAfterFinished": TTL_SECONDS if action.ttl is None else action.ttl,
            "template": {
                "metadata": {"labels": own, "annotations": annotations},
                "spec": _pod(release, action),
            },
        },
    }


def _pod(release: ReleaseObject, action: CreateJob) -> Body:
    template = action.template
    security: Body = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    if template.run_as_user is not None:
        security["runAsUser"] = template.run_as_user
    if template.fs_group is not None:
        security["fsGroup"] = template.fs_group
    claims = [
        {"name": volume.name, "persistentVolumeClaim": {"claimName": volume.claim_name}}
        for volume in template.volumes
    ]
    return {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": security,
        "containers": [_container(release, template, action.context)],
        # The root filesystem is read-only; programs expect a writable /tmp.
        "volumes": [{"name": "release-tmp", "emptyDir": {}}, *claims],
    }


def _container(release: ReleaseObject, template: JobTemplate, context: JobContext) -> Body:
    container: Body = {
        "name": "job",
        "image": template.image,
        "imagePullPolicy": "IfNotPresent",
        "env": [*_own_env(release, context), *(_env(variable) for variable in template.env)],
        "resources": _resources(template.resources),
        "volumeMounts": [
            {"name": "release-tmp", "mountPath": "/tmp"},  # noqa: S108 - inside the container
            *({"name": v.name, "mountPath": v.mount_path} for v in template.volumes),
        ],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        # The last lines of the log explain a failure when the program wrote no message.
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    if template.command:
        container["command"] = list(template.command)
    if template.args:
        container["args"] = list(template.args)
    return container


def _own_env(release: ReleaseObject, context: JobContext) -> list[Body]:
    values = {
        "RELEASE_NAME": release.name,
        "RELEASE_NAMESPACE": release.namespace,
        "RELEASE_UID": release.uid,
        "RELEASE_VERSION": context.version,
        "RELEASE_PREVIOUS_VERSION": context.previous_version,
        "RELEASE_ATTEMPT": str(context.attempt),
        "RELEASE_STEP": context.step,
    }
    if context.backup:
        values["RELEASE_BACKUP_ID"] = context.backup
    return [{"name": name, "value": value} for name, value in values.items()]


def _env(variable: EnvVar) -> Body:
    return variable.to_wire()


def _resources(resources: Resources) -> Body:
    pairs = {
        "requests": {"cpu": resources.cpu_request, "memory": resources.memory_request},
        "limits": {"cpu": resources.cpu_limit, "memory": resources.memory_limit},
    }
    found: Body = {}
    for kind, values in pairs.items():
        given = {name: value for name, value in values.items() if value is not None}
        if given:
            found[kind] = given
    return found
