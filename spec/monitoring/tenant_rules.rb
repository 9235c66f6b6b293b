# frozen_string_literal: true

require_relative '../render/job'

# The rule files of the tenants' Prometheus: what it records, and its alerts.
module TenantRules
  JOB = File.expand_path('../../jobs/aiven-metrics-rules', __dir__)

  module_function

  # Their paths, once they are in `folder`; the rules that are recorded come first.
  def write(folder, properties = {})
    files = Rendering::Job.new(JOB).render({ 'properties' => properties }).select { |name, _| name.end_with?('.yml') }
    files.sort_by { |name, _| name.include?('.rules.') ? 0 : 1 }.map do |name, text|
      File.join(folder, name).tap { |file| File.write(file, text) }
    end
  end
end
