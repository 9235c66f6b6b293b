// Prints the page that Telegraf makes of what a simulated node reports.
//
// Reads lines of JSON, one a node, as `aiven-sim pages` prints them, and writes such lines with
// the page that Telegraf's own output, of the version in go.mod, makes of the same line
// protocol. spec/telegraf_spec.rb compares the two.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/plugins/outputs/prometheus_client/v1"
	lines "github.com/influxdata/telegraf/plugins/parsers/influx"
	"github.com/influxdata/telegraf/plugins/serializers/influx"
	types "github.com/influxdata/telegraf/plugins/serializers/prometheus"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
)

// The longest line: a node with a thousand series takes some 400 KB.
const maxLine = 16 << 20

// The default of Telegraf's setting expiration_interval; nothing here lives as long.
const expiration = time.Minute

// What a node reports, and its page.
type node struct {
	Host        string  `json:"host"`
	ServiceType string  `json:"service_type"`
	Points      []point `json:"points,omitempty"`
	Page        string  `json:"page"`
}

// What one input reports about one thing.
type point struct {
	Measurement string            `json:"measurement"`
	Kind        string            `json:"kind"`
	Tags        map[string]string `json:"tags"`
	Fields      map[string]any    `json:"fields"`
}

// How an input adds a point, which line protocol has no place for.
var kinds = map[string]telegraf.ValueType{
	"gauge":   telegraf.Gauge,
	"counter": telegraf.Counter,
	"untyped": telegraf.Untyped,
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "telegraf-page: %v\n", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	nodes := bufio.NewScanner(in)
	nodes.Buffer(nil, maxLine)
	answers := json.NewEncoder(out)
	for nodes.Scan() {
		var given node
		if err := json.Unmarshal(nodes.Bytes(), &given); err != nil {
			return err
		}
		page, err := page(given.Points)
		if err != nil {
			return fmt.Errorf("%s: %w", given.Host, err)
		}
		if err := answers.Encode(node{Host: given.Host, ServiceType: given.ServiceType, Page: page}); err != nil {
			return err
		}
	}
	return nodes.Err()
}

// The page of a node that reports these points, one after the other.
func page(points []point) (string, error) {
	collector := v1.NewCollector(expiration, true, false, types.MetricTypes{}, nil)
	for number, point := range points {
		reported, err := throughLineProtocol(point, time.Unix(0, int64(number)))
		if err != nil {
			return "", fmt.Errorf("%s: %w", point.Measurement, err)
		}
		if err := collector.Add(reported); err != nil {
			return "", err
		}
	}
	registry := prometheus.NewRegistry()
	if err := registry.Register(collector); err != nil {
		return "", err
	}
	families, err := registry.Gather()
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(&text, family); err != nil {
			return "", err
		}
	}
	return text.String(), nil
}

// The point as line protocol, read again by Telegraf's parser.
func throughLineProtocol(given point, at time.Time) ([]telegraf.Metric, error) {
	kind, known := kinds[given.Kind]
	if !known {
		return nil, fmt.Errorf("no such kind: %q", given.Kind)
	}
	serializer := &influx.Serializer{SortFields: true}
	if err := serializer.Init(); err != nil {
		return nil, err
	}
	text, err := serializer.Serialize(metric.New(given.Measurement, given.Tags, given.Fields, at))
	if err != nil {
		return nil, err
	}
	parser := &lines.Parser{}
	if err := parser.Init(); err != nil {
		return nil, err
	}
	parsed, err := parser.Parse(text)
	if err != nil {
		return nil, err
	}
	for _, one := range parsed {
		one.SetType(kind)
	}
	return parsed, nil
}
