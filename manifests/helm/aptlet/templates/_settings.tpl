{{/* What all templates begin with: the values, and names that are made from them. */}}

{{/*
The values as YAML, with `release` and `kubeVersion`. Takes the context of the chart, whose values are under `aptlet`; or, for
a dependency with an alias, a list of context and values.
*/}}
{{- define "aptlet.settings" -}}
{{- $root := . -}}
{{- $values := dict -}}
{{- if kindIs "slice" . -}}
  {{- $root = index . 0 -}}
  {{- $values = index . 1 -}}
{{- else if hasKey .Values "aptlet" -}}
  {{- $values = .Values.aptlet -}}
{{- else -}}
  {{- $alias := "for one with an alias, give (list . .Values.ALIAS) to the templates" -}}
  {{- fail (printf "aptlet: no values have the key aptlet: add it to the dependencies in Chart.yaml; %s" $alias) -}}
{{- end -}}
{{- $version := $root.Capabilities.KubeVersion.Version -}}
{{- $mode := $values.mode -}}
{{- if has $mode (list "image" "auto") -}}
  {{- $_ := required (printf "aptlet: mode %s mounts what 'aptlet bake' has pushed: set the value baked.image" $mode) $values.baked.image -}}
{{- else if $values.baked.image -}}
  {{- fail (printf "aptlet: baked.image is for modes image and auto, and this is %s: remove it, or set mode" $mode) -}}
{{- end -}}
{{- /* Image volumes are stable from then on, and nobody has to switch them on. */ -}}
{{- $hasImages := semverCompare ">=1.36.0-0" $version -}}
{{- if eq $mode "auto" -}}{{- $mode = $hasImages | ternary "image" "init" -}}{{- end -}}
{{- if and (eq $mode "image") (semverCompare "<1.33.0-0" $version) -}}
  {{- fail (printf "aptlet: mode image needs image volumes, so Kubernetes 1.33, and this is %s: use mode auto" $version) -}}
{{- end -}}
{{- if eq $mode "live" -}}
  {{- if $values.lock -}}
    {{- fail "aptlet: a lock is not for mode live, whose packages change while they are used: name NAME=VERSION in packages" -}}
  {{- end -}}
  {{- if $values.base.image -}}
    {{- fail "aptlet: base.image is not for mode live, whose commands read the dpkg status of their own container's image: remove it" -}}
  {{- end -}}
  {{- if ne $values.expose "mount" -}}
    {{- fail "aptlet: expose: path is not for mode live, whose commands are to be found before those of the image: set it to mount" -}}
  {{- end -}}
{{- else if not (or $values.packages $values.lock (eq $mode "image")) -}}
  {{- fail "aptlet: nothing to install: name packages in the value packages, or give a lock" -}}
{{- end -}}
{{- $top := index (splitList "/" $values.prefix) 1 -}}
{{- $whole := list "base" "bin" "boot" "dev" "etc" "lib" "lib64" "proc" "sbin" "sys" -}}
{{- $itself := list "home" "opt" "root" "run" "tmp" "usr" "var" -}}
{{- if or (has $top $whole) (has (trimPrefix "/" $values.prefix) $itself) -}}
  {{- fail (printf "aptlet: prefix %s would hide a folder of the image: choose one of aptlet's own, such as /p" $values.prefix) -}}
{{- end -}}
{{- $at := $values.exposeAt -}}
{{- $closed := list "boot" "dev" "etc" "proc" "sys" -}}
{{- $hidden := list "bin" "home" "lib" "lib64" "opt" "root" "run" "sbin" "srv" "tmp" "usr" "usr/bin" "usr/include" "usr/lib" "usr/lib64" -}}
{{- $hidden = concat $hidden (list "usr/libexec" "usr/local" "usr/local/lib" "usr/sbin" "usr/share" "var" "var/lib" "var/tmp") -}}
{{- if or (has (index (splitList "/" $at) 1) $closed) (has (trimPrefix "/" $at) $hidden) -}}
  {{- fail (printf "aptlet: exposeAt %s would hide a folder of the image: give an empty one, such as /usr/local/sbin" $at) -}}
{{- end -}}
{{- if or (hasPrefix (printf "%s/" $values.prefix) (printf "%s/" $at)) (hasPrefix (printf "%s/" $at) (printf "%s/" $values.prefix)) -}}
  {{- fail (printf "aptlet: exposeAt %s and prefix %s are one in the other: give each a place of its own" $at $values.prefix) -}}
{{- end -}}
{{- $said := list -}}
{{- if and (eq $values.expose "path") (ne $at "/usr/local/sbin") -}}{{- $said = append $said "exposeAt" -}}{{- end -}}
{{- if and (eq $values.expose "mount") $values.imagePath -}}{{- $said = append $said "imagePath" -}}{{- end -}}
{{- if and (eq $values.expose "mount") (eq $values.pathOrder "first") (ne $values.mode "entrypoint") -}}
  {{- $said = append $said "pathOrder" -}}
{{- end -}}
{{- if and (eq $values.mode "entrypoint") $values.imagePath -}}
  {{- fail "aptlet: imagePath is not for mode entrypoint, where aptlet has the PATH of the image: remove it" -}}
{{- end -}}
{{- with $said -}}
  {{- fail (printf "aptlet: %s: nothing with expose: %s: remove it, or set expose to the other" (join ", " .) $values.expose) -}}
{{- end -}}
{{- if and (eq $values.mode "entrypoint") $values.base.image -}}
  {{- fail "aptlet: base.image is not for mode entrypoint, which reads the dpkg status of the container's own image: remove it" -}}
{{- end -}}
{{- if and (eq $values.mode "sidecar") (semverCompare "<1.29.0-0" $version) -}}
  {{- fail (printf "aptlet: mode sidecar needs Kubernetes 1.29, and this is %s: use mode init" $version) -}}
{{- end -}}
{{- if and $values.base.image (semverCompare "<1.33.0-0" $version) -}}
  {{- fail (printf "aptlet: base.image needs image volumes, so Kubernetes 1.33, and this is %s: remove it" $version) -}}
{{- end -}}
{{- toYaml (merge (dict "release" $root.Release.Name "mode" $mode) $values) -}}
{{- end -}}

