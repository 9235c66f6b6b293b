# frozen_string_literal: true

require 'open3'

require_relative '../spec_helper'

# The boards as the job aiven-metrics-dashboards lays them out, and what Grafana's types make of them.
RSpec.describe 'The boards for Grafana' do
  def rendered(properties = {})
    files = job('aiven-metrics-dashboards').render({ 'properties' => { 'aiven_metrics_dashboards' => properties } })
    files.except('monit').transform_values { |text| JSON.parse(text) }
  end

  def data_source(board)
    board.dig('templating', 'list').find { |variable| variable['name'] == 'datasource' }['current'].values_at('text', 'value')
  end

  # What Grafana's types lack or read otherwise, by the name of the board.
  def judged(boards)
    skip 'scripts/setup grafana-sdk found no Python 3.11' unless system('command -v python-with-grafana-sdk >/dev/null')
    folder do |path|
      files = boards.transform_keys { |name| File.join(path, name) }
      files.each { |file, board| File.write(file, JSON.generate(board)) }
      output, complaint, status = Open3.capture3('python-with-grafana-sdk', File.join(__dir__, 'judge.py'), *files.keys)
      expect([status.exitstatus, complaint]).to eq([0, ''])
      JSON.parse(output).transform_keys { |file| File.basename(file) }
    end
  end

  it 'lie at the top of the job, by their names in links' do
    expect(rendered.size).to eq(10)
    expect(rendered.values.map { |board| "#{board['uid']}.json" }).to eq(rendered.keys)
  end

  it 'ask the data sources that the operator names, and else the default one' do
    tenants, operators = rendered.partition { |file, _| file != 'aiven-metrics-operators.json' }
    expect((tenants + operators).map { |_, board| data_source(board) }).to all(eq(%w[default default]))
    named = rendered('datasource' => 'of "tenants"', 'operators_datasource' => 'own')
    expect(named.slice(*tenants.to_h.keys).values.map { |board| data_source(board) }).to all(eq(['of "tenants"'] * 2))
    expect(data_source(named['aiven-metrics-operators.json'])).to eq(%w[own own])
  end

  it 'are read by Grafana 10.4 as they are written' do
    expect(judged(rendered)).to eq(rendered.transform_values { [] })
  end

  describe 'with a key that is misspelt' do
    # Each makes one mistake in a board.
    mistakes = {
      'of the board' => ->(board) { board['refesh'] = board.delete('refresh') },
      'of a variable' => ->(board) { board['templating']['list'][1]['includeALl'] = true },
      'of an annotation' => ->(board) { board['annotations']['list'][0]['iconcolor'] = 'blue' },
      'of a panel' => ->(board) { board['panels'][1]['descripton'] = 'text' },
      'of its options' => ->(board) { board['panels'][1]['options']['graphmode'] = 'none' },
      'of its fields' => ->(board) { board['panels'][1]['fieldConfig']['defaults']['novalue'] = 'none' },
      'of its thresholds' => ->(board) { board['panels'][1]['fieldConfig']['defaults']['thresholds']['step'] = [] },
      'of its lines' => lambda { |board|
        board['panels'].find { |panel| panel['type'] == 'timeseries' }['fieldConfig']['defaults']['custom']['linewidth'] = 2
      },
      'of its query' => ->(board) { board['panels'][1]['targets'][0]['legend'] = 'x' },
      'of a kind of panel' => ->(board) { board['panels'][1]['options']['legend'] = {} }
    }

    it 'are refused, wherever it is' do
      search = JSON.generate(rendered['aiven-search.json'])
      boards = mistakes.transform_values { |mistake| JSON.parse(search).tap(&mistake) }
      expect(judged(boards).select { |_, lost| lost.empty? }.keys).to be_empty
    end
  end
end
