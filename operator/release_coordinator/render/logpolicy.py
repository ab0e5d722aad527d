"""The admission policy by which the API server keeps the release log as the operator wrote it.

Beside the rule of the definition that a spec never changes: who writes a record, who deletes one,
and that nobody makes it another Release's or something that is deleted with another object.
"""

from release_coordinator.api.schema import GROUP
from release_coordinator.engine.names import LABEL_RELEASE, LABEL_UID

from .admissionparts import USER, Body, denied, made, matching, may, rule

RECORDS = f"releaserecords.{GROUP}"
"""Name of the policy, and of its binding."""
PURGE = "purge"
"""Verb on `releaserecords` that lets an administrator delete what policy has not given up."""


def policies() -> list[Body]:
    """The policy and its binding."""
    validating = "ValidatingAdmissionPolicy"
    return [
        made(validating, RECORDS, _records()),
        made(f"{validating}Binding", RECORDS, denied(RECORDS)),
    ]


def _records() -> Body:
    purge = (
        f"authorizer.group('{GROUP}').resource('releaserecords').namespace(request.namespace)"
        f".name(request.name).check('{PURGE}').allowed()"
    )
    return matching("releaserecords", "CREATE", "UPDATE", "DELETE") | {
        "variables": [
            {
                "name": "release",
                "expression": "oldObject == null ? object.spec.release : oldObject.spec.release",
            },
            # As with its finalizer: nobody else may write the status of a Release.
            {"name": "operator", "expression": may("'status'", "variables.release", "update")},
            {"name": "purge", "expression": purge},
        ],
        "validations": [
            rule(
                "request.operation != 'CREATE' || variables.operator",
                "a ReleaseRecord is the operator's account of an attempt: nobody else writes one",
                f"{USER} + ' may not write a ReleaseRecord: it is the operator\\'s account of an "
                "attempt'",
            ),
            rule(
                "request.operation != 'DELETE' || variables.operator || variables.purge || "
                "has(namespaceObject.metadata.deletionTimestamp)",
                "a ReleaseRecord is deleted by the operator, as spec.records of the ReleasePolicy "
                f"says; an administrator who must delete this one needs the verb {PURGE} of API "
                f"group {GROUP} on releaserecords, and kubectl release history --verify will tell",
            ),
            rule(
                f"request.operation != 'UPDATE' || {_same_labels()}",
                f"labels {LABEL_RELEASE} and {LABEL_UID} say whose record this is: leave them as "
                "they are",
            ),
            rule(
                "request.operation == 'DELETE' || "
                "object.metadata.?ownerReferences.orValue([]).size() == 0",
                "a ReleaseRecord belongs to no other object, or it would be deleted with it: "
                "remove metadata.ownerReferences",
            ),
        ],
    }


def _same_labels() -> str:
    new, old = (f"{of}.metadata.?labels[?k].orValue('')" for of in ("object", "oldObject"))
    return f"['{LABEL_RELEASE}', '{LABEL_UID}'].all(k, {new} == {old})"
