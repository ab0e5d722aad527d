"""Releases that several suites use, as people would write them."""

from typing import Any

import yaml

Body = dict[str, Any]

BOOKSHOP = """
apiVersion: release-coordinator.io/v1alpha1
kind: Release
metadata: {name: bookshop, namespace: shop}
spec:
  version: 1.3.0
  components:
    - name: backend
      workloadRef: {kind: Deployment, name: bookshop-backend}
      images: {api: example/bookshop-backend:1.3.0}
      health: {path: /healthz, port: 8080}
    - name: frontend
      dependsOn: [backend]
      workloadRef: {kind: Deployment, name: bookshop-frontend}
      images: {web: example/bookshop-frontend:1.3.0}
  migrations:
    - name: 0007-add-isbn
      reversibility: Reversible
      up: {image: example/bookshop-migrate:1.3.0, args: [upgrade, "0007"]}
      down: {image: example/bookshop-migrate:1.3.0, args: [downgrade, "0006"]}
  caches: [{name: redis, job: {image: example/redis-cli:7, args: [flushdb]}}]
  verify:
    smokeTests: [{name: checkout, suite: smoke, job: {image: example/bookshop-smoke:1.3.0}}]
  watch:
    duration: 10m
    start: AfterRollout  # stories of the way back go the whole way there; the brake has its own
    metrics:
      - name: p95-latency
        query: >-
          histogram_quantile(0.95, sum by (le)
          (rate(http_request_duration_seconds_bucket{app="bookshop"}[1m])))
        breach: {ratioToBaseline: 2.0}
  documents: {changelog: {configMap: bookshop-docs, key: CHANGELOG.md}}
"""

EVERYTHING = """
type: Minor
schedule: {notBefore: "2026-11-24T20:00:00.000Z"}
ci:
  - name: pipeline
    object: {apiVersion: tekton.dev/v1, kind: PipelineRun, name: bookshop, condition: Succeeded}
  - name: workflow
    object:
      apiVersion: argoproj.io/v1alpha1
      kind: Workflow
      name: bookshop
      jsonPath: $.status.phase
      value: Succeeded
  - {name: report, configMap: {name: bookshop-ci, key: result, value: green}}
alerts: {source: default, rules: [BookshopDown]}
credentialChecks: [{name: login, job: {image: example/login:1}}]
database: {current: {image: example/bookshop-migrate:1.3.0, args: [current]}}
documents:
  changelog: {configMap: bookshop-docs, key: CHANGELOG.md}
  releaseNotes: {configMap: bookshop-docs, key: NOTES.md}
  migrationGuide: {configMap: bookshop-docs, key: GUIDE.md}
  versionManifest: {configMap: bookshop-ci, key: versions.yaml}
  commits: {configMap: bookshop-ci, key: commits}
backup:
  job:
    image: example/backup:1
    command: [/bin/backup]
    args: [--all]
    env:
      - {name: LEVEL, value: "9"}
      - {name: DSN, valueFrom: {secretKeyRef: {name: bookshop-db, key: dsn}}}
      - {name: HOST, valueFrom: {configMapKeyRef: {name: bookshop, key: host}}}
    volumes: [{name: target, claimName: backups, mountPath: /backups}]
    resources: {cpuRequest: 100m, cpuLimit: "1", memoryRequest: 64Mi, memoryLimit: 0.5Gi}
    timeout: 1h30m
    runAsUser: 1000
    fsGroup: 1000
warmup: [{name: index, job: {image: example/warm:1}}]
rollback:
  smokeTests: [{name: checkout, job: {image: example/bookshop-smoke:1.2.0}}]
"""


def bookshop() -> Body:
    """Return the Release of the documentation."""
    body: Body = yaml.safe_load(BOOKSHOP)
    return body


def everything() -> Body:
    """Return a Release that uses every field at least once."""
    body = bookshop()
    body["spec"] |= yaml.safe_load(EVERYTHING)
    body["spec"]["components"][0]["progressDeadline"] = "5m"
    body["spec"]["components"][0]["versionEndpoint"] = {"path": "/version", "port": 8080}
    body["spec"]["migrations"][0]["dryRun"] = {
        "command": ["migrate"],
        "args": ["--sql"],
    }
    body["spec"]["watch"] |= {"interval": "15s", "unknownLimit": "5m"}
    body["spec"]["watch"]["metrics"][0] |= {
        "source": "default",
        "failureThreshold": 2,
        "onUnknown": "Rollback",
        "breach": {"above": 0.5, "below": -1, "ratioToBaseline": 1.5},
    }
    return body
