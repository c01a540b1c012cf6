// Reads image references as Go's programs do: a JSON string a line on standard input, in the same order a JSON object
// a line on standard output, whose members are null where the text is refused.
package main

import (
	"bufio"
	"bytes"
	_ "crypto/sha256" // Digest algorithms exist for go-digest when they are linked; kubelet and containerd link these.
	_ "crypto/sha512"
	"encoding/json"
	"io"
	"log"
	"os"
	"runtime"
	"strings"
	"sync"

	current "github.com/distribution/reference"
	former "github.com/docker/distribution/reference"
	"github.com/google/go-containerregistry/pkg/name"
)

// Image is what a program makes of a reference.
type Image struct {
	Registry   string `json:"registry"`
	Repository string `json:"repository"`
	Tag        string `json:"tag"`
	Digest     string `json:"digest"`
	// Pulled is the name that goes to the runtime, or that the runtime makes of it.
	Pulled string `json:"pulled"`
}

// Answer is one line of the output.
type Answer struct {
	Runtime        *Image `json:"runtime"`
	Kubelet        *Image `json:"kubelet"`
	RegistryClient *Image `json:"registryClient"`
}

func main() {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSuffix(input, []byte("\n")), []byte("\n"))
	answers := make([][]byte, len(lines))
	workers := runtime.GOMAXPROCS(0)
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			for index := worker; index < len(lines); index += workers {
				answers[index] = answer(lines[index])
			}
		})
	}
	group.Wait()
	output := bufio.NewWriter(os.Stdout)
	for _, line := range answers {
		output.Write(line)
		output.WriteByte('\n')
	}
	if err := output.Flush(); err != nil {
		log.Fatal(err)
	}
}

func answer(line []byte) []byte {
	var text string
	if err := json.Unmarshal(line, &text); err != nil {
		log.Fatalf("%s: %v", line, err)
	}
	encoded, err := json.Marshal(Answer{readAsRuntime(text), readAsKubelet(text), readAsRegistryClient(text)})
	if err != nil {
		log.Fatal(err)
	}
	return encoded
}

// containerd, and the kubelet of the newest Kubernetes: https://github.com/distribution/reference.
func readAsRuntime(text string) *Image {
	named, err := current.ParseNormalizedNamed(text)
	if err != nil {
		return nil
	}
	image := &Image{Registry: current.Domain(named), Repository: current.Path(named)}
	if tagged, ok := named.(current.Tagged); ok {
		image.Tag = tagged.Tag()
	}
	if digested, ok := named.(current.Digested); ok {
		image.Digest = digested.Digest().String()
	}
	pulled, err := current.ParseDockerRef(text)
	if err != nil {
		log.Fatalf("%q is read, and cannot be pulled: %v", text, err)
	}
	image.Pulled = pulled.String()
	return image
}

// The kubelet of 1.24: ParseImageName of pkg/util/parsers, then applyDefaultImageTag of pkg/kubelet/images.
func readAsKubelet(text string) *Image {
	named, err := former.ParseNormalizedNamed(text)
	if err != nil {
		return nil
	}
	image := &Image{Registry: former.Domain(named), Repository: former.Path(named)}
	if tagged, ok := named.(former.Tagged); ok {
		image.Tag = tagged.Tag()
	}
	if digested, ok := named.(former.Digested); ok {
		image.Digest = digested.Digest().String()
	}
	asked := text
	if image.Tag == "" && image.Digest == "" {
		asked = text + ":latest"
	}
	pulled, err := former.ParseDockerRef(asked)
	if err != nil {
		log.Fatalf("%q is read, and cannot be pulled: %v", text, err)
	}
	image.Pulled = pulled.String()
	return image
}

// Signers, scanners and policy engines use https://github.com/google/go-containerregistry. It drops a tag beside a
// digest and writes index.docker.io for docker.io.
func readAsRegistryClient(text string) *Image {
	reference, err := name.ParseReference(text)
	if err != nil {
		return nil
	}
	repository := reference.Context()
	image := &Image{Registry: repository.RegistryStr(), Repository: repository.RepositoryStr()}
	if image.Registry == name.DefaultRegistry {
		image.Registry = "docker.io"
	}
	separator := ":"
	switch reference.(type) {
	case name.Digest:
		image.Digest = reference.Identifier()
		separator = "@"
	default:
		image.Tag = reference.Identifier()
	}
	image.Pulled = strings.Join([]string{image.Registry, "/", image.Repository, separator, reference.Identifier()}, "")
	return image
}
