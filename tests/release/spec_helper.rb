# frozen_string_literal: true

require 'json'
require 'tmpdir'
require 'yaml'

require_relative 'render/job'

# Where things are, and the rendering of this release's jobs.
module ReleaseSpec
  ROOT = File.expand_path('../..', __dir__)

  def job(name)
    Rendering::Job.new(File.join(ROOT, 'jobs', name))
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
