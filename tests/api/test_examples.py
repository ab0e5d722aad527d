"""Every block of YAML in the docs is admitted by a real API server, field by field.

As dry runs with strict fields: a typing error in a field is refused, not dropped. What an example
needs is there: the bookshop's Release; and an Approval is sent by the person that it names.
"""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.examples import SMALLEST, Example, examples, filled
from tests.releases import Body
from tools.cluster.shell import CommandError
from tools.lab.kubectl import Kubectl

pytestmark = pytest.mark.api

STRICT = ("create", "--dry-run=server", "--validate=strict", "--filename=-")
DIGEST = f"sha256:{'0' * 64}"
WHOLE = [one for one in examples() if one.objects]


@pytest.fixture(scope="module")
def shop(policies: Path) -> Iterator[Kubectl]:
    """A namespace in which the Release of the examples exists."""
    namespace = f"docs-{secrets.token_hex(4)}"
    kubectl = Kubectl(policies, (f"--namespace={namespace}",))
    kubectl.run("create", "namespace", namespace)
    kubectl.apply(yaml.safe_load(SMALLEST["Release"]))
    yield kubectl
    kubectl.run("delete", "namespace", namespace, "--wait=false")


def admit(kubectl: Kubectl, body: Body) -> None:
    """Send one object as a dry run. Raises CommandError with the words of a refusal."""
    metadata = {key: value for key, value in body["metadata"].items() if key != "namespace"}
    if body["kind"] == "Release" and metadata.get("name") == "bookshop":
        metadata["name"] = "bookshop-again"
    sent: Body = {**body, "metadata": metadata}
    if body["kind"] == "Approval":
        release = kubectl.get("releases.release-coordinator.io", body["spec"]["release"])
        sent = filled(sent, {"releaseUid": release["metadata"]["uid"], "digest": DIGEST})
        person = (f"--as={sent['spec']['by']}", "--as-group=system:masters")
        kubectl = Kubectl(kubectl.kubeconfig, (*kubectl.options, *person))
    kubectl.run(*STRICT, stdin=json.dumps(sent))


def test_no_block_was_left_out() -> None:
    assert len(WHOLE) >= 16


@pytest.mark.parametrize("one", WHOLE, ids=lambda one: one.name)
def test_an_example_is_admitted(shop: Kubectl, one: Example) -> None:
    for body in one.objects:
        admit(shop, body)


@pytest.mark.parametrize(
    ("field", "value"), [("wach", {}), ("watch", {"durration": "1m"}), ("version", "v1.0")]
)
def test_an_example_with_a_wrong_field_would_be_refused(
    shop: Kubectl, field: str, value: object
) -> None:
    body = yaml.safe_load(SMALLEST["Release"])
    body["spec"][field] = value

    with pytest.raises(CommandError, match=field if field == "version" else "unknown field"):
        admit(shop, body)
