# frozen_string_literal: true

require_relative '../fault'
require_relative '../machine'

Diagnosis.area 'The machine' do
  fault 'disk-full', 'The disk is full' do
    done 'the disk of `state_dir` and of the target list is full, and services appear'
    blame :ours
    before { |world| world.small_disk('state', '512k') }
    inject do |world|
      Machine.fill(File.join(world.folder, 'state'))
      20.times { |number| world.tell(do: 'add_service', project: 'platform', service: { name: "new-#{number}", type: 'pg', series: 20 }) }
    end
    problem 'platform: writing the target list (publish) fails'
    cause '<folder>/state/targets/targets.json: No space left on device (os error 28)'
    remedy 'if the disk of the path in the cause is full (df -h PATH, df -i PATH), free space, but delete nothing in state_dir, or enlarge the disk; if access is denied, mend the permissions; Prometheus keeps the old list, and the daemon goes on'
    explain 'orders', verdict: 'scraped'
    log 'ERROR writing failed; free space on the disk of this path, or mend its permissions; Prometheus keeps the old list, and the daemon goes on, path=<folder>/state, error=No space left on device (os error 28)'
    doctor 'FAILED  disk: room below <folder>/state: 0 MiB and <count> inodes free. What to do: make room, or give the instance group a larger persistent disk'
    # The services that appear have no address until their names are looked up.
    alert 'AivenMetricsStageStale', besides: %w[AivenMetricsServicesNotScraped AivenMetricsManyNotScraped]
  end

  fault 'log-disk-full', 'The disk of the log is full' do
    done 'the disk of the log is full, and services appear'
    blame :ours
    before { |world| world.log_file = File.join(world.small_disk('log', '64k'), 'aiven-metrics.log') }
    inject do |world|
      Machine.fill(File.join(world.folder, 'log'))
      30.times { |number| world.tell(do: 'add_service', project: 'platform', service: { name: "new-#{number}", type: 'pg', series: 20 }) }
    end
    problem "The daemon's log cannot be written"
    cause '<count> log lines are lost: No space left on device (os error 28)'
    remedy "free space on the log's disk (df -h /var/vcap/sys/log); if it has space, restart the job, whose standard output nobody reads any more; work goes on, and aiven-metrics events has what changed meanwhile"
    explain 'orders', 'platform/orders: scraped'
    unseen :log, 'its lines are what is lost'
    unseen :doctor, 'where the log is written is the business of who starts the daemon'
    # The services that appear have no address until their names are looked up.
    alert 'AivenMetricsLogLinesLost', besides: %w[AivenMetricsServicesNotScraped AivenMetricsManyNotScraped]
  end

  fault 'clock-wrong', "The machine's clock is wrong" do
    done "the API's answers have a date three hours after the machine's"
    blame :ours
    inject { |world| world.api_fault({ clock_off: 10_800 }) }
    problem "This machine's clock is 3h behind that of Aiven's API"
    cause "successive answers of Aiven's API have a Date that differs by <count> s from this machine's time"
    remedy 'compare date -u with another VM: if this one is wrong, mend its time (chronyc sources), since certificates are judged and samples are dated by it; if it is right, see what changes Date on the way to aiven.api_url'
    explain 'orders', 'platform/orders: scraped'
    log "WARN this machine's clock is 3h behind that of Aiven's API, cause=successive answers of Aiven's API have a Date that differs by <count> s from this machine's time, remedy=compare date -u with another VM: if this one is wrong, mend its time (chronyc sources), since certificates are judged and samples are dated by it; if it is right, see what changes Date on the way to aiven.api_url"
    doctor "FAILED  clock: this machine's clock: 3h behind that of Aiven's API, as one answer shows. What to do: compare date -u with another VM: if this one is wrong, mend its time (chronyc sources), since certificates are judged and samples are dated by it; if it is right, see what changes Date on the way to aiven.api_url"
    alert 'AivenMetricsClockWrong'
  end

  fault 'second-daemon', 'A second daemon with the same `state_dir`' do
    done 'a second daemon is started with the same configuration'
    blame :ours
    inject(&:run_daemon)
    status 'All is well: 2 of 2 services are scraped.'
    explain 'orders', 'platform/orders: scraped'
    page 'All is well: 2 of 2 services are scraped.'
    log 'ERROR the daemon ends, error=state_dir: another daemon is running on <folder>/state<some>; stop the one of the two that monit did not start (monit summary), or give this one a state_dir of its own'
    doctor 'ok      daemon: the daemon at <address>: ready'
    no_alert 'the first daemon works on, and is well; the second one ends with that sentence, on standard error, too'
  end
end
