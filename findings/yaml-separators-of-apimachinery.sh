#!/usr/bin/env bash
# The YAML readers of Kubernetes do not read some YAML around `---`, and one of them drops a document in silence.
#
# Packages:   k8s.io/apimachinery 0.37.1 (kubectl reads files with it) and sigs.k8s.io/yaml 1.6.0 (Go).
# Behaviour:  apimachinery cuts a text into documents at each line that begins with `---`, before a YAML parser sees it.
#             1. `NewYAMLOrJSONDecoder` refuses a text that begins with the directive `%YAML 1.1`, because the directive
#                becomes a document without content. It refuses a document that begins in the line of its `---`, as in
#                `--- {kind: B}` or `--- !!map`. Then it does not give the document before it either.
#             2. `NewDocumentDecoder` of the same package drops the rest of a line with `---`. From a text with the
#                documents A, B and C, of which B stands in the line of its `---`, it gives A and C, and no error.
#                But if B is the first document of the text, it gives B.
#             3. `Unmarshal` of sigs.k8s.io/yaml, with which apimachinery parses each document, reads the first document
#                of each of these texts.
# Good guess: All three read the text, because it is YAML: the specification has examples of both forms. The
#             documentation of `NewDocumentDecoder` says that it finds documents "as defined by the YAML spec".
#             At least the two readers of one package agree.
# Remedy:     Write `---` alone in its line, without a directive before it.
# Output seen: see `recorded` below.
#
# Needs Go. Exits with 0 if the output is the recorded one, otherwise with 1.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > recorded <<'END'
"%YAML 1.1\n---\nkind: A\n"
  NewYAMLOrJSONDecoder: error converting YAML to JSON: yaml: line 1: did not find expected <document start>
  NewDocumentDecoder:   "%YAML 1.1", "kind: A\n"
  sigs.k8s.io/yaml:     map[kind:A]
"--- {kind: B}\n---\nkind: C\n"
  NewYAMLOrJSONDecoder: invalid Yaml document separator: {kind: B}
  NewDocumentDecoder:   "--- {kind: B}", "kind: C\n"
  sigs.k8s.io/yaml:     map[kind:B]
"kind: A\n--- {kind: B}\n---\nkind: C\n"
  NewYAMLOrJSONDecoder: invalid Yaml document separator: {kind: B}
  NewDocumentDecoder:   "kind: A", "---\nkind: C\n"
  sigs.k8s.io/yaml:     map[kind:A]
"--- !!map\nkind: A\n"
  NewYAMLOrJSONDecoder: invalid Yaml document separator: !!map
  NewDocumentDecoder:   "--- !!map\nkind: A\n"
  sigs.k8s.io/yaml:     map[kind:A]
END

cat > main.go <<'END'
package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"strings"

	"k8s.io/apimachinery/pkg/util/yaml"
	parser "sigs.k8s.io/yaml"
)

func main() {
	for _, text := range []string{
		"%YAML 1.1\n---\nkind: A\n",
		"--- {kind: B}\n---\nkind: C\n",
		"kind: A\n--- {kind: B}\n---\nkind: C\n",
		"--- !!map\nkind: A\n",
	} {
		var first any
		if err := parser.Unmarshal([]byte(text), &first); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%q\n", text)
		fmt.Println("  NewYAMLOrJSONDecoder:", strings.Join(decoded(text), ", "))
		fmt.Println("  NewDocumentDecoder:  ", strings.Join(documents(text), ", "))
		fmt.Println("  sigs.k8s.io/yaml:    ", first)
	}
}

func decoded(text string) (parts []string) {
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096)
	for {
		var object any
		err := decoder.Decode(&object)
		if errors.Is(err, io.EOF) {
			return parts
		}
		if err != nil {
			return append(parts, err.Error())
		}
		parts = append(parts, fmt.Sprint(object))
	}
}

func documents(text string) (parts []string) {
	decoder := yaml.NewDocumentDecoder(io.NopCloser(strings.NewReader(text)))
	buffer := make([]byte, 4096)
	for {
		length, err := decoder.Read(buffer)
		if errors.Is(err, io.EOF) {
			return parts
		}
		if err != nil {
			return append(parts, err.Error())
		}
		parts = append(parts, fmt.Sprintf("%q", buffer[:length]))
	}
}
END

go mod init finding.example > log 2>&1
go get k8s.io/apimachinery/pkg/util/yaml@v0.37.1 sigs.k8s.io/yaml@v1.6.0 >> log 2>&1 || { cat log; exit 2; }
go run . > output

cat output
if ! diff recorded output; then
  echo 'The output is not the recorded one: the behaviour changed.'
  exit 1
fi
