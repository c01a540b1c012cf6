#!/usr/bin/env bash
# Helm changes an image tag that has the form of a number, without an error.
#
# Packages:   helm.sh/helm/v3 3.22.0 and helm.sh/helm/v4 4.3.2 (Go). Both read Chart.yaml with sigs.k8s.io/yaml 1.6.0.
# Behaviour:  Many charts use `appVersion` as the tag of the image, as the chart of `helm create` does. An `appVersion`
#             without quotes that YAML reads as a number becomes text again. A number with a fraction is written
#             with the precision of 32 bits: `20261130.1` and `20261130.2` both become `2.026113e+07`. This is no tag of
#             any image, because of the `+`. `1.10` becomes `1.1`, which is often the tag of another image. `00123` is
#             read as an octal number and becomes `83`. The chart counts as valid.
# Good guess: The text as it was written, or an error. kustomize refuses such a number as `newTag`. A reader who knows
#             that YAML has numbers expects at least the precision of 64 bits, as in JavaScript and in Go's own JSON:
#             `20261130.1` stays `20261130.1`.
# Remedy:     Write the quotes: `appVersion: "20261130.1"`.
# Output seen: see `recorded` below; in each line the text in Chart.yaml, Helm 3, Helm 4, and what Validate says.
#
# Needs Go. Exits with 0 if the output is the recorded one, otherwise with 1.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > recorded <<'END'
20261130.1   | 2.026113e+07 | 2.026113e+07 | valid, valid
20261130.2   | 2.026113e+07 | 2.026113e+07 | valid, valid
1.10         | 1.1          | 1.1          | valid, valid
00123        | 83           | 83           | valid, valid
12345e7      | 1.2345e+11   | 1.2345e+11   | valid, valid
"20261130.1" | 20261130.1   | 20261130.1   | valid, valid
END

cat > main.go <<'END'
package main

import (
	"fmt"
	"log"

	three "helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	four "helm.sh/helm/v4/pkg/chart/v2/loader"
)

func main() {
	for _, version := range []string{`20261130.1`, `20261130.2`, `1.10`, `00123`, `12345e7`, `"20261130.1"`} {
		text := []byte("apiVersion: v2\nname: app\nversion: 1.0.0\nappVersion: " + version + "\n")
		old, err := three.LoadFiles([]*three.BufferedFile{{Name: "Chart.yaml", Data: text}})
		if err != nil {
			log.Fatal(err)
		}
		current, err := four.LoadFiles([]*archive.BufferedFile{{Name: "Chart.yaml", Data: text}})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%-12s | %-12s | %-12s | %s, %s\n", version, old.Metadata.AppVersion, current.Metadata.AppVersion, verdict(old.Validate()), verdict(current.Validate()))
	}
}

func verdict(err error) string {
	if err != nil {
		return err.Error()
	}
	return "valid"
}
END

go mod init finding.example > log 2>&1
go get helm.sh/helm/v3/pkg/chart/loader@v3.22.0 helm.sh/helm/v4/pkg/chart/v2/loader@v4.3.2 sigs.k8s.io/yaml@v1.6.0 >> log 2>&1 || { cat log; exit 2; }
go run . > output

cat output
if ! diff recorded output; then
  echo 'The output is not the recorded one: the behaviour changed.'
  exit 1
fi
