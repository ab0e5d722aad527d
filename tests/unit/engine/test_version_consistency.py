"""R2.2 and R8: whatever says a version says the one that is released, and who does not is named."""

from typing import Any

import pytest
from tests.releases import Body, bookshop
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import Gate, GateState, Role
from release_coordinator.api.release import WorkloadRef
from release_coordinator.engine.evidence import VersionFact, VersionWant
from release_coordinator.engine.gates import version_consistency
from release_coordinator.engine.observation import NotSeen
from release_coordinator.engine.runfacts import DocumentFact, DocumentWant

STAGING = {"staging": {"namespace": "shop-staging"}}
MANIFEST = DocumentWant("bookshop-ci", "versions.yaml")
RUNS = {"backend": VersionFact(("1.2.0",)), "frontend": VersionFact(("1.2.0",))}
STAGED = {"backend": VersionFact(("1.3.0",)), "frontend": VersionFact(("1.3.0",))}


def release(*, manifest: bool = False, endpoints: bool = False, **images: str) -> Body:
    body = bookshop()
    for component in body["spec"]["components"]:
        if component["name"] in images:
            (container,) = component["images"]
            component["images"][container] = images[component["name"]]
        if endpoints:
            component["versionEndpoint"] = {"port": 8080}
    if manifest:
        ref = {"configMap": "bookshop-ci", "key": "versions.yaml"}
        body["spec"]["documents"]["versionManifest"] = ref
    return body


def endpoints(said: dict[str, VersionFact], namespace: str = "") -> dict[Any, Any]:
    return {
        VersionWant(WorkloadRef(name=f"bookshop-{name}"), 8080, "/version", "2s", namespace): fact
        for name, fact in said.items()
    }


def gate(body: Body, facts: dict[Any, Any] | None = None, **more: Any) -> Gate:
    found = version_consistency.evaluate(context(body, facts=facts, **more)).gate
    assert found.owner == Role.RELEASE_MANAGER
    return found


def with_manifest(text: str | None, problem: str = "") -> Gate:
    return gate(release(manifest=True), {MANIFEST: DocumentFact(text, problem)})


def test_everything_that_speaks_is_asked_at_once() -> None:
    with pytest.raises(NotSeen) as question:
        gate(release(manifest=True, endpoints=True), policy=STAGING)
    wanted = {MANIFEST, *endpoints(RUNS), *endpoints(STAGED, "shop-staging")}
    assert set(question.value.wants) == wanted


def test_without_policy_and_endpoints_only_the_tags_speak() -> None:
    found = gate(release())
    assert (found.state, found.message) == (GateState.PASSED, "all image tags say 1.3.0")


def test_a_release_whose_sources_all_agree_passes_and_says_what_was_found() -> None:
    facts = {
        MANIFEST: DocumentFact("backend: 1.3.0\nfrontend: v1.3.0"),
        **endpoints(RUNS),
        **endpoints(STAGED, "shop-staging"),
    }
    pinned = "example/web@sha256:00"
    body = release(manifest=True, endpoints=True, frontend=pinned)
    found = gate(body, facts, policy=STAGING)
    assert found.state is GateState.PASSED
    assert found.message == (
        "all image tags say 1.3.0 (by digest only: frontend/web); the version manifest says "
        "1.3.0; staging says 1.3.0; what runs now says 1.2.0"
    )
    assert "ConfigMap bookshop-ci" in found.evidence


# --- R8's sentence, from each source


def test_image_tags_that_disagree_are_named() -> None:
    body = release(backend="example/b:1.2.0", frontend="example/f:1.1.9")
    verdict = version_consistency.evaluate(context(body))
    assert verdict.gate.state is GateState.FAILED
    assert verdict.gate.message == (
        "spec.version is 1.3.0, but backend says 1.2.0, frontend says 1.1.9 (image tags; make "
        "spec.version and spec.components agree)"
    )
    assert verdict.watched


def test_a_component_without_a_tag_is_named() -> None:
    assert "backend says no tag" in gate(release(backend="example/b")).message


def test_a_manifest_that_disagrees_is_named() -> None:
    found = with_manifest('{"backend": "1.2.0", "frontend": "1.1.9"}')
    assert found.state is GateState.FAILED
    assert (
        "spec.version is 1.3.0, but backend says 1.2.0, frontend says 1.1.9 (version manifest, "
        "ConfigMap bookshop-ci, key versions.yaml; CI must write it"
    ) in found.message


def test_a_manifest_for_another_version_is_named() -> None:
    found = with_manifest("version: 1.2.0\ncomponents: {backend: 1.3.0, frontend: 1.3.0}")
    assert found.state is GateState.FAILED
    assert "the manifest itself says 1.2.0 (version manifest" in found.message


