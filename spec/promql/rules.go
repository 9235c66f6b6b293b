package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
)

// Rules are those of rule files, and when they are evaluated: from From to To, every Every seconds
// or, if a group has an interval of its own, at the multiples of that.
type Rules struct {
	Files []string `json:"files"`
	From  int64    `json:"from"`
	To    int64    `json:"to"`
	Every int64    `json:"every"`
}

// RulesReport says what the alerts did, and what the rules complained of.
type RulesReport struct {
	Alerts []Alert `json:"alerts"`
	// Each once: `RULE: TEXT`.
	Errors []string `json:"errors"`
	Notes  []string `json:"notes"`
}

// An Alert is one stretch of time in which its expression held.
type Alert struct {
	Name        string            `json:"name"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	// Pending since; firing since, 0 if never; over since, 0 while it lasts.
	PendingAt int64 `json:"pending_at"`
	FiringAt  int64 `json:"firing_at"`
	EndedAt   int64 `json:"ended_at"`
}

// A ruleRun collects while rules are evaluated.
type ruleRun struct {
	alerts map[string]*Alert
	errors map[string]bool
	notes  map[string]bool
}

// Each group is Prometheus' own and evaluates itself; only the clock is ours. Groups are evaluated
// one after the other in the order of their files and names.
func evaluate(ctx context.Context, wanted Rules, engine *promql.Engine, store *store) (RulesReport, error) {
	run := ruleRun{alerts: map[string]*Alert{}, errors: map[string]bool{}, notes: map[string]bool{}}
	groups, err := loadGroups(wanted, &run, engine, store)
	if err != nil {
		return RulesReport{}, err
	}
	if len(groups) > 0 && wanted.Every <= 0 {
		return RulesReport{}, fmt.Errorf("every: %d seconds is no interval", wanted.Every)
	}
	for at := wanted.From; len(groups) > 0 && at <= wanted.To; at += wanted.Every {
		for _, group := range groups {
			if at%max(int64(group.Interval().Seconds()), 1) == 0 || group.Interval() == time.Duration(wanted.Every)*time.Second {
				group.Eval(ctx, time.Unix(at, 0))
				run.note(group, at)
			}
		}
	}
	return run.report(), nil
}

func loadGroups(wanted Rules, run *ruleRun, engine *promql.Engine, store *store) ([]*rules.Group, error) {
	manager := rules.NewManager(&rules.ManagerOptions{
		QueryFunc:  run.query(engine, store),
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {},
		Appendable: store,
		Queryable:  store,
		Parser:     promqlParser,
	})
	var ordered []*rules.Group
	for _, file := range wanted.Files {
		loaded, errs := manager.LoadGroups(time.Duration(wanted.Every)*time.Second, labels.EmptyLabels(), "", nil, false, file)
		if len(errs) > 0 {
			return nil, errs[0]
		}
		for _, key := range slices.Sorted(maps.Keys(loaded)) {
			ordered = append(ordered, loaded[key])
		}
	}
	for _, group := range ordered {
		for _, rule := range group.AlertingRules() {
			// Else it waits for its past before it writes ALERTS.
			rule.SetRestored(true)
		}
	}
	return ordered, nil
}

// As rules.EngineQueryFunc, which forgets the notes.
func (r *ruleRun) query(engine *promql.Engine, store *store) rules.QueryFunc {
	return func(ctx context.Context, expression string, at time.Time) (promql.Vector, error) {
		query, err := engine.NewInstantQuery(ctx, store, nil, expression, at)
		if err != nil {
			return nil, err
		}
		defer query.Close()
		result := query.Exec(ctx)
		if result.Err != nil {
			return nil, result.Err
		}
		for _, note := range notes(result, expression) {
			r.notes[note] = true
		}
		switch value := result.Value.(type) {
		case promql.Vector:
			// The query takes its own back when it is closed.
			return slices.Clone(value), nil
		case promql.Scalar:
			return promql.Vector{promql.Sample{T: value.T, F: value.V, Metric: labels.Labels{}}}, nil
		default:
			return nil, fmt.Errorf("a rule's result is a vector or a scalar, not a %s", value.Type())
		}
	}
}

// What a group's evaluation at `at` did to its alerts.
func (r *ruleRun) note(group *rules.Group, at int64) {
	for _, rule := range group.Rules() {
		if err := rule.LastError(); err != nil {
			r.errors[rule.Name()+": "+err.Error()] = true
		}
	}
	for _, rule := range group.AlertingRules() {
		current := map[string]bool{}
		rule.ForEachActiveAlert(func(alert *rules.Alert) {
			key := fmt.Sprintf("%s %s %d", group.Name(), alert.Labels, alert.ActiveAt.Unix())
			current[key] = alert.State != rules.StateInactive
			r.see(rule.Name(), key, alert, at)
		})
		for key, known := range r.alerts {
			if known.Name == rule.Name() && known.EndedAt == 0 && !current[key] {
				known.EndedAt = at
			}
		}
	}
}

func (r *ruleRun) see(name, key string, alert *rules.Alert, at int64) {
	known := r.alerts[key]
	if known == nil {
		own := alert.Labels.Map()
		delete(own, labels.AlertName)
		known = &Alert{Name: name, Labels: own, Annotations: alert.Annotations.Map(), PendingAt: alert.ActiveAt.Unix()}
		r.alerts[key] = known
	}
	if alert.State == rules.StateFiring && known.FiringAt == 0 {
		known.FiringAt = at
	}
}

func (r *ruleRun) report() RulesReport {
	report := RulesReport{
		Alerts: make([]Alert, 0, len(r.alerts)),
		Errors: sorted(r.errors),
		Notes:  sorted(r.notes),
	}
	for _, key := range slices.Sorted(maps.Keys(r.alerts)) {
		report.Alerts = append(report.Alerts, *r.alerts[key])
	}
	slices.SortStableFunc(report.Alerts, func(a, b Alert) int { return int(a.PendingAt - b.PendingAt) })
	return report
}

// Never null.
func sorted(set map[string]bool) []string {
	return slices.AppendSeq([]string{}, slices.Values(slices.Sorted(maps.Keys(set))))
}
