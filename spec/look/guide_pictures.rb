# frozen_string_literal: true

require 'tmpdir'

require_relative '../documents/document'
require_relative '../monitoring/tenant_rules'
require_relative 'drawing'
require_relative 'history'

# The pictures of docs/tenants.md: the first query of each of its questions, in a state
# that makes the answer worth a look.
class GuidePictures
  WIDTH = 800
  HOUR = 3600

  # `question` is that of the guide, and `heading` is where another one is needed; `queries` are
  # legend => query, where they are others.
  Picture = Struct.new(:name, :question, :state, :unit, :legend, :lowest, :highest, :seconds, :heading, :queries, keyword_init: true)

  LAG = 'kafka_consumer_group_rep_lag{aiven_service_name="events"}'

  ALL = [
    { name: '1', question: 1, state: 'node-down', unit: 'short', legend: '{{aiven_service_name}}', lowest: 0, highest: 4 },
    { name: '2', question: 2, state: 'cpu-busy', unit: 'percent', lowest: 0, highest: 100 },
    { name: '3', question: 3, state: 'memory-low', unit: 'percent', lowest: 0 },
    { name: '4', question: 4, state: 'disk-filling', unit: 'percent', seconds: 6 * HOUR },
    { name: '5', question: 5, state: 'clients-refused', unit: 'cps', legend: '{{aiven_service_name}}', lowest: 0 },
    { name: '6', question: 6, state: 'healthy', unit: 'percent', legend: '{{aiven_service_name}} {{aiven_plan}}', lowest: 0, highest: 100 },
    { name: '7', question: 7, state: 'yellow', unit: 'short', legend: '{{aiven_service_name}}', lowest: 0, highest: 3 },
    { name: '8', question: 8, state: 'healthy', unit: 'ms', legend: '{{aiven_service_name}}', lowest: 0, seconds: 6 * HOUR },
    { name: '9', question: 9, state: 'pg-connections-full', unit: 'short', legend: '{{host}} {{datname}}', lowest: 0 },
    { name: '10', question: 10, state: 'pg-long-query', unit: 's', legend: '{{datname}}', lowest: 0 },
    { name: '11', question: 11, state: 'valkey-memory-full', unit: 'percent', lowest: 0, highest: 110 },
    { name: '12', question: 12, state: 'kafka-lag-growing', unit: 'short', legend: '{{name}}', lowest: 0 },
    { name: 'node-replaced', question: 4, state: 'node-replaced', unit: 'percent', lowest: 0, heading: 'Disks while a node is replaced' },
    { name: 'lag-moves', question: 12, state: 'elected-moved', unit: 'short', lowest: 0, seconds: HOUR * 2,
      heading: 'Kafka: the lag while another node begins to report it',
      queries: { 'sum by (…)' => "sum(#{LAG})", 'sum by (…) of max by (…)' => "sum(max by (name, topic, partition) (#{LAG}))" } }
  ].map { |picture| Picture.new(legend: '{{host}}', seconds: 3 * HOUR, **picture) }.freeze

  # The block gets them; what they started has ended when this returns.
  def self.open(**options)
    Dir.mktmpdir('aiven-metrics-guide') do |folder|
      pictures = new(folder, **options)
      yield pictures
    ensure
      pictures&.stop
    end
  end

  # `simulator` is a program, `packages` is a node_modules.
  def initialize(folder, simulator:, packages:)
    @folder = folder
    @simulator = simulator
    @drawing = Drawing.new(folder, packages)
  end

  # Draws all into `into`, and yields each file with what is wrong with it, as lines.
  def draw(into)
    ALL.group_by(&:state).each do |state, pictures|
      past = History.new(File.join(@folder, state), state, simulator: @simulator, names: names, rules: rules)
      pictures.each do |picture|
        file = File.join(into, "guide-#{picture.name}.png")
        yield file, complaints(picture, report(picture, file, past.url))
      end
    ensure
      past&.stop
    end
  end

  def stop = @drawing.stop

  private

  def report(picture, file, url)
    range = { from: History::FINISH - picture.seconds, to: History::FINISH }
    @drawing.draw(board(picture), file, url: url, range: range, width: WIDTH)
  end

  def complaints(picture, report)
    empty = report['panels'].flat_map { |panel| panel['targets'] }.select { |target| target['length'].zero? }
    report['problems'] + empty.map { |target| "question #{picture.question}: no data of #{target['expr']}" }
  end

  # As Grafana has a board with one panel.
  def board(picture)
    asked = picture.queries || { picture.legend => query(picture.question) }
    targets = asked.map.with_index { |(legend, query), number| { refId: ('A'.ord + number).chr, expr: query, legendFormat: legend, interval: '30s' } }
    defaults = { unit: picture.unit, min: picture.lowest, max: picture.highest, custom: { lineWidth: 2 } }.compact
    panel = { id: 1, type: 'timeseries', title: '', gridPos: { x: 0, y: 0, w: 24, h: 8 }, targets: targets,
              fieldConfig: { defaults: defaults, overrides: [] },
              options: { legend: { displayMode: 'list', placement: 'bottom', showLegend: true }, tooltip: { mode: 'multi' } } }
    { uid: "guide-#{picture.name}", title: title(picture), panels: [panel], templating: { list: [] }, annotations: { list: [] },
      time: { from: "now-#{picture.seconds}s", to: 'now' } }
  end

  def questions
    @questions ||= Document.new('docs/tenants.md').text.scan(/^### (\d+)\. ([^\n]+)\n(.*?)(?=^##)/m).to_h do |number, title, text|
      [number.to_i, [title, text[/^```promql\n(.*?)^```$/m, 1]]]
    end
  end

  def title(picture) = picture.heading || questions.fetch(picture.question).first
  def query(question) = questions.fetch(question).last

  # Whatever is a metric's name is among these words.
  def names
    texts = questions.values.map(&:last) + [LAG] + rules.map { |file| File.read(file) }
    texts.join(' ').scan(/[a-zA-Z_:][a-zA-Z0-9_:]+/).uniq
  end

  def rules
    @rules ||= TenantRules.write(@folder)
  end
end
