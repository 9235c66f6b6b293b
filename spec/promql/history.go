package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/model/value"
	"go.yaml.in/yaml/v2"
)

// What Prometheus itself adds to each scrape: not relabelled, and not counted.
var reportNames = map[string]bool{
	"up": true, "scrape_duration_seconds": true, "scrape_samples_scraped": true,
	samplesKept: true, "scrape_series_added": true,
}

const samplesKept = "scrape_samples_post_metric_relabeling"

// HistoryReport says how much was loaded: series and samples after relabelling, of which only
// those that an expression asks for are stored.
type HistoryReport struct {
	Series  int `json:"series"`
	Samples int `json:"samples"`
	Stored  int `json:"series_stored"`
}

// A history is what a Prometheus would have stored of its scrapes.
type history struct {
	series []*series
	report HistoryReport
}

type series struct {
	labels labels.Labels
	// In the order of time.
	samples []sample
}

type sample struct {
	// In milliseconds since 1970, as everywhere in Prometheus.
	time  int64
	value float64
}

// A target is what is scraped at once.
type target struct{ job, instance string }

func (s *series) name() string { return s.labels.Get(model.MetricNameLabel) }

func (s *series) target() target {
	return target{s.labels.Get(model.JobLabel), s.labels.Get(model.InstanceLabel)}
}

func readHistory(job Job, wanted names) (*history, error) {
	configs, err := relabelConfigs(job.MetricRelabelConfigs)
	if err != nil {
		return nil, fmt.Errorf("metric_relabel_configs: %w", err)
	}
	var all []*series
	for _, path := range job.History {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		parsed, err := parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, parsed...)
	}
	all, err = relabelled(all, configs)
	if err != nil {
		return nil, err
	}
	if len(configs) > 0 {
		countKept(all)
	}
	found := &history{report: HistoryReport{Series: len(all)}}
	scrapes := scrapeTimes(all)
	for _, one := range all {
		found.report.Samples += len(one.samples)
		if wanted.include(one.name()) {
			scrapes.markStale(one)
			found.series = append(found.series, one)
		}
	}
	found.report.Stored = len(found.series)
	// The storage takes older samples than its newest only within limits: the longest past first.
	slices.SortFunc(found.series, func(a, b *series) int {
		return cmp.Or(cmp.Compare(a.samples[0].time, b.samples[0].time), labels.Compare(a.labels, b.labels))
	})
	return found, nil
}

// Each line names its series in full, and many lines the same: labels are made once.
func parse(text []byte) ([]*series, error) {
	parser := textparse.NewOpenMetricsParser(text, labels.NewSymbolTable())
	known := map[string]*series{}
	var all []*series
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if entry != textparse.EntrySeries {
			continue
		}
		written, time, value := parser.Series()
		if time == nil {
			return nil, fmt.Errorf("%s has no timestamp", written)
		}
		one := known[string(written)]
		if one == nil {
			one = &series{}
			parser.Labels(&one.labels)
			known[string(written)] = one
			all = append(all, one)
		}
		if n := len(one.samples); n > 0 && one.samples[n-1].time >= *time {
			return nil, fmt.Errorf("%s goes back in time at %d", written, *time)
		}
		one.samples = append(one.samples, sample{*time, value})
	}
}

// JSON is YAML, too, and the type knows only how to read the latter.
func relabelConfigs(text []byte) ([]*relabel.Config, error) {
	var configs []*relabel.Config
	if err := yaml.UnmarshalStrict(text, &configs); err != nil {
		return nil, err
	}
	for _, config := range configs {
		if err := config.Validate(model.UTF8Validation); err != nil {
			return nil, err
		}
	}
	return configs, nil
}

// Of two series that become one, Prometheus would keep whichever comes first on the page.
func relabelled(all []*series, configs []*relabel.Config) ([]*series, error) {
	seen := map[string]bool{}
	builder := labels.NewBuilder(labels.EmptyLabels())
	kept := all[:0]
	for _, one := range all {
		if !reportNames[one.name()] {
			builder.Reset(one.labels)
			if !relabel.ProcessBuilder(builder, configs...) {
				continue
			}
			one.labels = builder.Labels()
		}
		identity := one.labels.String()
		if seen[identity] {
			return nil, fmt.Errorf("two series are %s", identity)
		}
		seen[identity] = true
		kept = append(kept, one)
	}
	return kept, nil
}

// What a history has in the place of Prometheus' own count was written before relabelling. It has
// to be whole for this.
func countKept(all []*series) {
	counts := map[target]map[int64]float64{}
	for _, one := range all {
		if reportNames[one.name()] {
			continue
		}
		at := counts[one.target()]
		if at == nil {
			at = map[int64]float64{}
			counts[one.target()] = at
		}
		for _, sample := range one.samples {
			at[sample.time]++
		}
	}
	for _, one := range all {
		if one.name() != samplesKept {
			continue
		}
		for i := range one.samples {
			one.samples[i].value = counts[one.target()][one.samples[i].time]
		}
	}
}

// When each target was scraped, and when anything was, in order.
type scrapes struct {
	ofTarget map[target][]int64
	ofAny    []int64
}

func scrapeTimes(all []*series) scrapes {
	any, targets := map[int64]bool{}, map[target]map[int64]bool{}
	for _, one := range all {
		own := targets[one.target()]
		if own == nil {
			own = map[int64]bool{}
			targets[one.target()] = own
		}
		for _, sample := range one.samples {
			own[sample.time], any[sample.time] = true, true
		}
	}
	times := scrapes{ofTarget: map[target][]int64{}, ofAny: slices.Sorted(maps.Keys(any))}
	for target, own := range targets {
		times.ofTarget[target] = slices.Sorted(maps.Keys(own))
	}
	return times
}

// Prometheus ends a series at the first scrape of its target that lacks it, or, when the target
// itself is gone, at the next scrape of the others.
func (s scrapes) markStale(one *series) {
	own := s.ofTarget[one.target()]
	marked := make([]sample, 0, len(one.samples)+1)
	for i, current := range one.samples {
		marked = append(marked, current)
		next, found := after(own, current.time)
		if !found {
			next, found = after(s.ofAny, current.time)
		}
		if found && (i+1 == len(one.samples) || one.samples[i+1].time != next) {
			marked = append(marked, sample{next, math.Float64frombits(value.StaleNaN)})
		}
	}
	one.samples = marked
}

// The first of `times` that is later than `time`.
func after(times []int64, time int64) (int64, bool) {
	at, _ := slices.BinarySearch(times, time+1)
	if at == len(times) {
		return 0, false
	}
	return times[at], true
}
