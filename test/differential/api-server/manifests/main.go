// Reads manifests as kubectl 1.37 does: a JSON string a line on standard input, in the same order a JSON object a line on
// standard output.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Answer is one line of the output.
type Answer struct {
	// Documents are the documents up to the first problem, without those that are empty.
	Documents []json.RawMessage `json:"documents"`
	// Problem is why kubectl stops; empty if it reads all.
	Problem string `json:"problem"`
}

func main() {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	output := bufio.NewWriter(os.Stdout)
	for _, line := range bytes.Split(bytes.TrimSuffix(input, []byte("\n")), []byte("\n")) {
		var text string
		if err := json.Unmarshal(line, &text); err != nil {
			log.Fatal(err)
		}
		answer, err := json.Marshal(read(text))
		if err != nil {
			log.Fatal(err)
		}
		output.Write(answer)
		output.WriteByte('\n')
	}
	if err := output.Flush(); err != nil {
		log.Fatal(err)
	}
}

// read does what StreamVisitor of k8s.io/cli-runtime does. A reader that panics reads nothing.
func read(text string) (answer Answer) {
	answer.Documents = []json.RawMessage{}
	defer func() {
		if problem := recover(); problem != nil {
			answer.Problem = "panic"
		}
	}()
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader([]byte(text)), 4096)
	for {
		extension := runtime.RawExtension{}
		if err := decoder.Decode(&extension); err != nil {
			if !errors.Is(err, io.EOF) {
				answer.Problem = err.Error()
			}
			return answer
		}
		raw := bytes.TrimSpace(extension.Raw)
		if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
			continue
		}
		answer.Documents = append(answer.Documents, raw)
	}
}
