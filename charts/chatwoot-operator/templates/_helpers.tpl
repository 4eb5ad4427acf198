{{- define "operator.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Name of the objects. Cut so that "-metrics" still fits into 63 characters. */}}
{{- define "operator.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 55 | trimSuffix "-" }}
{{- else if contains (include "operator.name" .) .Release.Name }}
{{- .Release.Name | trunc 55 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "operator.name" .) | trunc 55 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* What a Deployment's selector may hold: it cannot be changed by an upgrade, so no versions and no values. */}}
{{- define "operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/*
metadata of an object. Takes a dict: root, and optionally name (default: the full name), suffix (after it), cluster (true: no namespace),
namespace (default: the release's), and labels and annotations of this object, which win over the common ones.
*/}}
{{- define "operator.metadata" -}}
{{- $root := .root }}
{{- $ours := dict
  "app.kubernetes.io/name" (include "operator.name" $root)
  "app.kubernetes.io/instance" $root.Release.Name
  "app.kubernetes.io/version" $root.Chart.AppVersion
  "app.kubernetes.io/managed-by" $root.Release.Service
  "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_") }}
{{- $metadata := dict
  "name" (printf "%s%s" (.name | default (include "operator.fullname" $root)) (.suffix | default ""))
  "labels" (merge $ours (.labels | default dict) (deepCopy $root.Values.commonLabels)) }}
{{- if not .cluster }}
{{- $_ := set $metadata "namespace" (.namespace | default $root.Release.Namespace) }}
{{- end }}
{{- with merge (dict) (.annotations | default dict) $root.Values.commonAnnotations }}
{{- $_ := set $metadata "annotations" . }}
{{- end }}
{{- toYaml $metadata }}
{{- end }}

{{- define "operator.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary (include "operator.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "operator.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}
{{- end }}

{{/* Namespace where a ChatwootInstance is honoured: the operator's own, unless it was told others. */}}
{{- define "operator.instanceNamespace" -}}
{{- if or (empty .Values.instanceNamespaces) (has .Release.Namespace .Values.instanceNamespaces) -}}
{{ .Release.Namespace }}
{{- else -}}
{{ first .Values.instanceNamespaces }}
{{- end }}
{{- end }}

{{/* Namespaces where instances are honoured, as a JSON list. */}}
{{- define "operator.instanceNamespaces" -}}
{{ .Values.instanceNamespaces | default (list .Release.Namespace) | sortAlpha | toJson }}
{{- end }}

{{/* Namespaces that a confined operator serves, as a JSON list. */}}
{{- define "operator.servedNamespaces" -}}
{{ concat .Values.watchNamespaces (include "operator.instanceNamespaces" . | fromJsonArray) | uniq | sortAlpha | toJson }}
{{- end }}

{{/* Combinations that the schema cannot see. */}}
{{- define "operator.validate" -}}
{{- if and (eq .Values.rbac.scope "Namespaced") (not .Values.watchNamespaces) }}
{{- fail "rbac.scope: Namespaced gives the operator a Role in each namespace it serves; list your tenants' namespaces in watchNamespaces, or set rbac.scope: Cluster" }}
{{- end }}
{{- if and (gt (int .Values.replicas) 1) (not .Values.leaderElection) }}
{{- fail (printf "replicas: %d operators would work at the same time without leader election; set leaderElection: true or replicas: 1" (int .Values.replicas)) }}
{{- end }}
{{- if and .Values.test.account (not .Values.test.credentialsSecret) }}
{{- fail "test.account: nobody to walk as; set test.credentialsSecret to the Secret beside the account that has an administrator's access_token" }}
{{- end }}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.service.enabled) }}
{{- fail "metrics.serviceMonitor.enabled: there is no Service to monitor; set metrics.service.enabled: true" }}
{{- end }}
{{- if and .Values.metrics.serviceMonitor.enabled (not (.Capabilities.APIVersions.Has "monitoring.coreos.com/v1/ServiceMonitor")) }}
{{- fail "metrics.serviceMonitor.enabled: the cluster does not know monitoring.coreos.com/v1 ServiceMonitor; install the Prometheus Operator's CRDs first, or set it to false (with `helm template` add --api-versions monitoring.coreos.com/v1/ServiceMonitor)" }}
{{- end }}
{{- end }}

{{/*
Kinds that tenants write: every definition of the chart but those of platform admins, as a JSON list of plurals.
*/}}
{{- define "operator.tenantKinds" -}}
{{- $kinds := list }}
{{- range $path, $_ := .Files.Glob "files/crds/*.yaml" }}
{{- $plural := base $path | trimSuffix ".chatwoot.dev.yaml" }}
{{- if not (has $plural (list "chatwootinstances" "chatwootgrants" "chatwootplans")) }}
{{- $kinds = append $kinds $plural }}
{{- end }}
{{- end }}
{{- $kinds | toJson }}
{{- end }}

{{/*
Their statuses.
*/}}
{{- define "operator.tenantStatuses" -}}
{{- $statuses := list }}
{{- range $kind := include "operator.tenantKinds" . | fromJsonArray }}
{{- $statuses = append $statuses (printf "%s/status" $kind) }}
{{- end }}
{{- $statuses | toJson }}
{{- end }}
