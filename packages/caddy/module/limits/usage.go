package limits

import "github.com/prometheus/client_golang/prometheus"

// usage shows how much of each share is taken.
type usage struct {
	board *board
	names []string

	running, waiting, abandoned, bytes *prometheus.Desc
}

func newUsage(board *board, names []string) *usage {
	board.lock.Lock()
	defer board.lock.Unlock()
	for _, name := range names {
		board.user(name)
	}
	describe := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("prometheus_failover_"+name, help, []string{"user"}, nil)
	}
	return &usage{
		board: board, names: names,
		running:   describe("queries_running", "Queries of a user that have a place at Prometheus."),
		waiting:   describe("queries_waiting", "Queries of a user whose body arrives, or that wait for a place."),
		abandoned: describe("queries_abandoned", "Queries of a user that Prometheus is not done with, and for which no client waits any more."),
		bytes:     describe("buffered_bytes", "Bytes of the URLs and bodies of a user's queries that are not answered."),
	}
}

// Describe implements prometheus.Collector.
func (u *usage) Describe(into chan<- *prometheus.Desc) {
	into <- u.running
	into <- u.waiting
	into <- u.abandoned
	into <- u.bytes
}

// Collect implements prometheus.Collector.
func (u *usage) Collect(into chan<- prometheus.Metric) {
	u.board.lock.Lock()
	defer u.board.lock.Unlock()
	for _, name := range u.names {
		user := u.board.user(name)
		gauge := func(what *prometheus.Desc, value float64) {
			into <- prometheus.MustNewConstMetric(what, prometheus.GaugeValue, value, name)
		}
		gauge(u.running, float64(len(user.places)))
		gauge(u.waiting, float64(user.arriving+user.waiting))
		gauge(u.abandoned, float64(user.abandoned))
		gauge(u.bytes, float64(user.bytes))
	}
}
