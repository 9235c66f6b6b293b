package main

import (
	"fmt"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// names are those of the metrics that some expression selects.
type names struct {
	known map[string]bool
	// An expression selects by other labels than the name alone.
	any bool
}

func (n names) include(name string) bool { return n.any || n.known[name] }

// A page has some four hundred metrics and all expressions together ask for a third: the others
// need not be stored to be answered about. An expression that does not parse has its own answer.
func namesAskedFor(job Job) (names, error) {
	found := names{known: map[string]bool{}}
	for _, question := range job.Questions {
		if expression, err := promqlParser.ParseExpr(question.Query); err == nil {
			found.add(expression)
		}
	}
	for _, file := range job.Rules.Files {
		groups, errs := rulefmt.ParseFile(file, false, model.UTF8Validation, promqlParser)
		if len(errs) > 0 {
			return found, fmt.Errorf("%s: %w", file, errs[0])
		}
		for _, group := range groups.Groups {
			for _, rule := range group.Rules {
				if expression, err := promqlParser.ParseExpr(rule.Expr); err == nil {
					found.add(expression)
				}
			}
		}
	}
	return found, nil
}

func (n *names) add(expression parser.Expr) {
	for _, matchers := range parser.ExtractSelectors(expression) {
		named := false
		for _, matcher := range matchers {
			if matcher.Name == model.MetricNameLabel && matcher.Type == labels.MatchEqual {
				n.known[matcher.Value] = true
				named = true
			}
		}
		n.any = n.any || !named
	}
}
