# frozen_string_literal: true

require 'json'
require 'open3'

require_relative 'spec_helper'

# The simulator's pages are what Telegraf's own output, compiled from its module, makes of the same
# line protocol.
RSpec.describe 'The page of a simulated node' do
  at = 1_800_000_000

  # Lines of JSON from a program, one a node.
  def lines(*command, input: '')
    out, failure, status = Open3.capture3(*command, stdin_data: input)
    raise "#{command.first}: #{failure}" unless status.success?

    out
  end

  # Types and HELP by family, and values by series; numbers are spelt differently.
  def read(page)
    comments, samples = page.lines(chomp: true).partition { |line| line.start_with?('#') }
    series = samples.map { |line| line.rpartition(' ').values_at(0, 2) }
    { families: comments.sort, series: series.to_h.transform_values { |value| Float(value) } }
  end

  # Host => service type and page.
  def pages(text)
    text.each_line.to_h do |line|
      node = JSON.parse(line)
      [node.fetch('host'), node.values_at('service_type', 'page')]
    end
  end

  # Colons, since Telegraf 1.37 keeps them; labels that change; what one node alone reports, while it moves.
  { 'healthy' => 5400, 'red' => 600, 'elected-moved' => 30, 'primary-moved' => 30, 'connect-task-failing' => 600 }
    .each do |state, entered|
    it "is Telegraf's, of every type, in the state #{state}" do
      simulated = lines(simulator, 'pages', '--state', state, '--entered', entered.to_s, '--end', at.to_s, '--colons')
      telegraf = pages(lines('telegraf-page', input: simulated))
      ours = pages(simulated)
      expect(ours.keys).to eq(telegraf.keys)
      expect(ours.values.map(&:first)).to include('opensearch', 'pg', 'mysql', 'valkey', 'kafka', 'clickhouse', 'influxdb', 'grafana')
      ours.each do |host, (_, page)|
        expect(read(page)).to eq(read(telegraf.fetch(host).last)), "#{host} differs"
      end
    end
  end
end
