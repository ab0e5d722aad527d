"""The double knows our kinds as their CRDs define them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from release_coordinator.cluster.double.rules import has_generation, has_status
from release_coordinator.cluster.port import CONFIG_MAP, METRIC_SOURCE, RECORD, RELEASE, Kind

CRDS = Path(__file__).parents[3] / "crds"


def crd(kind: Kind) -> Any:
    return yaml.safe_load((CRDS / f"{kind.plural}.yaml").read_text(encoding="utf-8"))["spec"]


@pytest.mark.parametrize("kind", [RELEASE, RECORD, METRIC_SOURCE])
def test_our_kinds_are_what_their_crds_say(kind: Kind) -> None:
    spec = crd(kind)
    version = next(one for one in spec["versions"] if one["name"] == kind.version)
    assert kind.kind == spec["names"]["kind"]
    assert kind.namespaced == (spec["scope"] == "Namespaced")
    assert has_status(kind) == ("status" in version.get("subresources", {}))
    assert has_generation(kind)


def test_a_built_in_kind_without_a_spec_has_no_generation() -> None:
    assert not has_generation(CONFIG_MAP)
