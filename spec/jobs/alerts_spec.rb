# frozen_string_literal: true

require_relative 'alert_cases'
require_relative 'bosh_job'

AlertCases::JOBS.each do |name|
  RSpec.describe "The job #{name}" do
    let(:prefix) { AlertCases.prefix(name) }

    it_behaves_like 'a job that BOSH can run', name do
      let(:rendered) { job(name).render }
      let(:rendered_again) { job(name).render }
    end

    def rules(name, properties = {}) = AlertCases.rendered(name, properties)

    # Of the file of alerts.
    def alerts_in(files)
      YAML.safe_load(files.find { |file, _| file.end_with?('.alerts.yml') }.last)['groups'].flat_map { |group| group['rules'] || [] }
    end

    # Each case of that name, with the group that it is of.
    def cases(name, *kinds)
      AlertCases.of(name)['groups'].flat_map do |group|
        group['alerts'].flat_map do |alert|
          kinds.map { |kind| alert[kind].merge('name' => "#{alert['name']}: #{kind}", 'group' => group['group']) }
        end
      end
    end

    def must_be_silent(tests)
      tests.map do |test|
        test.merge('alert_rule_test' => test['alert_rule_test'].map { |one| one.merge('exp_alerts' => []) })
      end
    end

    def check(files)
      folder do |path|
        paths = files.map { |file, text| File.join(path, file).tap { |one| File.write(one, text) } }
        Open3.capture2e('promtool', 'check', 'rules', '--lint-fatal', *paths)
      end
    end

    it 'writes rules that promtool takes: by default, all on, all off' do
      off = AlertCases.each_alert(name) { { 'enabled' => false } }
      [{}, AlertCases.all_on(name), off].each do |properties|
        output, status = check(rules(name, properties))
        expect(status).to be_success, output
      end
    end

    it 'fires, does not fire just below, and does not fire at a failover: each alert' do
      folder { |path| expect(AlertCases.failures(path, rules(name, AlertCases.all_on(name)), cases(name, 'fires', 'below', 'failover'))).to be_nil }
    end

    it 'says nothing on a quiet day' do
      folder { |path| expect(AlertCases.failures(path, rules(name), [AlertCases.of(name)['quiet_day']])).to be_nil }
    end

    it 'does not fire where its threshold is moved beyond what is there, or its time is not over' do
      moved = AlertCases.each_alert(name) do |alert|
        silenced_by = alert.dig('threshold', 'silenced_by')
        silenced_by ? { 'enabled' => true, 'threshold' => silenced_by } : { 'enabled' => true, 'evaluation_time' => '6h' }
      end
      folder { |path| expect(AlertCases.failures(path, rules(name, moved), must_be_silent(cases(name, 'fires')))).to be_nil }
    end

    it 'has each alert, on as the table says, for its time' do
      here = alerts_in(rules(name)).to_h { |alert| [alert['alert'], alert['for']] }
      expect(here).to eq(AlertCases.alerts(name).select { |alert| alert['enabled'] }.to_h { |alert| [alert['name'], alert['evaluation_time']] })
    end

    it 'lacks an alert that is off, and no other' do
      all = AlertCases.alerts(name).map { |alert| alert['name'] }
      # Each is off in one of these, and never together with its neighbour.
      %i[odd? even?].each do |which|
        off = AlertCases.alerts(name).each_with_index.select { |_, index| index.public_send(which) }.map(&:first)
        on = AlertCases.all_on(name).merge(off.to_h { |alert| [alert['id'], { 'enabled' => false }] })
        expect(alerts_in(rules(name, on)).map { |one| one['alert'] }).to eq(all - off.map { |alert| alert['name'] })
      end
    end

    it 'gives each alert its own time' do
      times = AlertCases.alerts(name).each_with_index.to_h { |alert, index| [alert['id'], "#{index + 1}h"] }
      properties = times.transform_values { |time| { 'enabled' => true, 'evaluation_time' => time } }
      expect(alerts_in(rules(name, properties)).map { |alert| alert['for'] }).to eq(times.values)
    end

    describe 'properties' do
      # What is said of that property of every alert that has it: by a Director that knows the schema, and one that does not.
      def refusals(name, key, value)
        properties = AlertCases.each_alert(name) { |alert| key == 'threshold' && alert['threshold'].nil? ? {} : { key => value } }
        [true, false].map do |schema|
          AlertCases.rendered(name, properties, schema: schema)
          []
        rescue Rendering::Refused => e
          e.message.scan(/#{AlertCases.prefix(name)}\.\w+\.\w+: found .*?; write .*?(?=\n|\)$|\z)/m)
        end
      end

      wrong = { 'enabled' => ['yes', 1, 'false'], 'evaluation_time' => [5, '5', 'soon', '', '-5m', '5m;', '5 m'],
                'threshold' => ['80', true, -1e30, 1e30, [1]] }

      wrong.each do |key, values|
        values.each do |value|
          it "are refused by name, in the same words with the schema and without: #{key} = #{value.inspect}" do
            ids = AlertCases.alerts(name).select { |alert| key != 'threshold' || alert['threshold'] }.map { |alert| alert['id'] }
            with_schema, without = refusals(name, key, value)
            expect(with_schema).to match_array(without)
            named = with_schema.map { |sentence| sentence[/\A[\w.]+(?=: found .*, want .*; write )/] }
            expect(named).to match_array(ids.map { |id| "#{prefix}.#{id}.#{key}" })
          end
        end
      end

      it 'are refused with a line break' do
        refusals(name, 'evaluation_time', "5m\n").each { |sentences| expect(sentences.size).to eq(AlertCases.alerts(name).size) }
      end

      it 'are taken at their bounds, as fractions, and as longer times' do
        %w[0s 90s 1h30m 2d 1w].each { |time| expect(refusals(name, 'evaluation_time', time)).to eq([[], []]) }
        [->(threshold) { threshold['min'] }, ->(threshold) { threshold['max'] }, ->(threshold) { threshold['min'] + 0.5 }].each do |value|
          all = AlertCases.each_alert(name) { |alert| alert['threshold'] ? { 'threshold' => value[alert['threshold']] } : {} }
          [true, false].each { |schema| AlertCases.rendered(name, all, schema: schema) }
          output, status = check(rules(name, all))
          expect(status).to be_success, output
        end
      end
    end
  end
end

RSpec.describe 'The job aiven-metrics-alerts' do
  def annotations(properties = {})
    YAML.safe_load(AlertCases.rendered('aiven-metrics-alerts', properties).values.first)['groups'].flat_map { |group| group['rules'] }
        .to_h { |rule| [rule['alert'], rule['annotations']] }
  end

  it 'leads each alert to its heading of docs/runbook.md, wherever that is read' do
    headings = File.read(File.join(ReleaseSpec::ROOT, 'docs/runbook.md')).scan(/^### (.*)$/).flatten
    [{}, { 'runbook_url' => 'https://docs.example/runbook' }].each do |properties|
      base = properties.fetch('runbook_url', 'docs/runbook.md')
      wanted = headings.to_h { |heading| [heading, "#{base}##{heading.downcase}"] }
      expect(annotations(properties).transform_values { |one| one['runbook_url'] }).to eq(wanted)
    end
  end

  ['a b', 'x"y', 'x#y', "x\ny", 5, 'a\\b', ''].each do |value|
    it "refuses #{value.inspect} for the runbook's address" do
      [true, false].each do |schema|
        expect { AlertCases.rendered('aiven-metrics-alerts', { 'runbook_url' => value }, schema: schema) }
          .to raise_error(Rendering::Refused, /aiven_metrics_alerts\.runbook_url: found .*, want a URL .*; write/m)
      end
    end
  end
end
