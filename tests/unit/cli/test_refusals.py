"""What the API server's refusals sound like to a person."""

from release_coordinator.cli.refusals import in_words, said
from release_coordinator.errors import Denied, Invalid

WHERE = "create /apis/release-coordinator.io/v1alpha1/namespaces/shop/approvals: 403"
RBAC = (
    'approvals.release-coordinator.io is forbidden: User "bob" cannot create resource "approvals" '
    'in API group "release-coordinator.io" in the namespace "shop"'
)
POLICY = (
    'approvals.release-coordinator.io "a" is forbidden: ValidatingAdmissionPolicy '
    "'approvals.release-coordinator.io' with binding 'approvals.release-coordinator.io' denied "
    "request: you may not sign for role qa of Release bookshop"
)
ROLE = "release-coordinator-sign-off-qa"


def test_a_missing_right_is_named_with_the_role_and_the_command_that_grants_it() -> None:
    text = in_words(Denied(f"{WHERE} {RBAC!r}"), "shop", ROLE)

    assert text.startswith("bob may not create approvals in namespace 'shop'")
    assert "the verb create on approvals.release-coordinator.io is missing" in text
    assert f"kubectl -n shop create rolebinding {ROLE}-bob --clusterrole={ROLE} --user=bob" in text


def test_what_the_admission_policy_says_is_said_alone() -> None:
    for error in (Denied(f"{WHERE} {POLICY!r}"), Invalid(f"{WHERE} {POLICY}")):
        assert in_words(error, "shop", ROLE) == "you may not sign for role qa of Release bookshop"


def test_a_refused_field_is_shown_as_the_server_says_it() -> None:
    text = 'Release "b" is invalid: spec.version: Invalid value: "v1": write a SemVer 2 version'

    assert said(Invalid(f"update /apis/x: 422 {text!r}")) == text


def test_text_that_only_looks_quoted_is_left_as_it_is() -> None:
    assert said(Invalid("'half")) == "'half"
