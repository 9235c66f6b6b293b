# frozen_string_literal: true

require 'open3'

require_relative '../spec_helper'
require_relative '../support/prometheus'
require_relative 'drawing'
require_relative 'findings'

RSpec.describe 'What scripts/look makes of a dashboard' do
  tools = File.join(ReleaseSpec::ROOT, 'build/tools')
  components = File.join(tools, 'grafana-ui/node_modules')
  # That of a past that two nodes have written.
  finish = 1_796_000_000
  scrapes = (finish - 1800..finish).step(30)

  def dashboard = JSON.parse(File.read(File.join(__dir__, 'fixtures/board.json')))

  it 'puts variables and folded rows where Grafana puts them (node --test)' do
    said, status = Open3.capture2e(File.join(tools, 'bin/node'), '--test', *Dir[File.join(__dir__, 'grafana/test/*.test.ts')])
    expect(status).to be_success, said
    expect(said[/^# pass (\d+)/, 1].to_i).to be > 5
  end

  # Ours, of two nodes: one is down for a while.
  define_method(:past) do |file|
    lines = [1, 2].flat_map do |number|
      labels = %({job="aiven",aiven_service_name="prod",host="prod-#{number}"})
      scrapes.flat_map do |at|
        up = number == 1 && (finish - 900..finish - 600).cover?(at) ? 0 : 1
        ["up#{labels} #{up} #{at}", "disk_used_percent#{labels} #{(40 * number) + ((at - finish) / 300)} #{at}",
         "written_bytes#{labels} #{(at - finish + 1800) * number * 1000} #{at}"]
      end
    end
    # Each family's lines stand together.
    File.write(file, [*lines.sort_by.with_index { |line, index| [line[/\w+/], index] }, "# EOF\n"].join("\n"))
  end

  # The page's report.
  def draw(folder, board, components, finish)
    past(text = File.join(folder, 'past.om'))
    said, status = Open3.capture2e('promtool', 'tsdb', 'create-blocks-from', 'openmetrics', text, File.join(folder, 'data'))
    expect(status).to be_success, said
    Prometheus.run(folder, flags: ["--web.listen-address=#{Prometheus::ANY_PORT}", '--storage.tsdb.retention.time=100y']) do |prometheus|
      drawing = Drawing.new(folder, components)
      picture = File.join(folder, 'picture.png')
      report = drawing.draw(board, picture, url: prometheus.url, range: { from: finish - 1800, to: finish })
      expect(File.binread(picture, 4)).to eq("\x89PNG".b)
      report
    ensure
      drawing&.stop
    end
  end

  it 'draws each type of panel, and finds each mistake' do
    skip 'needs scripts/setup look' unless Dir.exist?(components)

    report = folder { |path| draw(path, dashboard, components, finish) }
    uses = [{ 'id' => 'signal', 'expression' => 'misspelt', 'place' => { 'board' => { 'uid' => 'fixture' } } }]
    truth = { 'signal' => [{ 'labels' => { 'aiven_service_name' => 'prod' }, 'value' => 1 }] }
    expect(Findings.new('fixture', report, uses, truth).to_a).to contain_exactly(
      'panel 9 "Empty without a reason": says only "No data" when it is empty',
      'panel 10 "Empty, though the state has it": no data of signal, which the state has',
      'panel 11 "Unknown option": its field configuration has custom.lineWide, which timeseries does not know',
      '$servise is used, and is no variable of the board',
      a_string_matching(/\Apanel 13 "No PromQL": .*parse error.*, of sum\(up\z/),
      'panel 14 "AngularJS": a panel of type graph is not drawn'
    )
    expect(report['panels'].to_h { |panel| [panel['id'], panel['targets'].map { |target| target['length'] }] })
      .to include(2 => [2], 3 => [2], 4 => [2], 6 => [2, 2])
  end
end
