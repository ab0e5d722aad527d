"""The admission objects by which the API server itself refuses forged sign-offs.

Written into the chart by `make generate`, and compared with the cluster's by `guard`: what is
installed and what is expected come from here. Bodies are complete, with every default that the
API server would fill in, so that equal means equal.
"""

from typing import Any

from release_coordinator.api.schema import GROUP
from release_coordinator.engine.names import ANNOTATION_CHANGED_BY, FINALIZER

Body = dict[str, Any]

API_VERSION = "admissionregistration.k8s.io/v1"
APPROVALS = f"approvals.{GROUP}"
"""Name of the policy on Approvals, and of its binding."""
RELEASES = f"releases.{GROUP}"
"""Name of the policies on Releases, and of their bindings."""

APPROVE = "approve"
"""Verb on `releases/<role>` that lets a person sign for the role."""
WAIVE = "waive"
"""Verb on `releases/<gate in lower case>` that lets a person waive the gate."""

_USER = "request.userInfo.username"


def policies() -> list[Body]:
    """What `guard` expects: who may sign, and who changed a Release. Policies and bindings."""
    validating = "ValidatingAdmissionPolicy"
    return [
        _object(validating, APPROVALS, _approvals()),
        _object(f"{validating}Binding", APPROVALS, _denied(APPROVALS)),
        _object(validating, RELEASES, _releases()),
        _object(f"{validating}Binding", RELEASES, _denied(RELEASES)),
    ]


def stamp() -> list[Body]:
    """A convenience of Kubernetes 1.36 and later: the API server itself notes who changed what.

    Nothing relies on it: `policies` refuses a wrong note, whoever wrote it.
    """
    mutating = "MutatingAdmissionPolicy"
    return [
        _object(mutating, RELEASES, _stamp()),
        _object(f"{mutating}Binding", RELEASES, {"policyName": RELEASES}),
    ]


def _object(kind: str, name: str, spec: Body) -> Body:
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}


def _denied(policy: str) -> Body:
    # Audit as well: an attempt at forgery is worth a line in the audit log of the API server.
    return {"policyName": policy, "validationActions": ["Deny", "Audit"]}


def _matching(resource: str) -> Body:
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
                    "operations": ["CREATE", "UPDATE"],
                    "resources": [resource],
                    "scope": "*",
                }
            ],
        },
    }


def _approvals() -> Body:
    sign = _may("object.spec.role", "object.spec.release", APPROVE)
    waive = _may("object.spec.gate.lowerAscii()", "object.spec.release", WAIVE)
    return _matching("approvals") | {
        "variables": [{"name": "edited", "expression": "oldObject != null"}],
        "validations": [
            _rule(
                f"variables.edited || !{_USER}.startsWith('system:')",
                "only people sign off: ServiceAccounts and other system users cannot write "
                "Approvals; sign in with a user name of your own",
                f"'only people sign off, and ' + {_USER} + ' is a system user; sign in with a "
                "user name of your own'",
            ),
            _rule(
                f"variables.edited || object.spec.by == {_USER}",
                "spec.by must be the user name that the API server knows you by",
                "'spec.by is ' + object.spec.by + ', but the API server knows you as ' + "
                f"{_USER} + '; write that'",
            ),
            _rule(
                f"variables.edited || !has(object.spec.role) || {sign}",
                "you may not sign for this role",
                "'you may not sign for role ' + object.spec.role + ' of Release ' + "
                f"object.spec.release + '; "
                f"{_ask(APPROVE)}' + object.spec.role",
            ),
            _rule(
                f"variables.edited || !has(object.spec.gate) || {waive}",
                "you may not waive this gate",
                "'you may not waive gate ' + object.spec.gate + ' of Release ' + "
                f"object.spec.release + '; {_ask(WAIVE)}' + object.spec.gate.lowerAscii()",
            ),
            _rule(
                "!variables.edited || object.spec == oldObject.spec",
                "an Approval never changes; create a new one, with decision: Revoked to take this "
                "one back",
            ),
        ],
        "auditAnnotations": [
            {
                "key": "sign-off",
                "valueExpression": "'release ' + request.namespace + '/' + object.spec.release + "
                "' ' + object.spec.decision + (has(object.spec.role) ? ' role ' + "
                "object.spec.role : ' gate ' + object.spec.?gate.orValue('')) + ' digest ' + "
                "object.spec.digest + ' by ' + object.spec.by",
            }
        ],
    }


