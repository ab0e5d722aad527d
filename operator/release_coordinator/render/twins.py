"""Builds what BlueGreen needs: the second Deployment, the patch of a Service's selector; pure."""

from typing import Any

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.engine import names
from release_coordinator.engine.action import CreateTwin, MoveTraffic, ScaleTwin

from . import labels

Body = dict[str, Any]
_KEYS = (names.LABEL_TEMPLATE, names.LABEL_SLOT)


def twin_body(release: ReleaseObject, action: CreateTwin, workload: Body) -> Body:
    """The second Deployment: as the first, with a selector of its own and no pods yet.

    No owner: deleting Release or Deployment in the middle must not delete what serves. No labels
    of the first: by them other tools would take it for theirs.
    """
    spec = {key: value for key, value in workload["spec"].items() if key != "paused"}
    selector = spec["selector"]
    selected = {**(selector.get("matchLabels") or {}), names.LABEL_SLOT: action.slot}
    return {
        "metadata": {
            "name": action.name,
            "namespace": release.namespace,
            "labels": labels.working_for(release),
            "annotations": {
                names.ANNOTATION_STEP: action.mark,
                names.ANNOTATION_WORKLOAD: str(action.workload),
            },
        },
        "spec": {
            **spec,
            "replicas": 0,
            "selector": {**selector, "matchLabels": selected},
            "template": action.template,
        },
    }


def scale_patch(action: ScaleTwin) -> Body:
    """Merge patch that gives the second Deployment its pods."""
    metadata = {"uid": action.uid, "resourceVersion": action.resource_version}
    return {"metadata": metadata, "spec": {"replicas": action.replicas}}


def traffic_patch(release: ReleaseObject, action: MoveTraffic) -> Body:
    """Merge patch of a Service's selector: our one label, and none of an earlier step."""
    return {
        "metadata": {
            "uid": action.uid,
            "resourceVersion": action.resource_version,
            "labels": {names.LABEL_RELEASE: release.name},
            "annotations": {names.ANNOTATION_STEP: action.mark},
        },
        "spec": {"selector": {key: action.pin.get(key) for key in _KEYS}},
    }
