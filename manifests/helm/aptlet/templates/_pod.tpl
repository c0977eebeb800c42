{{/* The pieces of a pod spec. Each is a YAML list, to be indented by the caller. */}}

{{- define "aptlet.volume" -}}
{{- $settings := include "aptlet.settings" . | fromYaml -}}
- name: {{ $settings.name }}-packages
{{- if eq $settings.mode "image" }}
  image:
    reference: {{ $settings.baked.image | quote }}
    pullPolicy: {{ $settings.baked.pullPolicy }}
{{- else }}
  emptyDir: {{- toYaml $settings.volume | nindent 4 }}
- name: {{ $settings.name }}-config
{{- if or $settings.auth.secretName $settings.tls.secretName }}
  projected:
    sources:
      - configMap:
          name: {{ include "aptlet.configMapName" $settings }}
{{- with $settings.auth.secretName }}
      - secret:
          name: {{ . | toYaml }}
          items:
            - key: auth.conf
              path: auth.conf
{{- end }}
{{- with $settings.tls.secretName }}
      - secret:
          name: {{ . | toYaml }}
          items:
            - key: tls.crt
              path: tls.crt
            - key: tls.key
              path: tls.key
{{- end }}
{{- else }}
  configMap:
    name: {{ include "aptlet.configMapName" $settings }}
{{- end }}
{{- if $settings.base.image }}
- name: {{ $settings.name }}-base
  image:
    reference: {{ $settings.base.image | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* For the main container. */}}
{{- define "aptlet.volumeMount" -}}
{{- $settings := include "aptlet.settings" . | fromYaml -}}
- name: {{ $settings.name }}-packages
  mountPath: {{ $settings.prefix }}
{{- if not (has $settings.mode (list "entrypoint" "live")) }}
  readOnly: true
{{- end }}
{{- if eq $settings.expose "mount" }}
- name: {{ $settings.name }}-packages
  mountPath: {{ $settings.exposeAt }}
  subPath: commands
  readOnly: true
{{- end }}
{{- if has $settings.mode (list "entrypoint" "live") }}
- name: {{ $settings.name }}-config
  mountPath: /etc/aptlet
  readOnly: true
{{- end }}
{{- end -}}

{{/*
For the main container: nothing where the commands are mounted, unless it gets libraries. `aptlet run` extends the image's own variables,
which a pod spec cannot.
*/}}
{{- define "aptlet.env" -}}
{{- $settings := include "aptlet.settings" . | fromYaml -}}
{{- if eq $settings.mode "entrypoint" -}}
{{- with $settings.extraEnv }}{{ toYaml . }}{{ end -}}
{{- else -}}
{{- if eq $settings.expose "path" -}}
- name: PATH
  value: {{ include "aptlet.path" (list $settings (include "aptlet.imagePath" $settings)) | quote }}
{{- end -}}
{{- if eq $settings.mode "live" -}}
{{- $folders := include "aptlet.folders" . | fromYaml -}}
{{- range $variable := list "LD_LIBRARY_PATH" "LIBRARY_PATH" "CPATH" "PKG_CONFIG_PATH" }}
- name: {{ $variable }}
  value: {{ $settings.prefix }}/{{ join (printf ":%s/" $settings.prefix) (get $folders $variable) }}
{{- end -}}
{{- else if $settings.libraries }}
- name: LD_LIBRARY_PATH
  value: {{ printf "%s/lib" $settings.prefix }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "aptlet.imagePath" -}}
{{- $why := "a container without a PATH of its own needs that of its image, which 'podman image inspect IMAGE' shows" -}}
{{- $debian := "Debian's images have /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" -}}
{{- required (printf "aptlet: expose is path, and %s: set the value imagePath; %s" $why $debian) .imagePath -}}
{{- end -}}

{{/* Takes a list: settings, and a PATH. That with the packages. */}}
{{- define "aptlet.path" -}}
{{- $settings := index . 0 -}}
{{- $bin := printf "%s/bin" $settings.prefix -}}
{{- if eq $settings.pathOrder "first" -}}{{- printf "%s:%s" $bin (index . 1) -}}{{- else -}}{{- printf "%s:%s" (index . 1) $bin -}}{{- end -}}
{{- end -}}

{{/* For the main container in mode entrypoint: what stands before its command. Nothing in other modes. */}}
{{- define "aptlet.command" -}}
{{- $settings := include "aptlet.settings" . | fromYaml -}}
{{- if eq $settings.mode "entrypoint" -}}
{{- $flags := include "aptlet.flags" $settings | fromYamlArray -}}
{{- $run := list (printf "%s/.aptlet/aptlet" $settings.prefix) "run" -}}
{{- if eq $settings.pathOrder "first" -}}{{- $run = append $run "--path-order=first" -}}{{- end -}}
{{- toYaml (concat $run $flags (list "--")) -}}
{{- end -}}
{{- end -}}

