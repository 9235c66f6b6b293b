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
    remedy 'free space or mend permissions; the old list stays in use, and /sd is current'
    explain 'orders', verdict: 'scraped'
    log 'ERROR writing failed; the old file stays, /sd is current; free space or mend permissions, path=<folder>/state, error=No space left on device (os error 28)'
    doctor 'FAILED  disk: room below <folder>/state: 0 MiB and <count> inodes free. What to do: make room, or give the instance group a larger persistent disk'
    alert 'AivenMetricsStageStale'
  end

  fault 'second-daemon', 'A second daemon with the same `state_dir`' do
    done 'a second daemon is started with the same configuration'
    blame :ours
    inject(&:run_daemon)
    status 'All is well: 2 of 2 services are scraped.'
    explain 'orders', 'platform/orders: scraped'
    page 'All is well: 2 of 2 services are scraped.'
    log 'ERROR the daemon ends, error=state_dir: another daemon is running on <folder>/state; stop it, or give this one a state_dir of its own'
    doctor 'ok      daemon: the daemon at <address>: ready'
    no_alert 'the first daemon works on, and is well; the second one ends with that sentence, on standard error, too'
  end
end
