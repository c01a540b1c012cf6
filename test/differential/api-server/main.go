// Reads the files of an API server as the API server itself does: a JSON object of paths and texts a line on standard
// input, in the same order a JSON object a line on standard output. The admission plugin is the one of Kubernetes.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/spf13/pflag"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/apiserver/pkg/admission"
	webhookconfig "k8s.io/apiserver/pkg/admission/plugin/webhook/config"
	"k8s.io/apiserver/pkg/apis/apiserver/install"
	"k8s.io/apiserver/pkg/util/webhook"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/klog/v2"
	_ "k8s.io/kubernetes/pkg/apis/imagepolicy/install" // The group of ImageReview, which the plugin needs.
	"k8s.io/kubernetes/pkg/kubeapiserver/options"
	"k8s.io/kubernetes/plugin/pkg/admission/imagepolicy"
)

// Question is one line of the input.
type Question struct {
	// Files are relative paths and their texts. Texts name this folder as ${FOLDER}.
	Files map[string]string `json:"files"`
	// Flags are the words after kube-apiserver. If there are none, Config is the admission configuration.
	Flags []string `json:"flags"`
	// Config is the path of the admission configuration.
	Config string `json:"config"`
}

// Answer is one line of the output.
type Answer struct {
	// Problem is why the API server does not start; empty if it starts.
	Problem string `json:"problem"`
	// Plugins are the enabled plugins of the flags, without those that are enabled by default.
	Plugins []string `json:"plugins"`
	// Settings are those of ImagePolicyWebhook, as the plugin decodes them.
	Settings *Settings `json:"settings"`
	// Server and the other fields are those of its kubeconfig.
	Server            string `json:"server"`
	Authority         string `json:"authority"`
	ClientCertificate string `json:"clientCertificate"`
	ClientKey         string `json:"clientKey"`
	// StaticFolder is the folder of ValidatingAdmissionWebhook.
	StaticFolder string `json:"staticFolder"`
}

// Settings has the types of the plugin's own, which is not exported.
type Settings struct {
	KubeConfigFile string `json:"kubeConfigFile"`
	AllowTTL       int64  `json:"allowTTL"`
	DenyTTL        int64  `json:"denyTTL"`
	RetryBackoff   int64  `json:"retryBackoff"`
	DefaultAllow   bool   `json:"defaultAllow"`
}

func main() {
	flags := flag.NewFlagSet("klog", flag.PanicOnError)
	klog.InitFlags(flags)
	_ = flags.Set("logtostderr", "false")
	klog.SetOutput(io.Discard)
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
	var question Question
	if err := json.Unmarshal(line, &question); err != nil {
		log.Fatalf("%s: %v", line, err)
	}
	folder, err := os.MkdirTemp("", "api-server-files-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	for name, text := range question.Files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "${FOLDER}", folder)), 0o600); err != nil {
			log.Fatal(err)
		}
	}
	var result Answer
	if err := read(question, folder, &result); err != nil {
		result.Problem = strings.ReplaceAll(err.Error(), folder, "")
	}
	for _, path := range []*string{&result.Server, &result.Authority, &result.ClientCertificate, &result.ClientKey, &result.StaticFolder} {
		*path = strings.ReplaceAll(*path, folder, "")
	}
	if result.Settings != nil {
		result.Settings.KubeConfigFile = strings.ReplaceAll(result.Settings.KubeConfigFile, folder, "")
	}
	encoded, err := json.Marshal(result)
	if err != nil {
		log.Fatal(err)
	}
	return encoded
}

func read(question Question, folder string, result *Answer) error {
	config := filepath.Join(folder, question.Config)
	enabled := []string{imagepolicy.PluginName, "ValidatingAdmissionWebhook"}
	if question.Flags != nil {
		var err error
		if config, enabled, err = parseFlags(question.Flags, folder); err != nil {
			return err
		}
		result.Plugins = enabled
	}
	scheme := apiruntime.NewScheme()
	install.Install(scheme)
	provider, err := admission.ReadAdmissionConfiguration(enabled, config, scheme)
	if err != nil {
		return err
	}
	for _, name := range enabled {
		if name != imagepolicy.PluginName {
			continue
		}
		if err := readImagePolicy(provider, result); err != nil {
			return err
		}
	}
	reader, err := settingsOf(provider, "ValidatingAdmissionWebhook")
	if err != nil {
		return err
	}
	static, err := webhookconfig.LoadConfig(reader)
	if err != nil {
		return err
	}
	result.StaticFolder = static.StaticManifestsDir
	return nil
}

// The words of the command line, by the flag set of kube-apiserver's own admission options.
func parseFlags(words []string, folder string) (string, []string, error) {
	admissionOptions := options.NewAdmissionOptions()
	set := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.SetNormalizeFunc(cliflag.WordSepNormalizeFunc)
	admissionOptions.AddFlags(set)
	// Flags of other kinds: with a value, and without.
	set.String("advertise-address", "", "")
	set.Bool("allow-privileged", false, "")
	named := make([]string, len(words))
	for index, word := range words {
		named[index] = strings.ReplaceAll(word, "${FOLDER}", folder)
	}
	if err := set.Parse(named); err != nil {
		return "", nil, err
	}
	if rest := set.Args(); len(rest) > 0 {
		return "", nil, fmt.Errorf("unknown arguments: %v", rest)
	}
	if problems := admissionOptions.Validate(); len(problems) > 0 {
		return "", nil, problems[0]
	}
	enabled := admissionOptions.GenericAdmission.EnablePlugins
	if admissionOptions.PluginNames != nil {
		enabled = admissionOptions.PluginNames
	}
	return admissionOptions.GenericAdmission.ConfigFile, enabled, nil
}

// The plugin itself, and its settings once more, because it does not show them.
func readImagePolicy(provider admission.ConfigProvider, result *Answer) error {
	reader, err := settingsOf(provider, imagepolicy.PluginName)
	if err != nil {
		return err
	}
	var text []byte
	var again io.Reader
	if reader != nil {
		if text, err = io.ReadAll(reader); err != nil {
			return err
		}
		again = bytes.NewReader(text)
	}
	if _, err := imagepolicy.NewImagePolicyWebhook(again); err != nil {
		return err
	}
	var decoded struct {
		Settings Settings `json:"imagePolicy"`
	}
	if err := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096).Decode(&decoded); err != nil {
		return fmt.Errorf("the settings cannot be read again: %w", err)
	}
	result.Settings = &decoded.Settings
	kubeconfig, err := webhook.LoadKubeconfig(decoded.Settings.KubeConfigFile, nil)
	if err != nil {
		return fmt.Errorf("the kubeconfig cannot be read again: %w", err)
	}
	result.Server = kubeconfig.Host
	result.Authority = kubeconfig.CAFile
	result.ClientCertificate = kubeconfig.CertFile
	result.ClientKey = kubeconfig.KeyFile
	return nil
}

// The settings of a plugin. The API server ends its process if the file does not exist; a program that reads many
// configurations must not.
func settingsOf(provider admission.ConfigProvider, name string) (reader io.Reader, err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			err = fmt.Errorf("%v", recovered)
		}
	}()
	return provider.ConfigFor(name)
}

func init() {
	klog.OsExit = func(int) { panic("the file of a plugin cannot be opened") }
}
