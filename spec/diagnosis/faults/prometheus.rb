# frozen_string_literal: true

require_relative '../fault'

Diagnosis.area 'Prometheus' do
  nothing_asked = 'Prometheus has not asked the scrape proxy for anything since the daemon started'
  ask_the_doctor = "run aiven-metrics doctor on this VM, which asks Prometheus what is wrong: whether it runs, reads the daemon's targets.json (file_sd_configs), and scrapes through its proxy (proxy_url: scrape_proxy.listen)"
  not_in_the_log = 'whoever does not ask has done nothing that could be logged'

  fault 'file-unreadable', 'Prometheus may not read the target list' do
    done 'the user that Prometheus runs as may not enter the folder of `targets.json`'
    blame :ours
    from_the_start
    before { |world| File.chmod(0o700, File.dirname(world.targets)) }
    problem 'No scrape comes through the proxy'
    cause nothing_asked
    remedy ask_the_doctor
    explain 'orders', verdict: 'published'
    unseen :log, not_in_the_log
    doctor "FAILED  prometheus: it reads the target list: its configuration names <folder>/state/targets/targets.json, and it has none of the 3 targets that the daemon publishes. What to do: see that its user may read the file and enter each folder above it (namei -l <folder>/state/targets/targets.json); Prometheus' log says why it could not ('Error reading file')"
    alert 'AivenMetricsNobodyScrapes'
  end

  fault 'file-not-read', 'Prometheus does not read the target list' do
    done 'its `file_sd_configs` name another file'
    blame :ours
    from_the_start
    scrape_job { |job, world| job['file_sd_configs'][0]['files'] = ["#{world.folder}/other.json"] }
    problem 'No scrape comes through the proxy'
    cause nothing_asked
    remedy ask_the_doctor
    explain 'orders', verdict: 'published'
    unseen :log, not_in_the_log
    doctor 'FAILED  prometheus: it reads the target list: neither its targets nor its configuration know <folder>/state/targets/targets.json. What to do: add the scrape job with file_sd_configs on that path, as add-tenant-prometheis.yml does, and deploy; if it is there, see whether this is the Prometheus beside the daemon (--prometheus)'
    alert 'AivenMetricsNobodyScrapes'
  end

  fault 'proxy-not-used', 'Prometheus does not use the scrape proxy' do
    done 'its scrape job has no `proxy_url`'
    blame :ours
    from_the_start
    scrape_job { |job, _| job.delete('proxy_url') }
    problem 'No scrape comes through the proxy'
    cause nothing_asked
    remedy ask_the_doctor
    explain 'orders', verdict: 'published'
    unseen :log, not_in_the_log
    doctor 'FAILED  prometheus: it uses the scrape proxy: its configuration has no proxy_url: http://<address>. What to do: set scheme: http and proxy_url in the scrape job, as add-tenant-prometheis.yml does, and deploy: without the proxy no node is verified and no password is sent'
    alert 'AivenMetricsNobodyScrapes'
  end
end
