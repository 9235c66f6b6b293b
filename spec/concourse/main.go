// Validates pipelines as `fly validate-pipeline --strict` does, and task files as a worker's
// Concourse does, with their own code: compiled inside a checkout of Concourse
// (spec/concourse/concourse_spec.rb), because fly itself needs modules that not every proxy serves.
//
//	validate FILE...    a file with `jobs` is a pipeline, any other one a task
package main

import (
	"fmt"
	"os"

	"github.com/concourse/concourse/atc"
	"github.com/concourse/concourse/fly/commands/internal/templatehelpers"
	"github.com/concourse/concourse/fly/commands/internal/validatepipelinehelpers"
	"sigs.k8s.io/yaml"
)

func main() {
	failed := false
	for _, file := range os.Args[1:] {
		fmt.Printf("%s: ", file)
		if err := validate(file); err != nil {
			fmt.Println(err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

// fly's part prints "looks good" itself, or its warnings.
func validate(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var top struct {
		Jobs any `json:"jobs"`
	}
	if err := yaml.Unmarshal(text, &top); err != nil {
		return err
	}
	if top.Jobs != nil {
		template := templatehelpers.NewYamlTemplateWithParams(atc.PathFlag(file), nil, nil, nil, nil)
		return validatepipelinehelpers.Validate(template, true, false)
	}
	if _, err := atc.NewTaskConfig(text); err != nil {
		return err
	}
	fmt.Println("looks good")
	return nil
}
