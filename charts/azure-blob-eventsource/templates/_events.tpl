{{/* Rules of the server for an event's configuration that a JSON schema cannot express. */}}

{{/* check-event (list NAME EVENT) */}}
{{- define "check-event" -}}
{{- $at := printf "events.%s" (index . 0) -}}
{{- $event := index . 1 -}}
{{- $state := $event.state | default dict -}}
{{- if and $state.container (eq $state.container ($event.container | default "")) -}}
{{- fail (printf "%s.state.container is `%s`, the container that is watched, and the ledger's own blobs would be announced: give another container" $at $state.container) -}}
{{- end -}}
{{- $patterns := kindIs "slice" $event.pattern | ternary $event.pattern (list $event.pattern) -}}
{{- range $pattern := compact $patterns -}}
{{- include "check-pattern" (list $at $pattern ($event.prefix | default "")) -}}
{{- end -}}
{{- $listing := (($event.source | default dict).listing | default dict) -}}
{{- include "check-span" (list (printf "%s.source.listing.interval" $at) $listing.interval "1s" "24h") -}}
{{- include "check-span" (list (printf "%s.minAge" $at) $event.minAge "0s" "8760h") -}}
{{- $limits := $event.limits | default dict -}}
{{- include "check-span" (list (printf "%s.limits.settle" $at) $limits.settle "0s" "1h") -}}
{{- $redelivery := $event.redelivery | default dict -}}
{{- include "check-span" (list (printf "%s.redelivery.deadline" $at) $redelivery.deadline "1s" "24h") -}}
{{- include "check-span" (list (printf "%s.redelivery.giveUpAfter" $at) $redelivery.giveUpAfter "1m" "720h") -}}
{{- if and $redelivery.deadline $redelivery.giveUpAfter -}}
{{- if gt (include "millis" $redelivery.deadline | int64) (include "millis" $redelivery.giveUpAfter | int64) -}}
{{- fail (printf "%s.redelivery.giveUpAfter is %s, shorter than `deadline`, which is %s: give at least that" $at $redelivery.giveUpAfter $redelivery.deadline) -}}
{{- end -}}
{{- end -}}
{{- $batch := $event.batch | default dict -}}
{{- include "check-span" (list (printf "%s.batch.maxWait" $at) $batch.maxWait "1s" "720h") -}}
{{- include "check-span" (list (printf "%s.batch.quiet" $at) $batch.quiet "1s" "24h") -}}
{{- include "check-span" (list (printf "%s.batch.keep" $at) $batch.keep "24h" "8760h") -}}
{{- if and $batch.maxWait $batch.quiet -}}
{{- if le (include "millis" $batch.maxWait | int64) (include "millis" $batch.quiet | int64) -}}
{{- fail (printf "%s.batch.quiet is %s and has no effect, because `maxWait` closes a batch after %s: give less than that, or a longer maxWait" $at $batch.quiet $batch.maxWait) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* check-pattern (list PATH PATTERN PREFIX): each `**` is a whole part of the path, and some name has the prefix and matches. */}}
{{- define "check-pattern" -}}
{{- $at := index . 0 -}}
{{- $pattern := index . 1 -}}
{{- $prefix := index . 2 -}}
{{- $glob := trimPrefix "!" $pattern -}}
{{- if and (regexMatch "[^/{,]\\*\\*|\\*\\*[^/},]" $glob) (not (contains "\\" $glob)) -}}
{{- fail (printf "%s.pattern has `%s`, in which `**` is not a whole part of the path: write it as in `**/*.csv` or `raw/**`" $at $pattern) -}}
{{- end -}}
{{- $start := regexFind "^[^*?\\[{\\\\]*" $glob -}}
{{- $fits := or (hasPrefix $prefix $start) (and (hasPrefix $start $prefix) (ne $start $glob)) -}}
{{- if and $prefix (eq $glob $pattern) (not (contains "\\" $glob)) (not $fits) -}}
{{- fail (printf "%s.pattern is `%s`, and no name that begins with the prefix `%s` matches it: `pattern` is about the whole name, the prefix included" $at $pattern $prefix) -}}
{{- end -}}
{{- end }}

{{/* check-span (list PATH VALUE LEAST MOST): a duration within bounds, or none. */}}
{{- define "check-span" -}}
{{- $value := index . 1 -}}
{{- if $value -}}
{{- $millis := include "millis" $value | int64 -}}
{{- if or (lt $millis (include "millis" (index . 2) | int64)) (gt $millis (include "millis" (index . 3) | int64)) -}}
{{- fail (printf "%s is %s: allowed are %s to %s" (index . 0) $value (index . 2) (index . 3)) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* millis DURATION: such as `1h30m`, in milliseconds. */}}
{{- define "millis" -}}
{{- $units := dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 "d" 86400000 -}}
{{- $sum := 0.0 -}}
{{- range regexFindAll "[0-9.]+(ms|d|h|m|s)" (toString .) -1 -}}
{{- $unit := regexFind "[a-z]+$" . -}}
{{- $sum = addf $sum (mulf (trimSuffix $unit . | float64) (get $units $unit)) -}}
{{- end -}}
{{- $sum | int64 -}}
{{- end }}
