# frozen_string_literal: true

require 'open3'

require_relative '../spec_helper'
require_relative 'promql'

# That spec/promql keeps what it loads as a Prometheus keeps what it scrapes: all else that this
# folder shows rests on it.
RSpec.describe Promql do
  last = 1_767_268_800
  first = last - 7200
  target = { 'job' => 'aiven', 'instance' => '127.1.2.3:9273', 'aiven_service_name' => 'search' }
  other = target.merge('instance' => '127.1.2.4:9273')

  around { |example| folder { |path| (@folder = path) && example.run } }

  # A series of a value every minute; the block says which, nil for none.
  def series(name, labels, from: nil, to: nil)
    pairs = labels.map { |label, value| "#{label}=\"#{value}\"" }
    from.step(to, 60).filter_map { |at| (value = yield(at)) && "#{name}{#{pairs.join(',')}} #{value} #{at}\n" }.join
  end

  def history(*series)
    File.join(@folder, 'history.txt').tap { |file| File.write(file, "#{series.join}# EOF\n") }
  end

  def rules(*rules, every: '1m')
    file = File.join(@folder, 'rules.json')
    # JSON is YAML.
    File.write(file, JSON.generate('groups' => [{ 'name' => 'group', 'interval' => every, 'rules' => rules }]))
    file
  end

  define_method(:made) do |name, labels, &block|
    series(name, labels, from: first, to: last, &block || ->(_) { 1 })
  end

  define_method(:ask) do |*series, at: last, evaluate: nil, configs: [], clones: {}, **questions|
    asked = questions.map { |id, query| { id: id, query: query, at: at } }
    ruled = evaluate ? { files: [rules(*evaluate)], from: first, to: last, every: 60 } : {}
    described_class.run(history: [history(*series)], metric_relabel_configs: configs, rules: ruled, clones: clones, questions: asked)
  end

  it 'is formatted as Go formats' do
    root, = Open3.capture2('go', 'env', 'GOROOT')
    unformatted, status = Open3.capture2e("#{root.strip}/bin/gofmt", '-l', File.expand_path('../promql', __dir__))
    expect([status.success?, unformatted]).to eq([true, ''])
  end

  it 'answers with values, notes and what the query read' do
    answer = ask(made('questions', target) { |at| (at - first) * 2 }, rate: 'rate(questions[5m])')['rate']
    expect(answer).to have_attributes(series: [[target, 2]], samples: 5, peak: 6, error: nil)
    expect(answer.notes).to contain_exactly(include('might not be a counter'))
  end

  it 'answers with every value of a range' do
    report = described_class.run(history: [history(made('up', target))],
                                 questions: [{ id: 'up', query: 'up', from: last - 120, to: last, step: 60 }])
    expect(report['up'].series).to eq([[target.merge('__name__' => 'up'), [[last - 120, 1], [last - 60, 1], [last, 1]]]])
  end

  it 'says what is wrong with a query, and refuses one that holds too much' do
    report = ask(made('up', target), broken: 'sum(', nothing: 'missing')
    expect([report['broken'].error, report['nothing'].series]).to match([/unclosed/, []])
    too_much = described_class.run(history: [history(made('up', target))], max_samples: 10,
                                   questions: [{ id: 'up', query: 'up[1h]', at: last }])
    expect(too_much['up'].error).to include('too many samples')
  end

  it 'ends a series at the scrape that lacks it, and one whose target is gone' do
    gone = last - 120
    report = ask(made('up', target), made('up', other) { |at| at < gone ? 1 : nil },
                 made('lag', target) { |at| at < gone ? 1 : nil }, before: 'lag offset 2m1s', lag: 'lag', up: 'count(up)')
    expect(report.answers.transform_values { |answer| answer.series.map(&:last) })
      .to eq('before' => [1], 'lag' => [], 'up' => [1])
  end

  it 'relabels metrics and not what Prometheus adds, and counts what is kept' do
    drop = { source_labels: ['__name__'], regex: 'detail|up', action: 'drop' }
    report = ask(made('up', target), made('detail', target), made('total', target),
                 made('scrape_samples_post_metric_relabeling', target) { 2 },
                 configs: [drop], up: 'up', detail: 'detail', kept: 'scrape_samples_post_metric_relabeling')
    expect(report.answers.transform_values { |answer| answer.series.map(&:last) }).to eq('up' => [1], 'detail' => [], 'kept' => [1])
    expect(report.series).to eq(3)
  end

  it 'refuses a relabelling that makes one series of two' do
    rename = { source_labels: ['__name__'], regex: '(kafka_[a-z]+):(.+)', target_label: '__name__', replacement: '${1}_${2}' }
    kept = ask(made('kafka_log:size', target), configs: [rename], size: 'kafka_log_size')
    expect(kept['size'].series.map(&:last)).to eq([1])
    expect { ask(made('kafka_log:size', target), made('kafka_log_size', target), configs: [rename], size: 'kafka_log_size') }
      .to raise_error(Promql::Failed, /two series are/)
  end

  it 'records, and fires an alert when its time is up and not before' do
    dead = last - 1800
    report = ask(made('up', target), made('up', other) { |at| at < dead ? 1 : 0 },
                 evaluate: [{ record: 'service:up:sum', expr: 'sum by (aiven_service_name) (up)' },
                            { alert: 'Down', expr: 'service:up:sum < 2', for: '10m', annotations: { 'summary' => '{{ $labels.aiven_service_name }}' } },
                            { alert: 'Later', expr: 'service:up:sum < 2', for: '31m' },
                            { alert: 'Fast', expr: "vector(time()) < #{dead}", for: '30m' }],
                 recorded: 'service:up:sum', pending: 'ALERTS{alertstate="pending"}')
    expect(report['recorded'].series.map(&:last)).to eq([1])
    expect(report.alerts.map { |alert| [alert.name, alert.pending_at, alert.firing_at, alert.ended_at] })
      .to contain_exactly(['Down', dead, dead + 600, nil], ['Later', dead, nil, nil], ['Fast', first, first + 1800, dead])
    expect(report.alerts.find { |alert| alert.name == 'Down' })
      .to have_attributes(labels: target.slice('aiven_service_name'), annotations: { 'summary' => 'search' })
    expect(report['pending'].series.map { |labels, _| labels['alertname'] }).to eq(['Later'])
  end

  it 'evaluates a group at its own interval' do
    file = rules({ record: 'seconds', expr: 'vector(time())' }, every: '5m')
    report = described_class.run(history: [history(made('up', target))], rules: { files: [file], from: last - 600, to: last, every: 60 },
                                 questions: [{ id: 'each', query: 'seconds[1h]', at: last }])
    expect(report['each'].series.map(&:last)).to eq([[last - 600, last - 300, last].map { |at| [at, at] }])
  end

  it 'says which rule fails' do
    twice = { alert: 'Twice', expr: 'label_replace(up, "instance", "", "", "")' }
    expect(ask(made('up', target), made('up', other), evaluate: [twice], up: 'up').rule_errors).to contain_exactly(/\ATwice: /)
  end

  it 'makes many services of one' do
    report = ask(made('up', target), clones: { count: 3, labels: %w[aiven_service_name instance] }, up: 'up')
    expect(report['up'].series.map { |labels, _| labels.values_at('aiven_service_name', 'instance') })
      .to match_array(Array.new(3) { |number| ["search-#{number}", "127.1.2.3:9273-#{number}"] })
  end
end