{{/*
What the init container and the sidecar have in common, as a map. In mode entrypoint it only brings the binary: with the ConfigMap
it would install.
*/}}
{{- define "aptlet.container" -}}
name: {{ .name | toYaml }}
image: {{ include "aptlet.image" . | quote }}
imagePullPolicy: {{ .image.pullPolicy }}
{{- if and .extraEnv (ne .mode "entrypoint") }}
env: {{- toYaml .extraEnv | nindent 2 }}
{{- end }}
{{- $restricted := dict "runAsNonRoot" true "readOnlyRootFilesystem" true "allowPrivilegeEscalation" false -}}
{{- $_ := set $restricted "capabilities" (dict "drop" (list "ALL")) -}}
{{- $_ := set $restricted "seccompProfile" (dict "type" "RuntimeDefault") }}
securityContext: {{- mergeOverwrite $restricted .securityContext | toYaml | nindent 2 }}
resources: {{- toYaml .resources | nindent 2 }}
volumeMounts:
  - name: {{ .name }}-packages
    mountPath: {{ .prefix }}
{{- if ne .mode "entrypoint" }}
  - name: {{ .name }}-config
    mountPath: /etc/aptlet
    readOnly: true
{{- end }}
{{- if .base.image }}
  - name: {{ .name }}-base
    mountPath: /base
    readOnly: true
{{- end }}
{{- end -}}

{{/* The init container of the mode; in mode sidecar, that is the sidecar; in mode image there is none. */}}
{{- define "aptlet.initContainer" -}}
{{- $settings := include "aptlet.settings" . | fromYaml -}}
{{- if eq $settings.mode "sidecar" -}}
{{- include "aptlet.sidecar" . -}}
{{- else if eq $settings.mode "image" -}}
{{- toYaml list -}}
{{- else -}}
{{- $args := concat (list (eq $settings.mode "live" | ternary "live" "install")) (include "aptlet.flags" $settings | fromYamlArray) -}}
{{- if eq $settings.mode "entrypoint" -}}
  {{- $args = list "install" "--self" -}}
  {{- if ne $settings.prefix "/p" -}}{{- $args = append $args (printf "--dest=%s" $settings.prefix) -}}{{- end -}}
{{- end -}}
{{- $container := include "aptlet.container" $settings | fromYaml -}}
{{- $_ := set $container "args" $args -}}
{{- toYaml (list $container) -}}
{{- end -}}
{{- end -}}

{{/* A native sidecar: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/ */}}
{{- define "aptlet.sidecar" -}}
{{- $settings := include "aptlet.settings" . | fromYaml -}}
{{- $port := int $settings.sidecar.port -}}
{{- $portName := $settings.name | trunc 15 | trimSuffix "-" -}}
{{- $container := include "aptlet.container" $settings | fromYaml -}}
{{- $args := list "watch" (printf "--listen=:%d" $port) -}}
{{- $_ := set $container "args" (concat $args (include "aptlet.flags" $settings | fromYamlArray)) -}}
{{- $_ := set $container "restartPolicy" "Always" -}}
{{- $_ := set $container "ports" (list (dict "name" $portName "containerPort" $port)) -}}
{{- /* The other containers start once this succeeds: the packages are there. A first installation may take ten minutes. */ -}}
{{- /* What a command says is shown by `kubectl describe`; of an answer over HTTP only its status is. */ -}}
{{- $probe := list "/aptlet" "probe" -}}
{{- if ne $settings.prefix "/p" -}}{{- $probe = append $probe (printf "--dest=%s" $settings.prefix) -}}{{- end -}}
{{- $startup := dict "timeoutSeconds" 5 "periodSeconds" 1 "failureThreshold" 600 -}}
{{- $_ := set $container "startupProbe" (merge (dict "exec" (dict "command" $probe)) $startup) -}}
{{- $ready := dict "path" "/readyz" "port" $portName -}}
{{- $_ := set $container "readinessProbe" (dict "httpGet" $ready "timeoutSeconds" 2) -}}
{{- $live := dict "path" "/livez" "port" $portName -}}
{{- $_ := set $container "livenessProbe" (dict "httpGet" $live "timeoutSeconds" 5) -}}
{{- toYaml (list $container) -}}
{{- end -}}
