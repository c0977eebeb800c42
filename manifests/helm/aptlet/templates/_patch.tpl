{{/* Everything at once, merged into a manifest. */}}

{{/*
A manifest with aptlet in its pod. Takes a list: the context of the chart; what to patch, as the name of a template, as YAML or
as a map: a manifest of any kind that has a pod template, a pod template, or a pod spec; and for a dependency with an alias,
its values. What else is in the manifest stays, and patching it again changes nothing. Where a manifest has several pod templates, all
are patched.
*/}}
{{- define "aptlet.podPatch" -}}
{{- if or (not (kindIs "slice" .)) (lt (len .) 2) -}}
  {{- fail "aptlet.podPatch takes a list: (list . \"TEMPLATE\")" -}}
{{- end -}}
{{- $scope := index . 0 -}}
{{- if gt (len .) 2 -}}{{- $scope = list (index . 0) (index . 2) -}}{{- end -}}
{{- $settings := include "aptlet.settings" $scope | fromYaml -}}
{{- $object := include "aptlet.parsed" . | fromYaml -}}
{{- if hasKey $object "containers" -}}
  {{- $_ := include "aptlet.patchPod" (list $scope $settings $object) -}}
{{- else -}}
  {{- $places := include "aptlet.places" (list $object "") | splitList "\n" | compact -}}
  {{- if not $places -}}{{- fail (printf "aptlet.podPatch: %s has no pod with containers" ($object.kind | default "what it is given")) -}}{{- end -}}
  {{- range $places -}}
    {{- $template := $object -}}
    {{- range compact (splitList "/" .) -}}
      {{- if kindIs "slice" $template -}}{{- $template = index $template (int .) -}}{{- else -}}{{- $template = index $template . -}}{{- end -}}
    {{- end -}}
    {{- $_ := include "aptlet.patchPod" (list $scope $settings $template) -}}
  {{- end -}}
{{- end -}}
{{- toYaml $object -}}
{{- end -}}

{{/* Takes a list: scope, settings, and a pod template or a pod spec. Changes that. */}}
{{- define "aptlet.patchPod" -}}
{{- $scope := index . 0 -}}
{{- $settings := index . 1 -}}
{{- $template := index . 2 -}}
{{- $spec := $template -}}
{{- if hasKey $template "spec" -}}
  {{- $spec = $template.spec -}}
  {{- with include "aptlet.checksum" $scope -}}
    {{- $metadata := $template.metadata | default dict -}}
    {{- $annotations := $metadata.annotations | default dict -}}
    {{- $_ := set $metadata "annotations" (mergeOverwrite $annotations (fromYaml .)) -}}
    {{- $_ := set $template "metadata" $metadata -}}
  {{- end -}}
{{- end -}}

{{- if not $spec.containers -}}{{- fail "aptlet.podPatch: the pod has no containers" -}}{{- end -}}
{{- $names := list -}}
{{- range $spec.containers -}}
  {{- if eq .name $settings.name -}}
    {{- fail (printf "aptlet: container %s has the name that is to be aptlet's own: set the value name" .name) -}}
  {{- end -}}
  {{- $names = append $names .name -}}
{{- end -}}
{{- with $settings.containers -}}
  {{- $known := $names -}}
  {{- range $spec.initContainers | default list -}}{{- $known = append $known .name -}}{{- end -}}
  {{- range . -}}
    {{- if not (has . $known) -}}
      {{- fail (printf "aptlet: the value containers names %s, but the pod has %s" . (join ", " $known)) -}}
    {{- end -}}
  {{- end -}}
  {{- $names = . -}}
{{- end -}}
{{- if and (eq $settings.mode "entrypoint") (ne (len $names) 1) -}}
  {{- $which := join ", " $names -}}
  {{- fail (printf "aptlet: mode entrypoint takes one container, not %s: name it in the value containers" $which) -}}
{{- end -}}

