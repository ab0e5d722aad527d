{{/* Name of everything in this installation. */}}
{{- define "rc.name" -}}
{{- if contains "release-coordinator" .Release.Name -}}
{{ .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-release-coordinator" (.Release.Name | trunc 32 | trimSuffix "-") }}
{{- end -}}
{{- end }}

{{- define "rc.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (ternary (include "rc.name" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{/* Labels that select the pods; they can never change. */}}
{{- define "rc.selector" -}}
app.kubernetes.io/name: release-coordinator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "rc.labels" -}}
{{ include "rc.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "rc.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end }}

{{/* Where the documentation says what to do about an alert: (list . "ItsName"). */}}
{{- define "rc.runbook" -}}
{{ printf "%s#%s" (index . 0).Values.prometheusRule.runbooks (index . 1 | lower) }}
{{- end }}

{{/* The status page: labels of its own, so that nothing that selects the operator selects it. */}}
{{- define "rc.statusPage.name" -}}
{{ include "rc.name" . | trunc 43 | trimSuffix "-" }}-status-page
{{- end }}

{{- define "rc.statusPage.selector" -}}
app.kubernetes.io/name: release-coordinator-status-page
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "rc.statusPage.labels" -}}
{{ include "rc.statusPage.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* PromQL: releases that are in one of these phases, by whatever process of the operator said so. */}}
{{- define "rc.inPhase" -}}
max by (namespace, release, phase) (last_over_time(release_coordinator_release_phase{phase=~"{{ . }}"}[5m])) unless on (namespace, release) release_coordinator_release_phase{phase!~"{{ . }}"}
{{- end }}
