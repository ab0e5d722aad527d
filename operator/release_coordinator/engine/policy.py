"""Which requirements apply: the built-in policy, and what a ReleasePolicy makes of it.

Pure. `requirements` is part of every plan (`engine.plan`); `relaxed` says in words where a policy
asks for less than the built-in one, which is shown wherever an attempt is shown.
"""

from collections.abc import Container
from typing import TypeVar

from release_coordinator.api.attempt import Attempt, PolicyRef
from release_coordinator.api.base import parse_duration
from release_coordinator.api.checklist import Enforcement, GateName, GateRule
from release_coordinator.api.policy import (
    DEFAULT_POLICY,
    ReleasePolicySpec,
    RequiredStaging,
    Requirements,
    SignOff,
    StagingRules,
    TypeRequirements,
    TypeRules,
)
from release_coordinator.api.release import ReleaseType

from .versions import type_of_numbers

T = TypeVar("T")

EVERYBODY = (SignOff(role="qa"), SignOff(role="security"), SignOff(role="product-owner"))
FAST = (
    SignOff(role="qa"),
    SignOff(role="security"),
    SignOff(role="product-owner", enforcement=Enforcement.ADVISORY),
)
"""Of a release that cannot wait the business may hear afterwards (R1)."""

ALWAYS = (GateName.POLICY, GateName.ROLLBACK_TARGET)
"""Gates that no policy relaxes: one that cannot be read must open nothing, and without a way back
nothing is begun."""
_USUAL = ("qa", "security", "product-owner", "smoke", "regression", "full")
"""The usual roles and suites come first, in the order in which people know them."""
_URGENT = (GateName.WINDOW,)
_BACK = (GateName.WINDOW, GateName.RELEASE_NOTES, GateName.REHEARSAL, GateName.STAGING_CONFIG)


def _built_in(
    kind: ReleaseType, suites: tuple[str, ...], signs: tuple[SignOff, ...], *advisory: GateName
) -> TypeRequirements:
    gates = [
        GateRule(name=name, enforcement=Enforcement.ADVISORY)
        for name in GateName
        if name in advisory
    ]
    return TypeRequirements(type=kind, gates=gates, sign_offs=list(signs), suites=list(suites))


BUILT_IN = Requirements(
    types=[
        _built_in(ReleaseType.HOTFIX, ("smoke",), FAST, *_URGENT),
        _built_in(ReleaseType.PATCH, ("smoke", "regression"), EVERYBODY),
        _built_in(ReleaseType.MINOR, ("smoke", "full"), EVERYBODY),
        _built_in(ReleaseType.MAJOR, ("smoke", "full"), EVERYBODY),
        _built_in(ReleaseType.ROLLBACK, ("smoke",), FAST, *_BACK),
    ]
)
"""The checklist of the requirements: R1 per type, all gates of R2."""


def chosen(release: str, existing: Container[str]) -> str | None:
    """Which of the policies of its namespace counts for a Release; None for the built-in one."""
    return next((name for name in (release, DEFAULT_POLICY) if name in existing), None)


def requirements(spec: ReleasePolicySpec | None) -> Requirements:
    """Everything that is required, nothing left to a default."""
    if spec is None:
        return BUILT_IN
    own = {rules.type: rules for rules in spec.types}
    return Requirements(
        types=[_merged(base, spec, own.get(base.type)) for base in BUILT_IN.types],
        approvals=spec.approvals,
        staging=_staging(spec.staging),
    )


def _staging(rules: StagingRules | None) -> RequiredStaging | None:
    """Where it is; who may vouch for it and for how long is asked when it counts, like a window."""
    if rules is None:
        return None
    return RequiredStaging(
        namespace=rules.namespace,
        release=rules.release,
        differences=sorted(rules.differences),
        elsewhere=rules.exported is not None,
    )


def applied(name: str | None, required: Requirements, kind: ReleaseType) -> PolicyRef:
    """The policy as an attempt of this type keeps it: its name and what it relaxes."""
    return PolicyRef(name=name, relaxed=relaxed(required, kind))


def of_type(required: Requirements, kind: ReleaseType) -> TypeRequirements:
    """What one type requires; everything, if the list does not name the type."""
    return next((r for r in required.types if r.type is kind), TypeRequirements(type=kind))


