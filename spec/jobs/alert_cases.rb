# frozen_string_literal: true

require 'open3'

require_relative '../spec_helper'

# The jobs of alerts before the real promtool: rendered rules, and each alert's cases from the table.
module AlertCases
  JOBS = %w[aiven-metrics-rules aiven-metrics-alerts].freeze

  module_function

  # What `signals cases` says of a job.
  def of(job)
    @all ||= begin
      output, error, status = Open3.capture3('cargo', 'run', '--quiet', '--locked', '-p', 'signals', '--', 'cases', chdir: ReleaseSpec::ROOT)
      raise error unless status.success?

      JSON.parse(output)
    end
    @all.fetch(job)
  end

  def alerts(job) = of(job)['groups'].flat_map { |group| group['alerts'] }

  def prefix(job) = job.tr('-', '_')

  # The files of rules that the job makes of `properties`, those of its alerts, which are hashes.
  def rendered(job, properties = {}, schema: true)
    folder = File.join(ReleaseSpec::ROOT, 'jobs', job)
    Rendering::Job.new(folder).render({ 'properties' => { prefix(job) => properties } }, schema: schema).select { |file, _| file.end_with?('.yml') }
  end

  # Properties of each alert: what the block makes of it.
  def each_alert(job) = alerts(job).to_h { |alert| [alert['id'], yield(alert)] }

  def all_on(job) = each_alert(job) { { 'enabled' => true } }

  # Runs the tests on the rules. A case, which names its group, meets only the alerts of that, since promtool evaluates all
  # that it is given; the others meet all rules. nil, or what promtool says.
  def failures(folder, rules, tests)
    files = tests.group_by { |test| test['group'] || 'all' }.map do |group, all|
      names = write_rules(folder, rules, group)
      File.join(folder, "#{group}.test.yml").tap do |file|
        without_group = all.map { |test| test.except('group') }
        File.write(file, JSON.generate('rule_files' => names, 'evaluation_interval' => group == 'all' ? '2m' : '1m', 'tests' => without_group))
      end
    end
    output, status = Open3.capture2e('promtool', 'test', 'rules', *files)
    status.success? ? nil : output
  end

  def write_rules(folder, rules, group)
    chosen = group == 'all' ? rules : rules.select { |name, _| name.end_with?('.alerts.yml') }
    chosen.map do |name, text|
      groups = YAML.safe_load(text)['groups'].select { |one| [one['name'], 'all'].include?(group) }
      "#{group}-#{name}".tap { |file| File.write(File.join(folder, file), YAML.dump('groups' => groups)) }
    end
  end
end
