// Stand-in for the tools in milvusdb/milvus-config-tool: `cp FROM,… TO,…` copies files, `merge -s SOURCE -d TARGET` lays the
// settings of one YAML file over those of another. One program, which goes by the name that it is called by.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

func main() {
	var err error
	switch name := filepath.Base(os.Args[0]); {
	case name == "cp" && len(os.Args) == 3:
		err = copyAll(strings.Split(os.Args[1], ","), strings.Split(os.Args[2], ","))
	case name == "merge":
		source := flag.String("s", "", "file whose settings win")
		target := flag.String("d", "", "file that is written")
		flag.Parse()
		err = merge(*source, *target)
	default:
		err = fmt.Errorf("%s: unknown use", name)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func copyAll(from, to []string) error {
	if len(from) != len(to) {
		return fmt.Errorf("cp: %d files to %d places", len(from), len(to))
	}
	for index, path := range from {
		bytes, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(to[index], bytes, 0o755); err != nil {
			return err
		}
	}
	return nil
}

func merge(source, target string) error {
	over, err := read(source)
	if err != nil {
		return err
	}
	under, err := read(target)
	if err != nil {
		return err
	}
	bytes, err := yaml.Marshal(merged(under, over))
	if err != nil {
		return err
	}
	return os.WriteFile(target, bytes, 0o644)
}

func read(path string) (map[string]any, error) {
	bytes, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	settings := map[string]any{}
	if err := yaml.Unmarshal(bytes, &settings); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return settings, nil
}

func merged(under, over map[string]any) map[string]any {
	for key, value := range over {
		inner, isMap := value.(map[string]any)
		if before, wasMap := under[key].(map[string]any); isMap && wasMap {
			under[key] = merged(before, inner)
		} else {
			under[key] = value
		}
	}
	return under
}