def _ask(verb: str) -> str:
    return (
        f"whoever gives rights in this namespace can give you the verb {verb} of API group "
        f"{GROUP} on releases/"
    )


def _releases() -> Body:
    operator = _may("'status'", "object.metadata.name", "update")
    held = f"'{FINALIZER}' in "
    finalizers = "metadata.?finalizers.orValue([])"
    return _matching("releases") | {
        "variables": [
            *_authors(),
            {"name": "held", "expression": f"{held}object.{finalizers}"},
            {
                "name": "heldBefore",
                "expression": f"oldObject != null && {held}oldObject.{finalizers}",
            },
        ],
        "validations": [
            _rule(
                f"!variables.changed || variables.author == {_USER}",
                f"the annotation {ANNOTATION_CHANGED_BY} must be your user name",
                f"'annotation {ANNOTATION_CHANGED_BY} must name who changes the spec: set it to '"
                f" + {_USER} + ' (Kubernetes 1.36 and later does that for you)'",
            ),
            _rule(
                "variables.changed || variables.author == variables.authorBefore",
                f"annotation {ANNOTATION_CHANGED_BY} says who last changed the spec; leave it as "
                "it is",
            ),
            _rule(
                f"variables.held == variables.heldBefore || {operator}",
                f"finalizer {FINALIZER} is set and removed by the operator: leave it as it is; if "
                "the operator is gone for good, an administrator who may update releases/status "
                "removes it",
            ),
        ],
    }


def _stamp() -> Body:
    key = f"'{ANNOTATION_CHANGED_BY}'"
    return _matching("releases") | {
        # Again after a webhook that changes the spec.
        "reinvocationPolicy": "IfNeeded",
        "variables": [
            *_authors(),
            {
                # A replacement that leaves the annotation out gets it back; one that writes
                # another name is left for the policy to refuse.
                "name": "due",
                "expression": f"variables.changed ? {_USER} : variables.author == '' ? "
                "variables.authorBefore : variables.author",
            },
        ],
        "mutations": [
            {
                # No ApplyConfiguration: it needs the schema of the definition, which the API
                # server learns only some time after the definition itself.
                "patchType": "JSONPatch",
                "jsonPatch": {
                    "expression": "variables.due == variables.author ? [] : "
                    "has(object.metadata.annotations) ? "
                    f"[JSONPatch{{op: 'add', path: '/metadata/annotations/' + "
                    f"jsonpatch.escapeKey({key}), value: variables.due}}] : "
                    f"[JSONPatch{{op: 'add', path: '/metadata/annotations', "
                    f"value: {{{key}: variables.due}} }}]"
                },
            }
        ],
    }


def _authors() -> list[Body]:
    annotation = f"metadata.?annotations[?'{ANNOTATION_CHANGED_BY}'].orValue('')"
    return [
        {"name": "changed", "expression": "oldObject == null || object.spec != oldObject.spec"},
        {"name": "author", "expression": f"object.{annotation}"},
        {
            "name": "authorBefore",
            "expression": f"oldObject == null ? '' : oldObject.{annotation}",
        },
    ]


def _may(subresource: str, name: str, verb: str) -> str:
    """The requester holds a verb on a subresource of one Release; arguments are CEL."""
    return (
        f"authorizer.group('{GROUP}').resource('releases').subresource({subresource})"
        f".namespace(request.namespace).name({name}).check('{verb}').allowed()"
    )


def _rule(expression: str, message: str, said: str = "") -> Body:
    """`said` is CEL that makes a better message; `message` is for when it cannot.

    Every refusal is a 422: a 403 comes from RBAC alone, so that neither is taken for the other.
    """
    rule = {"expression": expression, "message": message, "reason": "Invalid"}
    return rule | ({"messageExpression": said} if said else {})
