package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// As `prometheus` without flags has it.
const (
	defaultMaxSamples = 50_000_000
	timeout           = 2 * time.Minute
	lookback          = 5 * time.Minute
	subqueryStep      = time.Minute
)

// Notes of each kind that are passed on.
const maxNotes = 10

var promqlParser = parser.NewParser(parser.Options{})

// A Question is a query at one time (At), or over a range (From, To, Step).
type Question struct {
	ID    string `json:"id"`
	Query string `json:"query"`
	At    int64  `json:"at"`
	From  int64  `json:"from"`
	To    int64  `json:"to"`
	Step  int64  `json:"step"`
}

// An Answer has either Error or Result.
type Answer struct {
	ID     string   `json:"id"`
	Result []Points `json:"result"`
	// Prometheus' warnings and infos.
	Notes []string `json:"notes"`
	Error string   `json:"error,omitempty"`
	Cost  Cost     `json:"cost"`
}

// Points are one series of a result: Value of an answer at one time, Values of one over a range.
type Points struct {
	Labels map[string]string `json:"labels"`
	Value  *number           `json:"value,omitempty"`
	Values []point           `json:"values,omitempty"`
}

// A Cost is what `stats=all` says: samples read, and the most that were held at once, which is
// what --query.max-samples limits.
type Cost struct {
	Samples int64 `json:"samples"`
	Peak    int   `json:"peak"`
}

// A number is NaN, +Inf or -Inf as text, for which JSON has no number.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if value := float64(n); math.IsNaN(value) || math.IsInf(value, 0) {
		return json.Marshal(strconv.FormatFloat(value, 'f', -1, 64))
	}
	return json.Marshal(float64(n))
}

// A point is `[SECONDS, VALUE]`.
type point struct {
	time  int64
	value number
}

func (p point) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{float64(p.time) / 1000, p.value})
}

func newEngine(maxSamples int) *promql.Engine {
	if maxSamples == 0 {
		maxSamples = defaultMaxSamples
	}
	return promql.NewEngine(promql.EngineOpts{
		MaxSamples:               maxSamples,
		Timeout:                  timeout,
		LookbackDelta:            lookback,
		NoStepSubqueryIntervalFn: func(int64) int64 { return subqueryStep.Milliseconds() },
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		Parser:                   promqlParser,
	})
}

func ask(ctx context.Context, questions []Question, engine *promql.Engine, store *store) ([]Answer, error) {
	answers := make([]Answer, 0, len(questions))
	for _, question := range questions {
		answer, err := askOne(ctx, question, engine, store)
		if err != nil {
			return nil, fmt.Errorf("question %s: %w", question.ID, err)
		}
		answers = append(answers, answer)
	}
	return answers, nil
}

// What is wrong with the query is its answer; what is wrong with the question is an error.
func askOne(ctx context.Context, question Question, engine *promql.Engine, store *store) (Answer, error) {
	query, err := question.prepare(ctx, engine, store)
	if err != nil {
		return Answer{ID: question.ID, Notes: []string{}, Error: err.Error()}, nil
	}
	defer query.Close()
	result := query.Exec(ctx)
	answer := Answer{ID: question.ID, Notes: notes(result, question.Query)}
	if samples := query.Stats().Samples; samples != nil {
		answer.Cost = Cost{Samples: samples.TotalSamples, Peak: samples.PeakSamples}
	}
	if result.Err != nil {
		answer.Error = result.Err.Error()
		return answer, nil
	}
	answer.Result, err = points(result.Value)
	return answer, err
}

func (q Question) prepare(ctx context.Context, engine *promql.Engine, store *store) (promql.Query, error) {
	if q.Step == 0 {
		return engine.NewInstantQuery(ctx, store, nil, q.Query, time.Unix(q.At, 0))
	}
	step := time.Duration(q.Step) * time.Second
	return engine.NewRangeQuery(ctx, store, nil, q.Query, time.Unix(q.From, 0), time.Unix(q.To, 0), step)
}

func points(value parser.Value) ([]Points, error) {
	found := []Points{}
	switch value := value.(type) {
	case promql.Scalar:
		found = append(found, one(labels.EmptyLabels(), value.V))
	case promql.Vector:
		for _, sample := range value {
			found = append(found, one(sample.Metric, sample.F))
		}
	case promql.Matrix:
		for _, series := range value {
			many := Points{Labels: series.Metric.Map()}
			for _, float := range series.Floats {
				many.Values = append(many.Values, point{float.T, number(float.F)})
			}
			found = append(found, many)
		}
	default:
		return nil, fmt.Errorf("the result is a %s", value.Type())
	}
	return found, nil
}

func one(metric labels.Labels, value float64) Points {
	own := number(value)
	return Points{Labels: metric.Map(), Value: &own}
}

func notes(result *promql.Result, expression string) []string {
	warnings, infos := result.Warnings.AsStrings(expression, maxNotes, maxNotes)
	return append(append([]string{}, warnings...), infos...)
}
