"""ReleasePolicies that several suites use, as a platform team would write them."""

from typing import Any

import yaml

Body = dict[str, Any]

BASIC = """
apiVersion: release-coordinator.io/v1alpha1
kind: ReleasePolicy
metadata: {name: default, namespace: shop}
spec:
  enforcement: "Off"
  gates:
    - {name: Version, enforcement: Required}
    - {name: VersionConsistency, enforcement: Required}
    - {name: Changelog, enforcement: Required}
    - {name: Credentials, enforcement: Required}
    - {name: RollbackTarget, enforcement: Required}
  signOffs: []
  suites: []
"""
"""What needs nobody and nothing but the cluster itself."""


def basic(**spec: Any) -> Body:
    """Return the policy that asks no person and no other system, with changes of its spec."""
    body: Body = yaml.safe_load(BASIC)
    body["spec"] |= spec
    return body