def test_a_staging_that_disagrees_is_named() -> None:
    staged = {"backend": VersionFact(("1.2.0", "1.3.0")), "frontend": VersionFact(("1.1.9",))}
    facts = endpoints(RUNS) | endpoints(staged, "shop-staging")
    found = gate(release(endpoints=True), facts, policy=STAGING)
    assert found.state is GateState.FAILED
    assert found.message == (
        "spec.version is 1.3.0, but backend says 1.2.0 and 1.3.0, frontend says 1.1.9 (/version "
        "endpoints in staging, namespace shop-staging; deploy 1.3.0 there first)"
    )


def test_a_mixture_of_what_runs_now_is_named() -> None:
    runs = {"backend": VersionFact(("1.2.0",)), "frontend": VersionFact(("1.1.9",))}
    found = gate(release(endpoints=True), endpoints(runs))
    assert found.state is GateState.FAILED
    assert found.message == (
        "spec.version is 1.3.0, but backend says 1.2.0, frontend says 1.1.9 (/version endpoints "
        "of what runs now; bring all components to one version first)"
    )


def test_pods_of_one_component_that_disagree_are_a_mixture_too() -> None:
    runs = RUNS | {"backend": VersionFact(("1.1.9", "1.2.0"))}
    found = gate(release(endpoints=True), endpoints(runs))
    assert "backend says 1.1.9 and 1.2.0, frontend says 1.2.0" in found.message


def test_after_a_rollback_that_failed_a_mixture_is_what_the_release_mends() -> None:
    runs = {"backend": VersionFact(("1.2.0",)), "frontend": VersionFact(("1.1.9",))}
    found = gate(release(endpoints=True), endpoints(runs), basis="bookshop-1-0")
    assert found.state is GateState.PASSED


def test_all_sources_are_reported_together() -> None:
    facts = {
        MANIFEST: DocumentFact("backend: 1.2.0\nfrontend: 1.3.0"),
        **endpoints(RUNS | {"frontend": VersionFact((), "Pod p: answered 404")}),
    }
    found = gate(release(manifest=True, endpoints=True, frontend="example/f:1.1.9"), facts)
    assert found.state is GateState.FAILED
    for words in ("frontend says 1.1.9 (image", "backend says 1.2.0 (version", "answered 404"):
        assert words in found.message


# --- what does not speak


def test_an_endpoint_that_does_not_answer_leaves_it_unknown() -> None:
    silent = RUNS | {"frontend": VersionFact((), "Pod p: http://10.0.0.1:8080/version refused")}
    found = gate(release(endpoints=True), endpoints(silent))
    assert found.state is GateState.UNKNOWN
    assert "what runs now did not say its version: frontend: Pod p: http" in found.message


def test_a_silent_staging_leaves_it_unknown() -> None:
    silent = STAGED | {"backend": VersionFact((), "there is no Deployment bookshop-backend")}
    facts = endpoints(RUNS) | endpoints(silent, "shop-staging")
    found = gate(release(endpoints=True), facts, policy=STAGING)
    assert found.state is GateState.UNKNOWN
    assert "staging did not say its version: backend: there is no Deployment" in found.message


def test_what_is_scaled_to_zero_proves_nothing_in_staging_and_harms_nothing_here() -> None:
    nobody = {"backend": VersionFact(()), "frontend": VersionFact(())}
    here = gate(release(endpoints=True), endpoints(nobody))
    there = gate(
        release(endpoints=True),
        endpoints(nobody) | endpoints(STAGED | nobody, "shop-staging"),
        policy=STAGING,
    )
    assert here.state is GateState.PASSED
    assert there.state is GateState.UNKNOWN
    assert "backend, frontend: no pod runs that says its version" in there.message


def test_a_missing_manifest_is_waited_for() -> None:
    found = with_manifest(None, "there is no ConfigMap bookshop-ci")
    assert found.state is GateState.WAITING
    assert "there is no ConfigMap bookshop-ci; CI must write it" in found.message


# --- bad manifests


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("backend: 1.3.0", "has no version of frontend; CI must write one per component"),
        ("backend: [1.3]\nfrontend: ''", "has no version of backend, frontend"),
        ("[]", "cannot be used: it is no mapping"),
        ("backend: *x", "cannot be used: it"),
    ],
)
def test_a_bad_manifest_names_its_place_and_what_to_write(text: str, words: str) -> None:
    found = with_manifest(text)
    assert found.state is GateState.FAILED
    assert "version manifest, ConfigMap bookshop-ci, key versions.yaml" in found.message
    assert words in found.message


def test_a_manifest_cannot_smuggle_text_into_a_status() -> None:
    evil = "\\u001b[2J" + "x" * 200
    found = with_manifest(f'{{"backend": "{evil}", "frontend": "1.3.0"}}')
    assert "\x1b" not in found.message
    assert "x" * 60 not in found.message
