"""The admission objects by which the API server itself refuses forged sign-offs.

Written into the chart by `make generate`, and compared with the cluster's by `guard`: what is
installed and what is expected come from here. Bodies are complete, with every default that the
API server would fill in, so that equal means equal. `render.logpolicy` keeps the release log.
"""

from release_coordinator.api.control import Suspend
from release_coordinator.api.release import WorkloadKind
from release_coordinator.api.schema import GROUP
from release_coordinator.engine.names import (
    ANNOTATION_CHANGED_BY,
    ANNOTATION_ORDERED_BY,
    ANNOTATION_SUSPEND,
    FINALIZER,
    ORDERS,
)

from .admissionparts import API_VERSION as API_VERSION  # noqa: PLC0414 - whoever installs them asks
from .admissionparts import USER, Body, denied, made, matching, may, rule

APPROVALS = f"approvals.{GROUP}"
"""Name of the policy on Approvals, and of its binding."""
RELEASES = f"releases.{GROUP}"
"""Name of the policies on Releases, and of their bindings."""

APPROVE = "approve"
"""Verb on `releases/<role>` that lets a person sign for the role."""
WAIVE = "waive"
"""Verb on `releases/<gate in lower case>` that lets a person waive the gate."""


def policies() -> list[Body]:
    """What `guard` expects: who may sign, and who changed a Release. Policies and bindings."""
    validating = "ValidatingAdmissionPolicy"
    return [
        made(validating, APPROVALS, _approvals()),
        made(f"{validating}Binding", APPROVALS, denied(APPROVALS)),
        made(validating, RELEASES, _releases()),
        made(f"{validating}Binding", RELEASES, denied(RELEASES)),
    ]


def stamp() -> list[Body]:
    """A convenience of Kubernetes 1.36 and later: the API server itself notes who changed what.

    Nothing relies on it: `policies` refuses a wrong note, whoever wrote it.
    """
    mutating = "MutatingAdmissionPolicy"
    return [
        made(mutating, RELEASES, _stamp()),
        made(f"{mutating}Binding", RELEASES, {"policyName": RELEASES}),
    ]


