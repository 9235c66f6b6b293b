# frozen_string_literal: true

require 'open3'

require_relative '../spec_helper'
require_relative 'aiven_metrics_values'
require_relative 'bosh_job'

RSpec.describe 'job aiven-metrics' do
  let(:required) do
    { 'aiven' => { 'api_token' => 'token-of-tests', 'projects' => ['alpha'] },
      'integration' => { 'username' => 'scraper', 'password' => 'correct horse' } }
  end
  let(:job_spec) { job('aiven-metrics').spec }

  # What the schema says of each property, by name.
  def schema_of_properties
    sections = JSON.parse(File.read(File.join(ReleaseSpec::ROOT, 'jobs/aiven-metrics/properties_schema.json')))['properties']
    leaves = lambda do |schemas, path|
      schemas.flat_map do |key, schema|
        name = [*path, key].join('.')
        schema['properties'] ? leaves[schema['properties'], name] : [[name, schema]]
      end
    end
    leaves[sections, nil].to_h
  end

  def render(properties = required, spec: {}, schema: true)
    job('aiven-metrics').render({ 'properties' => properties, 'spec' => spec }, schema: schema)
  end

  def config(properties = required, **options)
    JSON.parse(render(properties, **options)['config/config.json'])
  end

  # check-config's judgement of `config`: nil, or its problems.
  def problems(config)
    folder do |path|
      file = File.join(path, 'config.json')
      File.write(file, JSON.generate(config))
      output, status = Open3.capture2e(daemon, 'check-config', '--config', file)
      status.success? ? nil : output
    end
  end

  it_behaves_like 'a job that BOSH can run', 'aiven-metrics' do
    let(:rendered) { render }
    let(:rendered_again) { render }
  end

  describe 'bpm.yml' do
    let(:process) { YAML.safe_load(render['config/bpm.yml'])['processes'].first }

    it 'runs the packaged daemon on the rendered configuration, and gives it the persistent disk' do
      expect(process).to include('executable' => '/var/vcap/packages/aiven-metrics/bin/aiven-metrics', 'persistent_disk' => true,
                                 'args' => %w[run --config /var/vcap/jobs/aiven-metrics/config/config.json])
    end

    it 'asks for no privilege' do
      expect(process.keys & %w[capabilities unsafe additional_volumes]).to be_empty
    end
  end

  describe 'spec' do
    it 'describes every property in at least two sentences or with its unit and values' do
      short = job_spec['properties'].reject { |_, property| property['description'].split.size >= 12 }
      expect(short.keys).to be_empty
    end

    it 'has a default for every property that is not required' do
      without = job_spec['properties'].reject { |_, property| property.key?('default') }.keys
      of_labels = %w[cloud_foundry.api_url cloud_foundry.client_id cloud_foundry.client_secret]
      expect(without).to contain_exactly('aiven.api_token', 'aiven.projects', 'integration.username', 'integration.password', *of_labels)
    end

    it 'has an example for every structure' do
      structures = job_spec['properties'].select { |_, property| [Array, Hash].include?(property['default'].class) }
      expect(structures.merge(job_spec['properties'].slice('aiven.projects')).values).to all(include('example'))
    end

    it 'has the properties of its properties_schema.json with their defaults, and no more' do
      defaults = schema_of_properties.transform_values { |property| property['default'] }
      # Other machines scrape the daemon of a BOSH deployment.
      expect(defaults.delete('web.listen')).to eq('127.0.0.1:9274')
      declared = job_spec['properties'].transform_values { |property| property['default'] }
      expect(declared.delete('web.listen')).to eq('0.0.0.0:9274')
      expect(declared).to eq(defaults)
    end

    it 'has the defaults that docs/configuration.md tells' do
      told = File.read(File.join(ReleaseSpec::ROOT, 'docs/configuration.md')).scan(/^\| `([a-z_.]+)` \| (.*?) \|/).to_h
      schema_of_properties.select { |_, property| property.key?('default') }.each do |name, property|
        default = property['default']
        expect(told[name]).to eq("`#{default.to_s.empty? || !default.is_a?(String) ? JSON.generate(default) : default}`"), name
      end
    end

    it 'provides its web address' do
      expect(job_spec['provides']).to eq([{ 'name' => 'aiven-metrics', 'type' => 'aiven-metrics',
                                            'properties' => %w[scrape_proxy.listen web.expose_status web.listen web.tls.client_ca] }])
    end

    it 'tells prom_scraper where to ask, and under which name' do
      told = ->(properties) { YAML.safe_load(render(properties)['config/prom_scraper_config.yml']) }
      expect(told[required]).to include('port' => '9274', 'source_id' => 'aiven-metrics', 'instance_id' => a_string_matching(/./))
      expect(told[required]).not_to include('scheme', 'server_name')
      secured = with(with(required, 'web.tls', AivenMetricsValues::TLS), 'web.listen', '[::]:9999')
      expect(told[secured]).to include('port' => '9999', 'scheme' => 'https', 'server_name' => 'a CA')
    end

    it 'has no drain script' do
      expect(job_spec['templates'].values).not_to include('bin/drain')
    end
  end

  describe 'config.json' do
    it 'has the defaults of the spec and what BOSH knows' do
      declared = job_spec['properties'].transform_values { |property| property['default'] }
      expected = required.merge('state_dir' => '/var/vcap/store/aiven-metrics', 'instance_index' => 0)
      declared.each do |name, default|
        expected = with(expected, name, default) unless Rendering::Properties.lookup(required, name)
      end
      expect(config).to eq(expected)
    end

    it 'has every key that the daemon has' do
      names = lambda do |values, path|
        values.flat_map do |key, value|
          name = [*path, key].join('.')
          value.is_a?(Hash) && !schema_of_properties.key?(name) ? names[value, name] : [name]
        end
      end
      expect(names[config, nil]).to match_array(schema_of_properties.keys + %w[state_dir instance_index])
    end

    it 'is taken by the daemon' do
      expect(problems(config)).to be_nil
    end

    it 'has the index of the instance' do
      expect(config(spec: { 'index' => 3 })['instance_index']).to eq(3)
    end

    it 'is one expression' do
      template = File.read(File.join(ReleaseSpec::ROOT, 'jobs/aiven-metrics/templates/config.json.erb'))
      expect(template).to match(/\A<%= (?!.*<%).* %>\n\z/m)
    end

    AivenMetricsValues::GOOD.each do |name, value|
      it "takes #{name} = #{value.inspect[0, 60]}, and so does the daemon" do
        properties = with(required, name, value)
        rendered = config(properties)
        expect(Rendering::Properties.lookup(rendered, name)).to eq(value) unless value.nil?
        expect(problems(rendered)).to be_nil
      end
    end
  end

  describe 'a value that the daemon refuses' do
    AivenMetricsValues::BAD.each do |name, value|
      it "is refused by name at deploy time: #{name} = #{value.inspect[0, 60]}" do
        expect(problems(with(config, name, value))).to match(/^(?:aiven-metrics: |\s*)#{refused_name(name)}/)
        properties = with(required, name, value)
        expect { render(properties, schema: false) }.to raise_error(Rendering::Refused, /^\s*#{refused_name(name)}/)
        # Only the template can keep a value to itself because of what it looks like.
        same = ->(sentence) { sentence.sub(/found (?:"\S{16,}"|a text of \d+ characters, not shown)/, 'found it') }
        expect(sentences(properties).map(&same)).to eq(sentences(properties, schema: false).map(&same))
      end
    end

    # What is refused, without what the Director puts around it.
    def sentences(properties, **options)
      render(properties, **options)
    rescue Rendering::Refused => e
      e.message.lines.map { |line| line.strip.delete_suffix(')') }.grep(/\A[a-z_]+\.[a-z_]+: /).uniq.sort
    end

    # Of two that listen on one port, both tell about the proxy.
    def refused_name(name)
      name == 'web.listen' ? /(?:web|scrape_proxy)\.listen/ : Regexp.escape(name)
    end

    AivenMetricsValues::STRICTER.each do |name, value|
      it "or that this job cannot use: #{name} = #{value.inspect}" do
        expect(problems(with(config, name, value))).to be_nil
        expect { render(with(required, name, value), schema: false) }.to raise_error(Rendering::Refused, /^\s*#{Regexp.escape(name)}/)
      end
    end

    it 'is told together with all the others' do
      properties = with(with(required, 'log.level', 'loud'), 'dns.timeout', '5')
      expect { render(properties, schema: false) }.to raise_error(Rendering::Refused, /^\s*dns\.timeout: .*^\s*log\.level: /m)
    end

    {
      'aiven.api_token' => 'sEcret token', 'integration.username' => 'sEcret', 'integration.password' => 'sEcret',
      'aiven.ca_cert' => 'sEcret', 'scrape_proxy.ca_cert' => 'sEcret', 'aiven.api_url' => 'https://user:sEcret@api.aiven.io',
      'aiven.http_proxy' => 'http://user:sEcret@proxy.example:3128/path', 'cloud_foundry.api_url' => 'https://user:sEcret@api.cf.example',
      'cloud_foundry.client_id' => 'sEcret id', 'cloud_foundry.client_secret' => 'sEcret secret', 'cloud_foundry.ca_cert' => 'sEcret'
    }.each do |name, value|
      it "is never shown where it may be a secret: #{name}" do
        expect { render(with(required, name, value), schema: false) }.to raise_error(Rendering::Refused) { |error|
          expect(error.message).to include(name)
          expect(error.message).not_to include('sEcret')
        }
      end
    end
  end

  describe 'a secret in the wrong property' do
    wrong = { 'aiven.projects' => ->(text) { [text] }, 'services.types' => ->(text) { text }, 'services.tags' => ->(text) { { 'a b' => text } },
              'integration.endpoint_id' => ->(text) { "#{text} " }, 'integration.endpoint_name' => ->(text) { " #{text}" },
              'targets.path' => ->(text) { text }, 'log.level' => ->(text) { text }, 'web.listen' => ->(text) { text } }
    ['Tr0ub4dor&3', 'AVNS_x7Kq2mZpW9', '6f1ed002-ab5a-4e9f-9c3e-1d7a8b2c4f60', 'Abcdefghijklmnopq', 'dXNlcjpwYXNzd29yZA=='].each do |secret|
      wrong.each do |name, form|
        it "is not shown by the template: #{secret} in #{name}" do
          expect { render(with(required, name, form.call(secret)), schema: false) }.to raise_error(Rendering::Refused) { |error|
            expect(error.message).to match(/#{name}: found (?:a text of \d+ characters, not shown|"a b"), want /)
            expect(error.message).not_to include(secret)
          }
        end
      end
    end
  end

  describe 'what one property demands of another' do
    def without(*names)
      names.reduce(required) { |properties, name| with(properties, name, nil) }
    end

    %w[aiven.api_token aiven.projects].each do |name|
      it "#{name} is required, and named by the Director" do
        [true, false].each do |schema|
          expect { render(without(name), schema: schema) }.to raise_error(Rendering::Refused, /^\s*#{name}: missing or wrong, want .*; /)
        end
      end
    end

    %w[integration.username integration.password].each do |name|
      it "#{name} is required to create an endpoint" do
        expect { render(without(name)) }.to raise_error(Rendering::Refused, /^\s*#{name}: missing, want .*; nodes will ask for it; needed unless/)
        expect(problems(config.merge('integration' => config['integration'].merge(name.split('.').last => nil)))).to include(name)
      end

      it "#{name} is not given alone" do
        expect { render(with(without(name), 'integration.create', false)) }
          .to raise_error(Rendering::Refused, /^\s*#{name}: missing, want .* both, or neither/)
      end
    end

    [['integration.create', false], ['integration.endpoint_id', '0b8d-6c1e']].each do |name, value|
      it "credentials are not needed with #{name} = #{value}" do
        rendered = config(with(without('integration.username', 'integration.password'), name, value))
        expect(rendered['integration']).to include('username' => nil, 'password' => nil)
        expect(problems(rendered)).to be_nil
      end
    end

    it 'an existing endpoint belongs to one project' do
      properties = with(with(required, 'integration.endpoint_id', '0b8d'), 'aiven.projects', %w[a b])
      expect { render(properties) }.to raise_error(Rendering::Refused, /^\s*integration\.endpoint_id: found it with several projects/)
    end

    it 'a persistent disk is demanded of the instance group' do
      expect { render(spec: { 'persistent_disk' => 0 }) }
        .to raise_error(Rendering::Refused, /^\s*instance group 'prometheus': found no persistent disk/)
    end
  end

  describe 'properties_schema.json' do
    def schema_problems(properties)
      declared = job_spec['properties']
      file = File.join(ReleaseSpec::ROOT, 'jobs/aiven-metrics/properties_schema.json')
      Rendering::PropertiesSchema.new(JSON.parse(File.read(file))).problems(Rendering::Properties.bind(declared, properties))
    end

    def job_spec
      job('aiven-metrics').spec
    end

    AivenMetricsValues::BAD.reject { |_, value| value.is_a?(String) }.each do |name, value|
      next if value.is_a?(Array) || value.is_a?(Hash) || value.is_a?(Float)

      it "refuses the wrong type of #{name} = #{value.inspect}, naming it" do
        expect(schema_problems(with(required, name, value)).join).to start_with("#{name}: ")
      end
    end

    it 'refuses a hash or a list for each property that is neither' do
      job_spec['properties'].each do |name, property|
        [{ 'a' => 1 }, [{}], 7.5].each do |value|
          next if value.is_a?(property['default'].class)

          expect(schema_problems(with(required, name, value))).not_to be_empty, "#{name} = #{value}"
        end
      end
    end
  end

  describe 'pre-start' do
    it 'has the daemon look at its configuration before it makes anything' do
      script = render['bin/pre-start'].lines.grep_v(/^(#|set|$)/)
      expect(script.first(2).join).to eq("/var/vcap/packages/aiven-metrics/bin/aiven-metrics check-config \\\n  " \
                                         "--config /var/vcap/jobs/aiven-metrics/config/config.json >/dev/null\n")
    end
  end

  describe 'targets-folder' do
    it 'is the folder of targets.path' do
      expect(render['config/targets-folder']).to eq("/var/vcap/store/aiven-metrics/targets\n")
      expect(render(with(required, 'targets.path', 'a/b/c.json'))['config/targets-folder']).to eq("/var/vcap/store/aiven-metrics/a/b\n")
    end
  end
end
