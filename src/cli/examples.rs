//! What `--help` and the manual show of each command by example, and what an exit code
//! means.

/// Ends the help of the program itself.
pub(super) const PROGRAM: &str = "\
On a BOSH VM, after `bosh ssh prometheus/0`:
  source /var/vcap/jobs/aiven-metrics/bin/env   # the command has a name and completions
  aiven-metrics status                          # problems first
  aiven-metrics explain SERVICE                 # why a service is not scraped, and what to do
  aiven-metrics manual | man --local-file -      # all of this, to read

Exit codes: 0 fine, 1 a problem was found or the work failed, 2 wrong usage.";

pub(super) const RUN: &str = "\
Examples:
  aiven-metrics run --config /var/vcap/jobs/aiven-metrics/config/config.json";

pub(super) const CHECK_CONFIG: &str = "\
Examples:
  aiven-metrics check-config --config config.json   # a line for each problem, with its key's path";

pub(super) const PLAN: &str = "\
Examples:
  aiven-metrics plan --config config.json                # before the first deploy
  aiven-metrics plan --config config.json --json | jq .would_create
  aiven-metrics plan                                     # on a BOSH VM

Where a daemon answers at web.listen, or at --address, the plan also says where it differs.
Exit code 1: a project could not be observed.";

pub(super) const STATUS: &str = "\
Examples:
  aiven-metrics status
  aiven-metrics status --address 10.0.16.10:9274   # of another machine, with web.expose_status
  aiven-metrics status --wait-ready 300s           # as post-start does
  aiven-metrics status --json | jq '.services[] | select(.verdict == \"unreachable\")'

Exit code 1: there is a problem, or nothing is published yet.";

pub(super) const EXPLAIN: &str = "\
Examples:
  aiven-metrics explain logs
  aiven-metrics explain shop/logs
  aiven-metrics explain 10.0.0.1:9273                          # the node in an alert
  aiven-metrics explain http://10.0.0.1:9273/metrics           # as Prometheus' page shows it
  aiven-metrics explain logs-shop.a.aivencloud.com
  aiven-metrics explain 0b8d6c1e-4f3a-4c57-9d0e-2f6c5a7b9e10   # as cf service NAME --guid prints it

Exit code 1: a step fails, something is wrong behind them, nobody is meant, or too many are.";

pub(super) const TARGETS: &str = "\
Examples:
  aiven-metrics targets
  aiven-metrics targets --json   # as Prometheus reads it";

pub(super) const EVENTS: &str = "\
Examples:
  aiven-metrics events --since 30m
  aiven-metrics events --since 02:40       # what changed at 02:40 UTC and later
  aiven-metrics events shop/logs           # of that service, and of its whole project
  aiven-metrics events shop                # of a project and all its services
  aiven-metrics events 10.0.0.1:9273       # also of an address that is gone";

pub(super) const DOCTOR: &str = "\
Examples:
  aiven-metrics doctor --config config.json             # before the first deploy
  aiven-metrics doctor                                  # on a BOSH VM, when nothing works
  aiven-metrics doctor --prometheus http://10.0.16.10:9090
  aiven-metrics doctor --json | jq '.checks[] | select(.result == \"failed\")'

Nothing is changed: every call only reads. Exit code 1: a check failed.";

pub(super) const CAPTURE: &str = "\
Examples:
  aiven-metrics capture logs >logs.txt
  aiven-metrics capture 10.0.0.1:9273   # that node

A line has name, type, number of series and keys of labels. Send it to us when a dashboard
does not fit, after a look through it.";

pub(super) const SMOKE_TEST: &str = "\
Examples:
  bosh -d cf run-errand aiven-metrics-smoke-tests   # runs it";

pub(super) const MANUAL: &str = "\
Examples:
  aiven-metrics manual | man --local-file -
  aiven-metrics manual --to /usr/local/share/man/man1   # with a page for each command";