def _approvals() -> Body:
    sign = may("object.spec.role", "object.spec.release", APPROVE)
    waive = may("object.spec.gate.lowerAscii()", "object.spec.release", WAIVE)
    return matching("approvals") | {
        "variables": [{"name": "edited", "expression": "oldObject != null"}],
        "validations": [
            rule(
                f"variables.edited || !{USER}.startsWith('system:')",
                "only people sign off: ServiceAccounts and other system users cannot write "
                "Approvals; sign in with a user name of your own",
                f"'only people sign off, and ' + {USER} + ' is a system user; sign in with a "
                "user name of your own'",
            ),
            rule(
                f"variables.edited || object.spec.by == {USER}",
                "spec.by must be the user name that the API server knows you by",
                "'spec.by is ' + object.spec.by + ', but the API server knows you as ' + "
                f"{USER} + '; write that'",
            ),
            rule(
                f"variables.edited || !has(object.spec.role) || {sign}",
                "you may not sign for this role",
                "'you may not sign for role ' + object.spec.role + ' of Release ' + "
                f"object.spec.release + '; "
                f"{_ask(APPROVE)}' + object.spec.role",
            ),
            rule(
                f"variables.edited || !has(object.spec.gate) || {waive}",
                "you may not waive this gate",
                "'you may not waive gate ' + object.spec.gate + ' of Release ' + "
                f"object.spec.release + '; {_ask(WAIVE)}' + object.spec.gate.lowerAscii()",
            ),
            rule(
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
    operator = may("'status'", "object.metadata.name", "update")
    held = f"'{FINALIZER}' in "
    finalizers = "metadata.?finalizers.orValue([])"
    return matching("releases") | {
        "variables": [
            *_authors(),
            *_orderers(),
            {"name": "inline", "expression": _carried("object")},
            {
                "name": "inlineBefore",
                "expression": f"oldObject == null ? [] : {_carried('oldObject')}",
            },
            {"name": "held", "expression": f"{held}object.{finalizers}"},
            {
                "name": "heldBefore",
                "expression": f"oldObject != null && {held}oldObject.{finalizers}",
            },
        ],
        "validations": [
            rule(
                f"!variables.changed || variables.author == {USER}",
                f"the annotation {ANNOTATION_CHANGED_BY} must be your user name",
                f"'annotation {ANNOTATION_CHANGED_BY} must name who changes the spec: set it to '"
                f" + {USER} + ' (Kubernetes 1.36 and later does that for you)'",
            ),
            rule(
                "variables.changed || variables.author == variables.authorBefore",
                f"annotation {ANNOTATION_CHANGED_BY} says who last changed the spec; leave it as "
                "it is",
            ),
            rule(
                f"!variables.ordered || variables.orderer in ['', {USER}]",
                f"annotation {ANNOTATION_ORDERED_BY} must be your user name, or not be there",
                f"'annotation {ANNOTATION_ORDERED_BY} must name who gives the order: set it to ' + "
                f"{USER} + ' or remove it (Kubernetes 1.36 and later sets it for you)'",
            ),
            rule(
                "variables.ordered || variables.orderer in ['', variables.ordererBefore]",
                f"annotation {ANNOTATION_ORDERED_BY} says who gave the last order; leave it as it "
                "is",
            ),
            rule(
                f"!variables.ordered || {_SUSPEND} in {['', *map(str, Suspend)]}",
                f"annotation {ANNOTATION_SUSPEND} is {' or '.join(Suspend)}; remove it to go on",
            ),
            *(_inline(kind) for kind in WorkloadKind),
            rule(
                f"variables.held == variables.heldBefore || {operator}",
                f"finalizer {FINALIZER} is set and removed by the operator: leave it as it is; if "
                "the operator is gone for good, an administrator who may update releases/status "
                "removes it",
            ),
        ],
    }


_SUSPEND = f"object.metadata.?annotations[?'{ANNOTATION_SUSPEND}'].orValue('')"


def _carried(of: str) -> str:
    """The inline workloads of a Release."""
    # As a map: a workload has fields that the definition does not know.
    return f"dyn({of}.spec.components).filter(c, has(c.workload)).map(c, c.workload)"


def _inline(kind: WorkloadKind) -> Body:
    """Who writes a workload into a Release must be one who may write it beside it.

    Else whoever may edit Releases could run any pod, as any ServiceAccount of the namespace, by the
    operator's hand. A rule for each kind: one expression may ask for no more than two rights.
    """
    resource = f"{kind.lower()}s"
    create, patch = (
        f"authorizer.group('apps').resource('{resource}').namespace(request.namespace)"
        f".check('{verb}').allowed()"
        for verb in ("create", "patch")
    )
    return rule(
        "variables.inline == variables.inlineBefore || "
        f"!variables.inline.exists(w, w.kind == '{kind}') || ({create} && {patch})",
        f"a Release carries a {kind}: whoever writes that must have the right to create and patch "
        f"{resource} in this namespace; ask for it, or name an existing workload by workloadRef",
    )


def _stamp() -> Body:
    return matching("releases") | {
        # Again after a webhook that changes the spec.
        "reinvocationPolicy": "IfNeeded",
        "variables": [
            *_authors(),
            *_orderers(),
            # A replacement that leaves an annotation out gets it back; one that writes another
            # name without a change of its own is left for the policy to refuse.
            _due("due", "changed", "author"),
            _due("orderDue", "ordered", "orderer"),
        ],
        "mutations": [
            {
                # No ApplyConfiguration: it needs the schema of the definition, which the API
                # server learns only some time after the definition itself.
                "patchType": "JSONPatch",
                "jsonPatch": {
                    "expression": (
                        f"({_NONE_DUE} || has(object.metadata.annotations) ? [] : "
                        "[JSONPatch{op: 'add', path: '/metadata/annotations', value: {}}]) + "
                        f"{_written(ANNOTATION_CHANGED_BY, 'due', 'author')} + "
                        f"{_written(ANNOTATION_ORDERED_BY, 'orderDue', 'orderer')}"
                    )
                },
            }
        ],
    }


_NONE_DUE = "variables.due == variables.author && variables.orderDue == variables.orderer"


def _due(name: str, when: str, what: str) -> Body:
    """What an annotation is to say: who does it now, or what it has said before."""
    text = f"variables.{when} ? {USER} : variables.{what} == '' ? variables.{what}Before : "
    return {"name": name, "expression": f"{text}variables.{what}"}


def _written(annotation: str, due: str, what: str) -> str:
    """The patch that writes an annotation, if it does not say that already."""
    path = f"'/metadata/annotations/' + jsonpatch.escapeKey('{annotation}')"
    patch = f"[JSONPatch{{op: 'add', path: {path}, value: variables.{due}}}]"
    return f"(variables.{due} == variables.{what} ? [] : {patch})"


def _authors() -> list[Body]:
    """Who changed what the Release is to become; a suspension is an order, and no such change."""
    # As maps: the type check of the API server knows fields, and none by a name it computes.
    new, old = "dyn(object.spec)", "dyn(oldObject.spec)"
    same = (
        f"{new}.all(k, k == 'suspend' || k in {old} && {new}[k] == {old}[k]) && "
        f"{old}.all(k, k == 'suspend' || k in {new})"
    )
    changed = {"name": "changed", "expression": f"oldObject == null || !({same})"}
    return [changed, *_said("author", ANNOTATION_CHANGED_BY)]


def _orderers() -> list[Body]:
    """Who gave an order: changed one of the annotations, or suspended or resumed."""
    orders = f"[{', '.join(repr(key) for key in ORDERS)}]"
    new, old = (f"{of}.metadata.?annotations[?k].orValue('')" for of in ("object", "oldObject"))
    suspend, before = (f"{of}.?spec.?suspend.orValue('')" for of in ("object", "oldObject"))
    given = f"{orders}.exists(k, {new} != '') || {suspend} != ''"
    different = f"{orders}.exists(k, {new} != {old}) || {suspend} != {before}"
    ordered = {"name": "ordered", "expression": f"oldObject == null ? {given} : {different}"}
    return [ordered, *_said("orderer", ANNOTATION_ORDERED_BY)]


def _said(name: str, annotation: str) -> list[Body]:
    """What an annotation says, and has said before."""
    now, before = (
        f"{of}.metadata.?annotations[?'{annotation}'].orValue('')" for of in ("object", "oldObject")
    )
    return [
        {"name": name, "expression": now},
        {"name": f"{name}Before", "expression": f"oldObject == null ? '' : {before}"},
    ]
