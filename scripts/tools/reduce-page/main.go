// Reduces a node's page of metrics to what may be shown to others: the name and the type
// of each metric and the keys of its labels, one metric a line. No value leaves, neither a
// sample's nor a label's: those name services, databases, topics and tables.
//
// The page is read by Prometheus' own parser of the text format.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Above the largest page that the scrape job takes, body_size_limit.
const maxPage = 128 << 20

func main() {
	if err := reduce(os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "reduce-page: %v\n", err)
		os.Exit(1)
	}
}

func reduce(page io.Reader, reduced, told io.Writer) error {
	families, err := read(page)
	if err != nil {
		return err
	}
	names := make([]string, 0, len(families))
	for name := range families {
		names = append(names, name)
	}
	slices.Sort(names)
	out := bufio.NewWriter(reduced)
	for _, name := range names {
		family := families[name]
		line := fmt.Sprintf("%s %s %s", name, strings.ToLower(family.GetType().String()), strings.Join(labelKeys(family), ","))
		fmt.Fprintln(out, strings.TrimRight(line, " "))
	}
	if err := out.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(told, "reduce-page: %d metrics; look through them before you send them\n", len(names))
	return nil
}

// read parses all of the page. What the parser says of a page that it cannot read quotes
// the page, so only the number of the line is told.
func read(page io.Reader) (map[string]*dto.MetricFamily, error) {
	limited := &io.LimitedReader{R: page, N: maxPage + 1}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(limited)
	var wrong expfmt.ParseError
	switch {
	case limited.N == 0:
		return nil, fmt.Errorf("the page has more than %d MiB", maxPage>>20)
	case errors.As(err, &wrong):
		return nil, fmt.Errorf("line %d is not of a page of metrics; did the node refuse the password?", wrong.Line)
	case err != nil:
		return nil, errors.New("the page cannot be read to its end")
	case len(families) == 0:
		return nil, errors.New("the page is empty")
	}
	return families, nil
}

// labelKeys are those that any series of the family has, in order.
func labelKeys(family *dto.MetricFamily) []string {
	var keys []string
	for _, metric := range family.GetMetric() {
		for _, label := range metric.GetLabel() {
			if !slices.Contains(keys, label.GetName()) {
				keys = append(keys, label.GetName())
			}
		}
	}
	slices.Sort(keys)
	return keys
}