{{- $all := include "aptlet.initContainer" $scope | fromYamlArray -}}
{{- $identity := $spec.securityContext | default dict -}}
{{- range concat ($spec.initContainers | default list) $spec.containers -}}
  {{- if and (has .name $names) (ne .name $settings.name) -}}
    {{- $_ := include "aptlet.patchContainer" (list $scope $settings .) -}}
    {{- if has $settings.mode (list "entrypoint" "live") -}}
      {{- $identity = merge (pick (.securityContext | default dict) "runAsUser" "runAsGroup") $identity -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- /* A user of its own where the pod's is root, who must not run it; in modes entrypoint and live that of the container, which
writes to the same folder. */ -}}
{{- $user := dict -}}
{{- if eq (printf "%v" $identity.runAsUser) "0" -}}
  {{- $user = dict "runAsUser" 65532 "runAsGroup" 65532 -}}
{{- else if has $settings.mode (list "entrypoint" "live") -}}
  {{- $user = pick $identity "runAsUser" "runAsGroup" -}}
{{- end -}}
{{- range $all -}}{{- $_ := set . "securityContext" (merge .securityContext $user) -}}{{- end -}}

{{- if eq $settings.mode "sidecar" -}}
  {{- range $container := concat ($spec.initContainers | default list) $spec.containers -}}
    {{- range $container.ports | default list -}}
      {{- $taken := and (eq (int .containerPort) (int $settings.sidecar.port)) (eq (.protocol | default "TCP") "TCP") -}}
      {{- if and $taken (ne $container.name $settings.name) -}}
        {{- $clash := printf "container %s has port %d, where the sidecar is to listen" $container.name (int .containerPort) -}}
        {{- fail (printf "aptlet: %s: set the value sidecar.port" $clash) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- if $all -}}
  {{- $init := dict "list" ($spec.initContainers | default list) "items" $all "key" "name" "first" true -}}
  {{- $_ := set $spec "initContainers" (include "aptlet.upsert" $init | fromYamlArray) -}}
{{- end -}}
{{- $volumes := include "aptlet.volume" $scope | fromYamlArray -}}
{{- $volumes = dict "list" ($spec.volumes | default list) "items" $volumes "key" "name" -}}
{{- $_ := set $spec "volumes" (include "aptlet.upsert" $volumes | fromYamlArray) -}}
{{- end -}}

{{/* What is to be patched, as YAML of one manifest. */}}
{{- define "aptlet.parsed" -}}
{{- $given := index . 1 -}}
{{- if kindIs "map" $given -}}
  {{- toYaml $given -}}
{{- else -}}
  {{- if not (regexMatch "[:\\n]" $given) -}}{{- $given = include $given (index . 0) -}}{{- end -}}
  {{- $given = $given | trim | trimPrefix "---" | trimSuffix "---" -}}
  {{- if regexMatch "(?m)^---" $given -}}
    {{- fail "aptlet.podPatch: there are several manifests: give it one at a time" -}}
  {{- end -}}
  {{- with (fromYaml $given).Error -}}{{- fail (printf "aptlet.podPatch: what it is given is not YAML: %s" .) -}}{{- end -}}
  {{- $given -}}
{{- end -}}
{{- end -}}

{{/*
Takes a list: a value, and the way to it. Where pod templates are in it, a line each, as keys and numbers behind slashes: whatever has
a spec with containers.
*/}}
{{- define "aptlet.places" -}}
{{- $way := index . 1 -}}
{{- $value := index . 0 -}}
{{- if kindIs "map" $value -}}
  {{- if and (kindIs "map" $value.spec) (kindIs "slice" (dig "spec" "containers" "" $value)) -}}
    {{- printf "%s/\n" $way -}}
  {{- else -}}
    {{- range $key, $child := omit $value "metadata" "status" -}}
      {{- include "aptlet.places" (list $child (printf "%s/%s" $way $key)) -}}
    {{- end -}}
  {{- end -}}
{{- else if kindIs "slice" $value -}}
  {{- range $index, $child := $value -}}
    {{- include "aptlet.places" (list $child (printf "%s/%d" $way $index)) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Takes a list: scope, settings, container. Changes the container. */}}
{{- define "aptlet.patchContainer" -}}
{{- $scope := index . 0 -}}
{{- $settings := index . 1 -}}
{{- $container := index . 2 -}}
{{- $mounts := include "aptlet.volumeMount" $scope | fromYamlArray -}}
{{- range $mount := $mounts -}}
  {{- range $container.volumeMounts | default list -}}
    {{- $path := trimSuffix "/" .mountPath -}}
    {{- $is := eq $path $mount.mountPath -}}
    {{- $is = or $is (hasPrefix (printf "%s/" $mount.mountPath) $path) (hasPrefix (printf "%s/" $path) $mount.mountPath) -}}
    {{- if and $mount.subPath (ne .name $mount.name) $is -}}
      {{- $clash := printf "container %s mounts volume %s at %s" $container.name .name .mountPath -}}
      {{- $cure := "choose another folder on the PATH of the image by the value exposeAt, or set expose to path" -}}
      {{- fail (printf "aptlet: %s, and the commands are to be at %s: %s" $clash $mount.mountPath $cure) -}}
    {{- end -}}
    {{- if and (ne .name $mount.name) (or (eq $path $mount.mountPath) (hasPrefix (printf "%s/" $mount.mountPath) $path)) -}}
      {{- $clash := printf "container %s mounts volume %s at %s" $container.name .name .mountPath -}}
      {{- fail (printf "aptlet: %s, where %s is to be: mount it elsewhere, or choose another prefix" $clash $mount.name) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- $upsert := dict "list" ($container.volumeMounts | default list) "items" $mounts "key" "mountPath" -}}
{{- $_ := set $container "volumeMounts" (include "aptlet.upsert" $upsert | fromYamlArray) -}}