{{- define "aptlet.configMapName" -}}
{{- printf "%s-%s" .release .name -}}
{{- end -}}

{{- define "aptlet.image" -}}
{{- $where := "aptlet: set the value image.repository to where you pushed aptlet's image, such as registry.example/aptlet" -}}
{{- $repository := required $where .image.repository -}}
{{- if .image.digest -}}
{{- printf "%s@%s" $repository .image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (required "aptlet: image has neither a tag nor a digest" .image.tag) -}}
{{- end -}}
{{- end -}}

{{/* For mode live: variables of the main container, and the folders below the prefix that each names. */}}
{{- define "aptlet.folders" -}}
LD_LIBRARY_PATH: [lib]
LIBRARY_PATH: [lib]
CPATH: [usr/include, usr/include/x86_64-linux-gnu, usr/include/aarch64-linux-gnu]
PKG_CONFIG_PATH: [usr/lib/pkgconfig, usr/lib/x86_64-linux-gnu/pkgconfig, usr/lib/aarch64-linux-gnu/pkgconfig, usr/share/pkgconfig]
{{- end -}}

{{/*
The flags that all modes have, as a YAML list. The kubelet evicts a pod whose emptyDir holds more than its sizeLimit, which no
container can see: so aptlet is told. In memory it is the size of the file system.
*/}}
{{- define "aptlet.flags" -}}
{{- $flags := list -}}
{{- if ne .prefix "/p" -}}{{- $flags = append $flags (printf "--dest=%s" .prefix) -}}{{- end -}}
{{- if .base.image -}}{{- $flags = append $flags (printf "--base=/base%s" .base.path) -}}{{- end -}}
{{- if and .volume.sizeLimit (ne (.volume.medium | default "") "Memory") (not (contains "--size-limit" (join " " .extraArgs))) -}}
  {{- $limit := .volume.sizeLimit -}}
  {{- $flags = append $flags (printf "--size-limit=%s" (kindIs "string" $limit | ternary (toString $limit) (int64 $limit | toString))) -}}
{{- end -}}
{{- if .libraries -}}{{- $flags = append $flags "--libraries" -}}{{- end -}}
{{- if and (eq .mode "live") (not .live.sudo) -}}{{- $flags = append $flags "--no-sudo" -}}{{- end -}}
{{- toYaml (concat $flags .extraArgs) -}}
{{- end -}}
