// `milvus` of the images whose server reads default.yaml and user.yaml beside its milvus.yaml. The stage's server, 2.3.5, does
// not: this lays the two files into its environment, which outranks milvus.yaml, and becomes the server. It runs as whoever the
// container runs as and writes nothing.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"gopkg.in/yaml.v3"
)

const server = "milvus-2.3.5"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	folder := os.Getenv("MILVUSCONF")
	if folder == "" {
		folder = "configs"
	}
	settings := map[string]string{}
	for _, name := range []string{"default.yaml", "user.yaml"} {
		if err := read(filepath.Join(folder, name), settings); err != nil {
			return err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	words := append([]string{"milvus"}, os.Args[1:]...)
	path := filepath.Join(filepath.Dir(self), server)
	err = syscall.Exec(path, words, environment(os.Environ(), settings))
	return fmt.Errorf("%s: %w", path, err)
}

// The settings of a file, as variables by key; a file that is not there has none.
func read(path string, into map[string]string) error {
	bytes, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var settings map[string]any
	if err := yaml.Unmarshal(bytes, &settings); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	flatten("", settings, into)
	return nil
}

func flatten(prefix string, settings map[string]any, into map[string]string) {
	for word, value := range settings {
		name := prefix + word
		if inner, is := value.(map[string]any); is {
			flatten(name+".", inner, into)
		} else {
			into[key(name)] = strings.ToUpper(strings.ReplaceAll(name, ".", "_")) + "=" + text(value)
		}
	}
}

// As the server tells keys apart: neither case nor separators count.
func key(name string) string {
	return strings.ToLower(strings.NewReplacer("/", "", "_", "", ".", "").Replace(name))
}

// As the server reads values: a list is its members with commas between them.
func text(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	case []any:
		parts := make([]string, len(value))
		for index, part := range value {
			parts[index] = text(part)
		}
		return strings.Join(parts, ",")
	default:
		return fmt.Sprint(value)
	}
}

// What the environment says already stays.
func environment(given []string, settings map[string]string) []string {
	for _, variable := range given {
		name, _, _ := strings.Cut(variable, "=")
		delete(settings, key(name))
	}
	for _, variable := range settings {
		given = append(given, variable)
	}
	return given
}