{{- if eq $settings.mode "entrypoint" -}}
  {{- if not $container.command -}}
    {{- $why := "mode entrypoint needs it, and cannot know that of the image: write it into the pod spec" -}}
    {{- fail (printf "aptlet: container %s has no command; %s" $container.name $why) -}}
  {{- end -}}
  {{- $front := include "aptlet.command" $scope | fromYamlArray -}}
  {{- $command := $container.command -}}
  {{- if eq (first $command) (first $front) -}}
    {{- $words := list -}}
    {{- $behind := false -}}
    {{- range $command -}}
      {{- if $behind -}}{{- $words = append $words . -}}{{- else if eq . "--" -}}{{- $behind = true -}}{{- end -}}
    {{- end -}}
    {{- $command = $words -}}
  {{- end -}}
  {{- $_ := set $container "command" (concat $front $command) -}}
  {{- with include "aptlet.env" $scope | fromYamlArray -}}
    {{- $upsert := dict "list" ($container.env | default list) "items" . "key" "name" -}}
    {{- $_ := set $container "env" (include "aptlet.upsert" $upsert | fromYamlArray) -}}
  {{- end -}}
{{- end -}}
{{- $_ := include "aptlet.patchPath" (list $scope $settings $container) -}}
{{- $_ := include "aptlet.patchLibraries" (list $settings $container) -}}
{{- end -}}

{{/*
Takes a list: scope, settings, container. Changes the container's PATH: it has the packages or, where the commands are mounted, that
folder. One that the container does not set is left alone there. What is of an older manifest goes.
*/}}
{{- define "aptlet.patchPath" -}}
{{- $scope := index . 0 -}}
{{- $settings := index . 1 -}}
{{- $container := index . 2 -}}
{{- $bin := printf "%s/bin" $settings.prefix -}}
{{- $isPath := and (eq $settings.expose "path") (ne $settings.mode "entrypoint") -}}
{{- $there := dict -}}
{{- $others := list -}}
{{- range $container.env | default list -}}
  {{- if eq .name "PATH" -}}{{- $there = . -}}{{- else -}}{{- $others = append $others . -}}{{- end -}}
{{- end -}}
{{- if and $isPath (hasKey $there "valueFrom") -}}
  {{- $why := printf "to which %s cannot be added: give it a value, or set expose to mount" $bin -}}
  {{- fail (printf "aptlet: container %s has a PATH from elsewhere, %s" $container.name $why) -}}
{{- end -}}
{{- $parts := list -}}
{{- range splitList ":" ($there.value | default "") -}}{{- if ne . $bin -}}{{- $parts = append $parts . -}}{{- end -}}{{- end -}}
{{- $rest := join ":" $parts -}}
{{- $had := has $bin (splitList ":" ($there.value | default "")) -}}
{{- $isDebian := eq $rest "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" -}}
{{- $isUsers := and $rest (not (and $isDebian (or $had (and $isPath $settings.imagePath)))) -}}
{{- $path := list -}}
{{- if $isPath -}}
  {{- if $isUsers -}}
    {{- $path = list (dict "name" "PATH" "value" (include "aptlet.path" (list $settings $rest))) -}}
  {{- else -}}
    {{- $path = list (include "aptlet.env" $scope | fromYamlArray | first) -}}
  {{- end -}}
{{- else if and $isUsers (eq $settings.expose "mount") (not (has $settings.exposeAt $parts)) -}}
  {{- $path = list (dict "name" "PATH" "value" (printf "%s:%s" $rest $settings.exposeAt)) -}}
{{- else if and $isUsers $had -}}
  {{- $path = list (dict "name" "PATH" "value" $rest) -}}
{{- end -}}
{{- if $path -}}
  {{- $upsert := dict "list" ($container.env | default list) "items" $path "key" "name" "first" true -}}
  {{- $_ := set $container "env" (include "aptlet.upsert" $upsert | fromYamlArray) -}}
{{- else if and $had (not $others) -}}
  {{- $_ := unset $container "env" -}}
{{- else if $had -}}
  {{- $_ := set $container "env" $others -}}
{{- end -}}
{{- end -}}

