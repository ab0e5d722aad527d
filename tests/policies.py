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


STRICT = """
apiVersion: release-coordinator.io/v1alpha1
kind: ReleasePolicy
metadata: {name: default, namespace: shop}
spec:
  enforcement: Required
  gates: [{name: Rehearsal, enforcement: Advisory}]
  signOffs: [{role: qa, count: 2}, {role: legal, enforcement: Advisory}]
  suites: [smoke, full]
  types:
    - type: Hotfix
      enforcement: Advisory
      gates: [{name: Window, enforcement: "Off"}]
      signOffs: [{role: qa}]
      suites: [smoke]
  approvals: {validFor: 24h, authorMayApprove: true}
  staging:
    namespace: shop-staging
    release: books
    differences: ["*/env/LOG_LEVEL"]
    exported:
      maxAge: 24h
      keys:
        - name: pipeline
          publicKey: |
            -----BEGIN PUBLIC KEY-----
            MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
            -----END PUBLIC KEY-----
  windows:
    - name: office-hours
      start: 2026-01-05T10:00
      duration: 6h
      timeZone: Europe/Berlin
      recurrence: FREQ=WEEKLY;BYDAY=MO,TU,WE,TH
  freezes: [{name: christmas, start: 2026-12-20T00:00, duration: 240h, reason: nobody is here}]
  targets: {successPercent: 97.5, timeToDeploy: 20m, rollbackPercent: 3, downtime: 1m}
"""

APPROVAL = """
apiVersion: release-coordinator.io/v1alpha1
kind: Approval
metadata: {name: bookshop-qa, namespace: shop}
spec:
  release: bookshop
  releaseUid: 5b1f0f4e-0000-4000-8000-000000000000
  digest: sha256:0000000000000000000000000000000000000000000000000000000000000000
  role: qa
  decision: Approved
  by: quinn
  comment: regression suite passed
  evidence: [report 1142]
"""


def strict() -> Body:
    """Return a policy that uses every field at least once."""
    body: Body = yaml.safe_load(STRICT)
    return body


def approval() -> Body:
    """Return an Approval that uses every field of a sign-off."""
    body: Body = yaml.safe_load(APPROVAL)
    return body
