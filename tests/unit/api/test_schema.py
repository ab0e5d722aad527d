"""The CRDs as data: every leaf is bounded and described, and a full object still fits."""

import pytest
from tests import schemas

from release_coordinator.api.codec import parse_release
from release_coordinator.api.faults import FORMS, MAPS
from release_coordinator.api.schema import GROUP, VERSION, crds
from release_coordinator.cluster import port

KIBIBYTE = 1024
ETCD_LIMIT = 1536 * KIBIBYTE

BOUNDS: dict[str, tuple[set[str], ...]] = {
    "string": ({"maxLength"}, {"enum"}),
    "array": ({"maxItems"},),
    "integer": ({"minimum", "maximum"},),
    "number": ({"minimum", "maximum"}, {"format"}),  # a double has at most 24 characters
    "boolean": (set(),),
    "object": (
        {"properties"},
        {"additionalProperties", "maxProperties"},
        {"x-kubernetes-preserve-unknown-fields"},  # bounded by engine.inline
    ),
}
"""For each type the sets of keywords of which one must be there."""

NODES = [
    (f"{name}:{path}", node)
    for name in crds()
    for path, node in schemas.walk(schemas.schema_of(name))
]


def test_every_leaf_is_bounded() -> None:
    loose = [
        path for path, node in NODES if not any(need <= set(node) for need in BOUNDS[node["type"]])
    ]

    assert loose == []


def test_every_field_is_described() -> None:
    silent = [path for path, node in NODES if path[-1] not in "]}" and "description" not in node]

    assert silent == []


def test_descriptions_are_one_line() -> None:
    assert not [path for path, node in NODES if "\n" in node.get("description", "")]


def test_every_rule_says_what_to_do() -> None:
    for path, node in NODES:
        for rule in node.get("x-kubernetes-validations", []):
            assert rule["message"], path


def test_every_pattern_has_a_form_that_faults_can_name() -> None:
    written = [pair for pair in NODES if ".spec" in pair[0] and "releaserecords" not in pair[0]]

    assert {node["pattern"] for _, node in written if "pattern" in node} <= set(FORMS)


def test_faults_know_every_map() -> None:
    maps = {path.rsplit(".")[-1] for path, node in NODES if "additionalProperties" in node}

    assert maps == MAPS


@pytest.mark.parametrize("file", list(crds()))
def test_no_default_is_null_or_empty(file: str) -> None:
    defaults = [
        node["default"] for _, node in schemas.walk(schemas.schema_of(file)) if "default" in node
    ]

    assert all(value not in (None, "", [], {}) for value in defaults)


def test_what_the_operator_reports_is_never_completed_by_the_server() -> None:
    status = schemas.schema_of("releases.yaml")["properties"]["status"]
    record = schemas.schema_of("releaserecords.yaml")["properties"]["spec"]

    assert status.pop("default") == {"observedGeneration": -1, "phase": "Pending"}
    for _, node in (*schemas.walk(status), *schemas.walk(record)):
        assert "default" not in node


def test_the_cluster_layer_calls_the_kinds_by_the_same_names() -> None:
    ours = {
        (body["spec"]["names"]["kind"], body["spec"]["names"]["plural"], body["spec"]["scope"])
        for body in crds().values()
    }
    theirs = {
        (kind.kind, kind.plural, "Namespaced" if kind.namespaced else "Cluster")
        for kind in (
            *(port.RELEASE, port.RECORD, port.METRIC_SOURCE, port.POLICY, port.APPROVAL),
            *(port.CHANNEL, port.NOTIFICATION, port.INCIDENT),
        )
    }

    assert ours == theirs
    assert (GROUP, VERSION) == (port.OWN_GROUP, port.OWN_VERSION)


def test_the_largest_spec_fits_twice_into_an_object() -> None:
    release = schemas.largest_release()

    assert parse_release(release).faults == ()
    assert schemas.size(release["spec"]) * 2 < ETCD_LIMIT
