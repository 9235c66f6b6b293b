package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// Longer than twice any history: the storage then takes samples in whatever order of series.
const headRange = 400 * 24 * time.Hour

// Samples in one transaction.
const batch = 50_000

// Clones are copies of a history, told apart by the values of some labels.
type Clones struct {
	Count int `json:"count"`
	// The labels that get `-NUMBER` at their end.
	Labels []string `json:"labels"`
}

// A store is Prometheus' own, in a folder that is gone once it is closed.
type store struct {
	*tsdb.DB
	folder string
}

func openStore() (*store, error) {
	folder, err := os.MkdirTemp("", "promql-")
	if err != nil {
		return nil, err
	}
	options := tsdb.DefaultOptions()
	options.MinBlockDuration = headRange.Milliseconds()
	options.MaxBlockDuration = headRange.Milliseconds()
	options.RetentionDuration = headRange.Milliseconds()
	// There is nothing to recover, and nobody else.
	options.WALSegmentSize = -1
	options.NoLockfile = true
	options.IsolationDisabled = true
	db, err := tsdb.Open(folder, promslog.NewNopLogger(), nil, options, nil)
	if err != nil {
		os.RemoveAll(folder)
		return nil, err
	}
	db.DisableCompactions()
	return &store{db, folder}, nil
}

func (s *store) Close() error {
	defer os.RemoveAll(s.folder)
	return s.DB.Close()
}

func (s *store) load(ctx context.Context, scraped *history, clones Clones) error {
	var appender storage.Appender
	pending := 0
	for number := range max(clones.Count, 1) {
		for _, one := range scraped.series {
			if appender == nil {
				appender = s.Appender(ctx)
			}
			if err := appendSeries(appender, clones.label(one.labels, number), one.samples); err != nil {
				return err
			}
			if pending += len(one.samples); pending >= batch {
				if err := appender.Commit(); err != nil {
					return err
				}
				appender, pending = nil, 0
			}
		}
	}
	if appender == nil {
		return nil
	}
	return appender.Commit()
}

func appendSeries(appender storage.Appender, named labels.Labels, samples []sample) error {
	var reference storage.SeriesRef
	for _, sample := range samples {
		next, err := appender.Append(reference, named, sample.time, sample.value)
		if err != nil {
			return fmt.Errorf("%s at %d: %w", named, sample.time, err)
		}
		reference = next
	}
	return nil
}

func (c Clones) label(original labels.Labels, number int) labels.Labels {
	if c.Count == 0 {
		return original
	}
	builder := labels.NewBuilder(original)
	for _, name := range c.Labels {
		if value := original.Get(name); value != "" {
			builder.Set(name, fmt.Sprintf("%s-%d", value, number))
		}
	}
	return builder.Labels()
}
