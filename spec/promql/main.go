// Answers PromQL over a simulated past, with the engine, the rules and the storage of the very
// Prometheus that is shipped (scripts/setup pins the module).
//
//	promql JOB    JOB is a file of JSON, `-` standard input; prints the answers as JSON
//
// A job loads a history (OpenMetrics text with timestamps) as a Prometheus would have scraped it,
// evaluates rules over it minute by minute, and asks questions. Years of past take seconds: no
// clock is involved.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// A Job is what one run does. Times are in seconds since 1970.
type Job struct {
	// Files of OpenMetrics text, read one after the other; each series is in one of them.
	History []string `json:"history"`
	// The metric_relabel_configs of the scrape job, as prometheus.yml has them.
	MetricRelabelConfigs json.RawMessage `json:"metric_relabel_configs"`
	// Loads every series this many times, as if there were as many services like it.
	Clones Clones `json:"clones"`
	Rules  Rules  `json:"rules"`
	// What is asked once the rules have been evaluated.
	Questions []Question `json:"questions"`
	// What the engine is allowed to hold at once, as --query.max-samples; 0 is Prometheus' default.
	MaxSamples int `json:"max_samples"`
	// A folder that a Prometheus can then be started on, with all of the history and what the rules
	// recorded; without it only what is asked for is loaded, and nothing is kept.
	Keep string `json:"keep"`
}

// A Report is what one run found.
type Report struct {
	History HistoryReport `json:"history"`
	Rules   RulesReport   `json:"rules"`
	Answers []Answer      `json:"answers"`
}

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "promql:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string, out io.Writer) error {
	if len(arguments) != 1 {
		return fmt.Errorf("one argument is needed, the job's file, not %d", len(arguments))
	}
	job, err := readJob(arguments[0])
	if err != nil {
		return fmt.Errorf("job: %w", err)
	}
	report, err := carryOut(ctx, job)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(report)
}

// A key that is not known is an error: it would change nothing without a word.
func readJob(path string) (Job, error) {
	in := os.Stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return Job{}, err
		}
		defer file.Close()
		in = file
	}
	var job Job
	decoder := json.NewDecoder(in)
	decoder.DisallowUnknownFields()
	return job, decoder.Decode(&job)
}

func carryOut(ctx context.Context, job Job) (*Report, error) {
	wanted, err := namesAskedFor(job)
	if err != nil {
		return nil, err
	}
	wanted.any = wanted.any || job.Keep != ""
	scraped, err := readHistory(job, wanted)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	store, err := openStore()
	if err != nil {
		return nil, err
	}
	defer store.Close()
	if err := store.load(ctx, scraped, job.Clones); err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	engine := newEngine(job.MaxSamples)
	rules, err := evaluate(ctx, job.Rules, engine, store)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	if job.Keep != "" {
		if err := store.Snapshot(job.Keep, true); err != nil {
			return nil, fmt.Errorf("keep: %w", err)
		}
	}
	answers, err := ask(ctx, job.Questions, engine, store)
	return &Report{History: scraped.report, Rules: rules, Answers: answers}, err
}
