{{/* The ConfigMap, whose keys are apt's own files, and what of it goes into the pod template. */}}

{{- define "aptlet.data" -}}
{{- $data := dict -}}
{{- $binary := dict -}}
{{- with .packages -}}{{- $_ := set $data "packages" (printf "%s\n" (join "\n" .)) -}}{{- end -}}
{{- with .lock -}}{{- $_ := set $data "aptlet.lock" . -}}{{- end -}}
{{- $own := dict -}}
{{- with .mirror -}}{{- $_ := set $own "mirror" . -}}{{- end -}}
{{- if eq .mode "live" -}}
  {{- with .live.allow -}}{{- $_ := set $own "allow" . -}}{{- end -}}
  {{- with .live.deny -}}{{- $_ := set $own "deny" . -}}{{- end -}}
{{- end -}}
{{- with $own -}}{{- $_ := set $data "aptlet.yaml" (toYaml . | printf "%s\n") -}}{{- end -}}
{{- range list .sources .keyrings .preferences .caCertificates -}}
  {{- range $name, $text := . -}}
    {{- if hasSuffix ".gpg" $name -}}
      {{- $_ := set $binary $name (regexReplaceAll "\\s" $text "") -}}
    {{- else -}}
      {{- $_ := set $data $name $text -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- /* As Kubernetes counts: ConfigMap v1 core, `data`. */ -}}
{{- $bytes := 0 -}}
{{- range $data -}}{{- $bytes = add $bytes (len .) -}}{{- end -}}
{{- range $binary -}}{{- $bytes = add $bytes (div (mul 3 (len .)) 4) -}}{{- end -}}
{{- if gt $bytes 1048576 -}}
  {{- $what := printf "packages, lock, sources and keys are %d bytes in all, and a ConfigMap holds 1048576" $bytes -}}
  {{- fail (printf "aptlet: %s: name fewer packages, or go without the lock" $what) -}}
{{- end -}}
{{- $both := dict -}}
{{- if or $data (not $binary) -}}{{- $_ := set $both "data" $data -}}{{- end -}}
{{- with $binary -}}{{- $_ := set $both "binaryData" . -}}{{- end -}}
{{- toYaml $both -}}
{{- end -}}

{{/* A whole manifest; nothing in mode image, where nobody would read it. */}}
{{- define "aptlet.configMap" -}}
{{- $settings := include "aptlet.settings" . | fromYaml -}}
{{- if ne $settings.mode "image" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "aptlet.configMapName" $settings }}
  labels:
    app.kubernetes.io/name: {{ $settings.name | toYaml }}
    app.kubernetes.io/instance: {{ $settings.release | toYaml }}
    app.kubernetes.io/managed-by: Helm
{{ include "aptlet.data" $settings }}
{{- end -}}
{{- end -}}

{{/*
An annotation of the pod template, so that another ConfigMap means new pods. Nothing in mode sidecar: there the running pods
follow the ConfigMap; nor in mode image, where there is none.
*/}}
{{- define "aptlet.checksum" -}}
{{- $settings := include "aptlet.settings" . | fromYaml -}}
{{- if not (has $settings.mode (list "sidecar" "image")) -}}
checksum/{{ $settings.name }}: {{ include "aptlet.data" $settings | sha256sum | toYaml }}
{{- end -}}
{{- end -}}
