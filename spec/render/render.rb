# frozen_string_literal: true

# Renders a job's templates into a folder, as they would lie in /var/vcap/jobs/NAME:
#
#   ruby spec/render/render.rb --job jobs/NAME --context CONTEXT.json --into FOLDER
#
# CONTEXT.json: {"properties": {nested}, "spec": {"index": 0, …}, "links":
# {"NAME": {"instances": [{"name", "id", "index", "bootstrap", "az", "address"}],
# "properties": {nested}, "address": ""}}}. Exit 1 and the Director's message if
# the Director would refuse it.

require 'json'
require 'optparse'

require_relative 'job'

options = {}
OptionParser.new do |parser|
  parser.banner = 'Usage: render.rb --job jobs/NAME --context CONTEXT.json --into FOLDER'
  %i[job context into].each { |name| parser.on("--#{name} PATH") { |path| options[name] = path } }
end.parse!
missing = %i[job context into] - options.keys
abort("render: missing --#{missing.first}") if missing.any? || ARGV.any?

begin
  context = JSON.parse(File.read(options[:context]))
  Rendering::Job.new(options[:job]).render_into(options[:into], context)
rescue Rendering::Refused => e
  abort(e.message)
end