{{/*
Takes a list: settings, container. Changes the variables of the container by which its image's programs find what the packages have:
their folders stand behind its own. What is of another mode goes.
*/}}
{{- define "aptlet.patchLibraries" -}}
{{- $settings := index . 0 -}}
{{- $container := index . 1 -}}
{{- $all := include "aptlet.folders" . | fromYaml -}}
{{- range $variable := list "LD_LIBRARY_PATH" "LIBRARY_PATH" "CPATH" "PKG_CONFIG_PATH" -}}
  {{- $folders := list -}}
  {{- range get $all $variable -}}{{- $folders = append $folders (printf "%s/%s" $settings.prefix .) -}}{{- end -}}
  {{- $wanted := or (eq $settings.mode "live") (and $settings.libraries (eq $variable "LD_LIBRARY_PATH") (ne $settings.mode "entrypoint")) -}}
  {{- $env := list -}}
  {{- $found := false -}}
  {{- range $container.env | default list -}}
    {{- if ne .name $variable -}}
      {{- $env = append $env . -}}
    {{- else if hasKey . "valueFrom" -}}
      {{- if $wanted -}}
        {{- $why := printf "to which %s cannot be added: give it a value" (first $folders) -}}
        {{- fail (printf "aptlet: container %s has a %s from elsewhere, %s" $container.name $variable $why) -}}
      {{- end -}}
      {{- $env = append $env . -}}
    {{- else -}}
      {{- $found = true -}}
      {{- $parts := list -}}
      {{- $had := false -}}
      {{- range compact (splitList ":" (.value | default "")) -}}
        {{- if has . $folders -}}{{- $had = true -}}{{- else -}}{{- $parts = append $parts . -}}{{- end -}}
      {{- end -}}
      {{- if $wanted -}}
        {{- $env = append $env (dict "name" .name "value" (join ":" (concat $parts $folders))) -}}
      {{- else if not $had -}}
        {{- $env = append $env . -}}
      {{- else if $parts -}}
        {{- $env = append $env (dict "name" .name "value" (join ":" $parts)) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- if and $wanted (not $found) -}}
    {{- $env = append $env (dict "name" $variable "value" (join ":" $folders)) -}}
  {{- end -}}
  {{- if $env -}}
    {{- $_ := set $container "env" $env -}}
  {{- else if $found -}}
    {{- $_ := unset $container "env" -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* A list with items put in the place of those that have the same key, others at its end, or at its front with `first`. */}}
{{- define "aptlet.upsert" -}}
{{- $key := .key -}}
{{- $result := list -}}
{{- $items := .items -}}
{{- $seen := list -}}
{{- range $old := .list -}}
  {{- $chosen := $old -}}
  {{- range $items -}}
    {{- if eq (index . $key) (index $old $key) -}}
      {{- $chosen = . -}}
      {{- $seen = append $seen (index . $key) -}}
    {{- end -}}
  {{- end -}}
  {{- $result = append $result $chosen -}}
{{- end -}}
{{- $new := list -}}
{{- range $items -}}
  {{- if not (has (index . $key) $seen) -}}{{- $new = append $new . -}}{{- end -}}
{{- end -}}
{{- if .first -}}{{- $result = concat $new $result -}}{{- else -}}{{- $result = concat $result $new -}}{{- end -}}
{{- toYaml $result -}}
{{- end -}}
