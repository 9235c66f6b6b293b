# frozen_string_literal: true

require 'json'
require 'tmpdir'
require 'yaml'

require_relative 'render/job'

# Where things are, and the rendering of this release's jobs.
module ReleaseSpec
  ROOT = File.expand_path('..', __dir__)

  def job(name)
    Rendering::Job.new(File.join(ROOT, 'jobs', name))
  end

  # A deep copy of `nested` with the value at a dotted name replaced.
  def with(nested, dotted, value)
    copy = JSON.parse(JSON.generate(nested))
    *parents, last = dotted.split('.')
    parents.reduce(copy) { |hash, key| hash[key] ||= {} }[last] = value
    copy
  end

  # The debug binaries; ./scripts/test-release builds them.
  def daemon
    ENV.fetch('AIVEN_METRICS_BIN') { raise 'AIVEN_METRICS_BIN is not set: run ./scripts/test-release' }
  end

  def simulator
    ENV.fetch('AIVEN_SIM_BIN') { raise 'AIVEN_SIM_BIN is not set: run ./scripts/test-release' }
  end

  # A folder that is gone after the block.
  def folder(&block)
    Dir.mktmpdir('aiven-metrics-release', &block)
  end
end

RSpec.configure do |config|
  config.include ReleaseSpec
  config.disable_monkey_patching!
  config.order = :random
  Kernel.srand config.seed
end
