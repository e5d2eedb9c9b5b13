{{/* The labels of all objects; selectors use only the name. */}}
{{- define "part-of" -}}
app.kubernetes.io/part-of: azure-blob-eventsource
{{- end }}

{{/* Checks that a JSON schema cannot express. */}}
{{- define "check-values" -}}
{{- $values := .Values -}}
{{- range $name, $event := $values.events -}}
{{- include "check-event" (list $name $event) -}}
{{- end -}}
{{- if and $values.storage.account $values.storage.endpoint -}}
{{- fail "storage.account and storage.endpoint say the same: give one of them" -}}
{{- end -}}
{{- if and $values.quickStart.enabled (or $values.storage.account $values.storage.endpoint $values.workloadIdentity.enabled) -}}
{{- fail "quickStart brings a storage account of its own, with a key: give no storage.account, no storage.endpoint and no workloadIdentity with it" -}}
{{- end -}}
{{- if and $values.batch.enabled (not $values.pipeline.enabled) -}}
{{- fail "batch.enabled needs pipeline.enabled: the Workflows of batches share its rights and its network" -}}
{{- end -}}
{{- if .Values.batch.enabled -}}
{{- range $name, $event := pick $values.events $values.batch.event -}}
{{- if not $event.batch -}}
{{- fail (printf "batch.event is `%s`, and events.%s has no `batch`: add `batch` there, or give another event" $name $name) -}}
{{- end -}}
{{- end -}}
{{- if eq $values.batch.event $values.pipeline.event -}}
{{- fail (printf "batch.event and pipeline.event are both `%s`, which would start two Workflows for each event: give two different events" $values.batch.event) -}}
{{- end -}}
{{- end -}}
{{- if $values.eventBus.enabled -}}
{{- $size := $values.eventBus.volumeSize -}}
{{- $unit := dict "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $bytes := mul (regexFind "^[0-9]+" $size | int64) (get $unit (regexFind "[A-Z]i$" $size)) -}}
{{- if le $bytes (int64 $values.eventBus.maxBytes) -}}
{{- fail (printf "eventBus.volumeSize is %s (%d bytes), and must be larger than eventBus.maxBytes, which is %d: give a larger volumeSize or a smaller maxBytes" $size $bytes (int64 $values.eventBus.maxBytes)) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* image (list IMAGE CHART): with its digest if there is one. */}}
{{- define "image" -}}
{{- $image := index . 0 -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default (index . 1).AppVersion }}
{{- end -}}
{{- end }}

{{/* The URL of the blob service, for the Workflow's steps and for Argo's artifacts. */}}
{{- define "endpoint" -}}
{{- $storage := .Values.storage -}}
{{- if $storage.endpoint -}}
{{ $storage.endpoint }}
{{- else if .Values.quickStart.enabled -}}
http://mlpipelinestore.{{ .Release.Namespace }}.svc:10000
{{- else -}}
https://{{ required "storage.account is empty: give the storage account's name, or storage.endpoint" $storage.account }}.blob.core.windows.net
{{- end -}}
{{- end }}

{{/* config (list CONTEXT EVENT): the configuration of an event, with the values of `storage`. */}}
{{- define "config" -}}
{{- $root := index . 0 -}}
{{- $config := deepCopy (index . 1) -}}
{{- $storage := $root.Values.storage -}}
{{- if not (or $config.account $config.endpoint) -}}
{{- if or $storage.endpoint $root.Values.quickStart.enabled -}}
{{- $_ := set $config "endpoint" (include "endpoint" $root) -}}
{{- else -}}
{{- $_ := set $config "account" (required "storage.account is empty: give the storage account's name, or storage.endpoint" $storage.account) -}}
{{- end -}}
{{- end -}}
{{- if and (not $root.Values.workloadIdentity.enabled) (not (hasKey $config "credential")) -}}
{{- $_ := set $config "credential" $storage.credential -}}
{{- end -}}
{{ toYaml $config }}
{{- end }}

{{/* pod: the settings of all pods of Argo Events' clients. */}}
{{- define "client-pod" -}}
securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
container:
  securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
  resources:
    requests: {cpu: 20m, memory: 32Mi}
{{- end }}

{{/* from-file (list CONTEXT FILE): an object of files/, which are copies from sensors and manifests, in our namespace. */}}
{{- define "from-file" -}}
{{- $root := index . 0 -}}
{{- $object := $root.Files.Get (index . 1) | fromYaml -}}
{{- $_ := set $object.metadata "namespace" $root.Release.Namespace -}}
{{- $labels := fromYaml (include "part-of" $root) -}}
{{- $_ := set $object.metadata "labels" (merge $labels ($object.metadata.labels | default dict)) -}}
{{ toYaml $object }}
{{- end }}

{{/* sensor (list CONTEXT FILE EVENT VALUE), where VALUE is the value that names the event */}}
{{- define "sensor" -}}
{{- $object := include "from-file" . | fromYaml -}}
{{- $event := index . 2 -}}
{{- if not (hasKey (index . 0).Values.events $event) -}}
{{- fail (printf "%s is `%s`, but `events` has no event of this name: give one of %s, or add it to `events`" (index . 3) $event (keys (index . 0).Values.events | sortAlpha | join ", ")) -}}
{{- end -}}
{{- $_ := set (first $object.spec.dependencies) "eventName" $event -}}
{{ toYaml $object }}
{{- end }}

{{/* workflow-template (list CONTEXT FILE): with the images, the account and the parameters of the values. */}}
{{- define "workflow-template" -}}
{{- $root := index . 0 -}}
{{- $object := include "from-file" . | fromYaml -}}
{{- $values := merge (dict
      "image" (include "image" (list $root.Values.pipeline.image $root.Chart))
      "fetch-image" (include "image" (list $root.Values.image $root.Chart))
      "endpoint" (include "endpoint" $root)) $root.Values.pipeline.parameters -}}
{{- range $object.spec.arguments.parameters -}}
{{- if hasKey $values .name -}}{{- $_ := set . "value" (get $values .name) -}}{{- end -}}
{{- end -}}
{{- if $root.Values.workloadIdentity.enabled -}}{{- include "without-keys" $object -}}{{- end -}}
{{ toYaml $object }}
{{- end }}

{{/* without-keys WORKFLOWTEMPLATE: changes it as manifests/components/workload-identity does. Argo's own containers and the
     download sign in as the pod does, and no step that looks into a file gets the identity's token. */}}
{{- define "without-keys" -}}
{{- $steps := list -}}
{{- range .spec.templates -}}
{{- range (.containerSet | default dict).containers -}}
{{- if hasSuffix "download" .name -}}
{{- $args := list -}}
{{- range .args -}}{{- if not (hasPrefix "--key-file=" .) -}}{{- $args = append $args . -}}{{- end -}}{{- end -}}
{{- $_ := set . "args" $args -}}
{{- $_ := unset . "volumeMounts" -}}
{{- else -}}
{{- $steps = append $steps .name -}}
{{- end -}}
{{- end -}}
{{- if .volumes -}}
{{- $volumes := list -}}
{{- range .volumes -}}{{- if ne .name "storage" -}}{{- $volumes = append $volumes . -}}{{- end -}}{{- end -}}
{{- $_ := set . "volumes" $volumes -}}
{{- end -}}
{{- range (.outputs | default dict).artifacts -}}
{{- $_ := unset .azure "accountKeySecret" -}}
{{- $_ := set .azure "useSDKCreds" true -}}
{{- end -}}
{{- end -}}
{{- $_ := set .spec.podMetadata.labels "azure.workload.identity/use" "true" -}}
{{- $_ := set .spec.podMetadata "annotations" (dict "azure.workload.identity/skip-containers" ($steps | uniq | join ";")) -}}
{{- end }}
