{{/*
What the operator may do in a namespace whose releases it looks after. Each line is needed by one
call of `release_coordinator.cluster`; a test compares it with a golden file. There is no
wildcard, no right to touch roles, and no Secret unless `rollback.keepSecrets` says so (those that
metric sources and channels need are in the operator's own namespace, by name): whoever takes over
the operator can do little more than release.
*/}}
{{- define "rc.rules" -}}
- apiGroups: [release-coordinator.io]
  resources: [releases]
  verbs: [get, list, watch, patch] # patch: its finalizer
- apiGroups: [release-coordinator.io]
  resources: [releases/status] # the journal, and what people read of it
  verbs: [update]
- apiGroups: [release-coordinator.io]
  resources: [releaserecords] # the release log: written once, never changed
  # get: adopt the one written before a crash; list: what staging proved; delete: as policy says.
  verbs: [get, list, create, delete]
- apiGroups: [release-coordinator.io]
  resources: [releasepolicies] # what a release must meet
  verbs: [get, list, watch]
- apiGroups: [release-coordinator.io]
  # create: as dry runs, to see forgeries refused. Stored ones are refused to every ServiceAccount.
  resources: [approvals]
  verbs: [get, list, watch, create]
- apiGroups: [release-coordinator.io]
  resources: [incidents] # opened when a release goes wrong; written by people from then on
  verbs: [get, list, watch, create] # get: adopt the one opened before a crash
- apiGroups: [release-coordinator.io]
  resources: [incidents/status] # what happened
  verbs: [update]
- apiGroups: [release-coordinator.io]
  resources: [notifications] # messages to be sent: never changed, deleted by age
  verbs: [get, list, watch, create, delete]
- apiGroups: [release-coordinator.io]
  resources: [notifications/status] # what became of them
  verbs: [update]
- apiGroups: [batch]
  resources: [jobs] # created suspended; patch: un-suspend
  verbs: [get, list, watch, create, patch]
- apiGroups: [apps]
  # Patched: template, our label and marks. Created and deleted: the second Deployment of BlueGreen.
  # Inline ones: created, patched as a whole, deleted by the rollback of what has created them.
  resources: [deployments, statefulsets, daemonsets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [apps]
  resources: [controllerrevisions] # what to go back to; deleted when nothing needs it any more
  verbs: [get, list, create, delete]
- apiGroups: [coordination.k8s.io]
  resources: [leases] # locks: one for each workload that is being released, never changed
  verbs: [get, list, watch, create, delete] # get: whose lock it is that was there first
- apiGroups: [""]
  # Why a Job or a rollout does not get on. create: as dry runs, to try those of inline workloads.
  # delete: one that is not ready and keeps its StatefulSet from going back.
  resources: [pods]
  verbs: [get, list, watch, create, delete]
{{- if .Values.logs.enabled }}
- apiGroups: [""]
  # Lines that a Release wants watched are counted; one of them is shown, cut.
  resources: [pods/log]
  verbs: [get]
{{- end }}
- apiGroups: [""]
  # Documents, what CI says, configuration to compare; created: immutable copies for rollbacks.
  resources: [configmaps] # delete: copies that no rollback needs any more
  verbs: [get, list, watch, create, delete]
{{- if .Values.rollback.keepSecrets }}
- apiGroups: [""]
  # Copied, so that a rollback brings them back; their content goes nowhere else.
  resources: [secrets]
  verbs: [get, create, delete] # delete: copies that no rollback needs any more
{{- end }}
- apiGroups: [""]
  resources: [services] # BlueGreen: patched are one label of the selector, our label and marks
  verbs: [get, list, watch, patch]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers] # BlueGreen: whether one would count both versions
  verbs: [list]
- apiGroups: [""]
  resources: [resourcequotas] # whether there is room for the surge of a rollout
  verbs: [list]
- apiGroups: [events.k8s.io]
  resources: [events] # what has just happened
  verbs: [create]
{{- range .Values.gates.readResources }}
- apiGroups: {{ toJson .apiGroups }}
  resources: {{ toJson .resources }} # what CI writes, named by Releases as evidence
  verbs: [get]
{{- end }}
{{- end }}

{{/*
What it may do in the whole cluster in any case: read where metrics come from and where messages go,
say how that is, see whether nodes are ready, and whether forged sign-offs are refused.
*/}}
{{- define "rc.clusterRules" -}}
- apiGroups: [release-coordinator.io]
  resources: [metricsources] # where metrics come from
  verbs: [get, list, watch]
- apiGroups: [release-coordinator.io]
  resources: [metricsources/status] # whether the source answers, when that has changed
  verbs: [update]
- apiGroups: [release-coordinator.io]
  resources: [channels] # where messages go
  verbs: [list, watch]
- apiGroups: [release-coordinator.io]
  resources: [channels/status] # whether they arrive, when that has changed
  verbs: [update]
- apiGroups: [admissionregistration.k8s.io]
  # What makes sign-offs impossible to forge: compared with what it should be.
  resources: [validatingadmissionpolicies, validatingadmissionpolicybindings]
  resourceNames: [approvals.release-coordinator.io, releases.release-coordinator.io]
  verbs: [get]
- apiGroups: [""]
  resources: [nodes] # whether the cluster is healthy enough to release
  verbs: [list]
{{- end }}

{{/* What the status page may do where it shows releases: read these four kinds, and nothing else. */}}
{{- define "rc.statusPage.rules" -}}
- apiGroups: [release-coordinator.io]
  resources: [releases, releaserecords, incidents, releasepolicies]
  verbs: [get, list, watch]
{{- end }}
