"""Parts of which the admission objects are made, and CEL that they share."""

from typing import Any

from release_coordinator.api.schema import GROUP

Body = dict[str, Any]

API_VERSION = "admissionregistration.k8s.io/v1"
USER = "request.userInfo.username"
"""CEL: who asks."""


def made(kind: str, name: str, spec: Body) -> Body:
    """An object of the API group of admission."""
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}


def denied(policy: str) -> Body:
    """The binding of a policy, in the whole cluster."""
    # Audit as well: an attempt at forgery is worth a line in the audit log of the API server.
    return {"policyName": policy, "validationActions": ["Deny", "Audit"]}


def matching(resource: str, *operations: str) -> Body:
    """What a policy is asked about: these operations on a resource of ours."""
    return {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "matchPolicy": "Equivalent",
            "namespaceSelector": {},
            "objectSelector": {},
            "resourceRules": [
                {
                    "apiGroups": [GROUP],
                    "apiVersions": ["*"],
                    "operations": [*(operations or ("CREATE", "UPDATE"))],
                    "resources": [resource],
                    "scope": "*",
                }
            ],
        },
    }


def may(subresource: str, name: str, verb: str) -> str:
    """The requester holds a verb on a subresource of one Release; arguments are CEL."""
    return (
        f"authorizer.group('{GROUP}').resource('releases').subresource({subresource})"
        f".namespace(request.namespace).name({name}).check('{verb}').allowed()"
    )


def rule(expression: str, message: str, said: str = "") -> Body:
    """`said` is CEL that makes a better message; `message` is for when it cannot.

    Every refusal is a 422: a 403 comes from RBAC alone, so that neither is taken for the other.
    """
    said_always = {"expression": expression, "message": message, "reason": "Invalid"}
    return said_always | ({"messageExpression": said} if said else {})