def of_attempt(required: Requirements, attempt: Attempt) -> TypeRequirements:
    """What the type of an attempt requires; by the numbers of its version where it has none."""
    return of_type(required, attempt.type or type_of_numbers(attempt.version))


def enforcement(required: TypeRequirements, gate: GateName) -> Enforcement:
    """How strictly a gate is meant."""
    rule = next((rule for rule in required.gates if rule.name is gate), None)
    return rule.enforcement if rule else Enforcement.REQUIRED


def _merged(
    base: TypeRequirements, spec: ReleasePolicySpec, own: TypeRules | None
) -> TypeRequirements:
    levels = {gate: _level(base, spec, own, gate) for gate in GateName}
    rules = [
        GateRule(name=gate, enforcement=level)
        for gate, level in levels.items()
        if level is not Enforcement.REQUIRED
    ]
    own_signs = own.sign_offs if own else None
    own_suites = own.suites if own else None
    return TypeRequirements(
        type=base.type,
        gates=rules,
        sign_offs=_signing(_first(own_signs, spec.sign_offs, base.sign_offs)),
        suites=sorted(_first(own_suites, spec.suites, base.suites), key=_as_usual),
    )


def _signing(signs: list[SignOff]) -> list[SignOff]:
    """In an order of their own: which way round a policy lists them must not void a signature."""
    asked = (sign for sign in signs if sign.enforcement is not Enforcement.OFF)
    return sorted(asked, key=lambda sign: _as_usual(sign.role))


def _as_usual(name: str) -> tuple[int, str]:
    return (_USUAL.index(name) if name in _USUAL else len(_USUAL)), name


def _first(*values: list[T] | None) -> list[T]:
    return next((value for value in values if value is not None), [])


def _level(
    base: TypeRequirements, spec: ReleasePolicySpec, own: TypeRules | None, gate: GateName
) -> Enforcement:
    """What is said nearest to the type and the gate counts."""
    if gate in ALWAYS:
        return Enforcement.REQUIRED
    said = [_rule(own.gates, gate) if own else None, own.enforcement if own else None]
    said += [_rule(spec.gates, gate), spec.enforcement]
    return next((level for level in said if level is not None), enforcement(base, gate))


def _rule(rules: list[GateRule], gate: GateName) -> Enforcement | None:
    return next((rule.enforcement for rule in rules if rule.name is gate), None)


_RANK = {Enforcement.REQUIRED: 2, Enforcement.ADVISORY: 1, Enforcement.OFF: 0}


def relaxed(required: Requirements, kind: ReleaseType) -> list[str]:
    """Where less is asked than by the built-in policy, in words, for one type."""
    own, base = of_type(required, kind), of_type(BUILT_IN, kind)
    less = {
        str(gate): enforcement(own, gate)
        for gate in GateName
        if _RANK[enforcement(own, gate)] < _RANK[enforcement(base, gate)]
    }
    signs = {sign.role: sign for sign in own.sign_offs}
    for sign in base.sign_offs:
        level = signs[sign.role].enforcement if sign.role in signs else Enforcement.OFF
        if _RANK[level] < _RANK[sign.enforcement]:
            less[f"sign-off {sign.role}"] = level
    found = [
        f"{level}: {', '.join(name for name, own_level in less.items() if own_level is level)}"
        for level in (Enforcement.OFF, Enforcement.ADVISORY)
        if level in less.values()
    ]
    suites = [suite for suite in base.suites if suite not in own.suites]
    if suites:
        found.append(f"no suite {', '.join(suites)}")
    return [*found, *_trust(required)]


def _trust(required: Requirements) -> list[str]:
    """Where signatures and staging prove less."""
    found, base = [], BUILT_IN.approvals
    if required.approvals.author_may_approve:
        found.append("who changed the spec may sign it off")
    if parse_duration(required.approvals.valid_for) > parse_duration(base.valid_for):
        found.append(f"approvals are valid for {required.approvals.valid_for}")
    if required.staging and required.staging.differences:
        places = ", ".join(required.staging.differences)
        found.append(f"staging may differ in {places}"[:256])
    return found
