# frozen_string_literal: true

require 'open3'

require_relative '../spec_helper'

RSpec.describe Rendering::Job do
  around { |example| folder { |path| (@jobs = path) && example.run } }

  # Lays out a job and returns it.
  def lay_out(name: 'web', spec: {}, templates: {}, monit: '', schema: nil)
    home = File.join(@jobs, name)
    FileUtils.mkdir_p(File.join(home, 'templates'))
    listed = templates.to_h { |file, _| [file, file.delete_suffix('.erb')] }
    File.write(File.join(home, 'spec'), YAML.dump({ 'name' => name, 'templates' => listed }.merge(spec)))
    File.write(File.join(home, 'monit'), monit)
    File.write(File.join(home, 'properties_schema.json'), JSON.generate(schema)) if schema
    templates.each { |file, text| File.write(File.join(home, 'templates', file), text) }
    described_class.new(home)
  end

  # What one template of a job with that spec becomes.
  def fill(text, spec = {}, context = {})
    lay_out(spec: spec, templates: { 'a.erb' => text }).render(context)['a']
  end

  def declare(*names, **defaults)
    { 'properties' => names.to_h { |name| [name, {}] }
                           .merge(defaults.to_h { |name, default| [name.to_s, { 'default' => default }] }) }
  end

  describe 'a property' do
    it 'is what the manifest gives, else its default' do
      spec = declare('a.b': 1, 'a.c': 2)
      expect(fill("<%= p('a.b') %> <%= p('a.c') %>", spec, { properties: { a: { c: 3 } } })).to eq('1 3')
    end

    it 'may be false, and a null is the default' do
      spec = declare(a: true, b: true)
      expect(fill("<%= p('a', 9) %> <%= p('b') %>", spec, { properties: { a: false, b: nil } })).to eq('false true')
    end

    it 'without value is an error, in the words of the Director' do
      expect { fill("one\n<%= p('a.b') %>", declare('a.b')) }.to raise_error(
        Rendering::Refused,
        "- Unable to render templates for job 'web'. Errors are:\n  " \
        "- Error filling in template 'a.erb' (line 2: Can't find property '[\"a.b\"]')"
      )
    end

    it 'is the first of several names that has a value, then the default of the template' do
      spec = declare('a', 'b', 'c')
      expect(fill("<%= p(%w[a b]) %> <%= p(%w[a c], 'd') %>", spec, { properties: { b: 2 } })).to eq('2 d')
    end

    it 'that the spec does not declare is dropped without a word' do
      expect(fill("<%= p('a.typo', 'none') %><%= properties.a.to_h %>", declare('a.b': 1), { properties: { a: { typo: 1 } } }))
        .to eq("none#{{ b: 1 }.inspect}")
    end

    it 'that is a hash has sorted keys, also further down, but not within lists' do
      given = { z: 1, a: { y: 1, b: [{ d: 1, c: 2 }] } }
      expect(fill("<%= p('h').to_json %>", declare('h'), { properties: { h: given } }))
        .to eq('{"a":{"b":[{"d":1,"c":2}],"y":1},"z":1}')
    end

    it 'with names below it cannot be a scalar' do
      expect { fill('', declare('a.b'), { properties: { a: 'text' } }) }
        .to raise_error(Rendering::Refused, "Property 'a.b' expects a hash, but received 'String'")
    end
  end

  describe 'conditions' do
    let(:spec) { declare('a', 'b').merge('consumes' => [{ 'name' => 'db', 'type' => 'db', 'optional' => true }]) }
    let(:text) { "<% if_p('a', 'b') do |a, b| %><%= a + b %><% end.else_if_p('a') do |a| %>a<% end.else do %>none<% end %>" }

    it('yield the values') { expect(fill(text, spec, { properties: { a: 1, b: 2 } })).to eq('3') }
    it('go on to else_if_p') { expect(fill(text, spec, { properties: { a: 1 } })).to eq('a') }

    it 'end after the first that holds' do
      expect(fill("<% if_p('a') do %>1<% end.else_if_p('a') do %>2<% end.else_if_link('db') do %>3<% end.else do %>4<% end %>",
                  spec, { properties: { a: 1 } })).to eq('1')
    end

    it 'go on to else_if_link' do
      text = "<% if_p('a') do %>1<% end.else_if_link('db') do |l| %><%= l.instances.size %><% end %>"
      expect(fill(text, spec, { links: { db: { instances: [{}, {}] } } })).to eq('2')
    end

    it 'else comes last' do
      expect(fill("<% if_link('db') do %>1<% end.else do %>2<% end %>", spec)).to eq('2')
    end
  end

  describe 'a link' do
    let(:spec) { { 'consumes' => [{ 'name' => 'db', 'type' => 'database' }] } }

    it 'has instances, an address and properties' do
      text = "<% l = link('db'); i = l.instances[1] %><%= [i.name, i.id, i.index, i.az, i.address, i.bootstrap, " \
             "l.address(azs: ['z1']), l.p('port'), l.p('none', 0), l.if_p('none') { }.class.instance_method(:else).name].to_json %>"
      link = { instances: [{}, { name: 'n', id: 'i', index: 7, az: 'z', address: 'a', bootstrap: false }],
               properties: { port: 5 }, address: 'db.bosh' }
      expect(JSON.parse(fill(text, spec, { links: { db: link } })))
        .to eq(['n', 'i', 7, 'z', 'a', false, 'db.bosh', 5, 0, 'else'])
    end

    it 'shows what its provider in this release lists, with defaults, and no more' do
      lay_out(name: 'db', spec: declare('secret', port: 5432, host: 'x')
        .merge('provides' => [{ 'name' => 'd', 'type' => 'database', 'properties' => %w[port host] }]))
      link = { instances: [], properties: { host: 'h', secret: 's' } }
      expect(fill("<%= link('db').properties.to_json %>", spec, { links: { db: link } })).to eq('{"port":5432,"host":"h"}')
    end

    it 'lacks a property that nobody gave' do
      expect { fill("<%= link('db').p('port') %>", spec, { links: { db: { instances: [] } } }) }
        .to raise_error(Rendering::Refused, /line 1: Can't find property '\["port"\]'/)
    end

    it 'that is not optional must be there' do
      expect { fill('', spec) }.to raise_error(Rendering::Refused, /Failed to resolve link 'db' with type 'database'/)
    end

    it 'that is optional and not there cannot be read' do
      spec = { 'consumes' => [{ 'name' => 'db', 'type' => 'database', 'optional' => true }] }
      expect { fill("<%= link('db') %>", spec) }.to raise_error(Rendering::Refused, /Can't find link 'db'/)
    end

    it 'must be one that the spec consumes' do
      expect { fill('', {}, { links: { db: { instances: [] } } }) }.to raise_error(Rendering::Refused, /Link 'db' is not declared/)
    end
  end

  it 'knows the instance' do
    text = '<%= [name, index, spec.id, spec.az, spec.bootstrap, spec.networks.default.ip, spec.release.name].to_json %>'
    expect(fill(text, {}, { spec: { index: 3, id: 'i', name: 'group' } }))
      .to eq('["group",3,"i","z1",true,"10.0.16.10","aiven-metrics"]')
  end

  it 'trims lines that end with -%>' do
    expect(fill("a\n<% if true -%>\nb\n<% end -%>\nc\n")).to eq("a\nb\nc\n")
  end

  it 'reports all failing templates together, each with file and line' do
    templates = { 'a.erb' => "\n\n<% raise 'no a' %>", 'b.erb' => 'fine', 'c.erb' => '<%= nonsense %>' }
    expect { lay_out(templates: templates).render }
      .to raise_error(Rendering::Refused, /'a\.erb' \(line 3: no a\)\n  - .*'c\.erb' \(line 1: undefined local/)
  end

  it 'gives each template a copy of its own' do
    templates = { 'a.erb' => "<% p('l') << 2 %>", 'b.erb' => "<%= p('l').to_json %>" }
    expect(lay_out(spec: declare(l: [1]), templates: templates).render['b']).to eq('[1]')
  end

  it 'renders the monit file, too' do
    expect(lay_out(monit: 'check process <%= name %>').render['monit']).to eq('check process prometheus')
  end

  describe 'properties_schema.json' do
    let(:schema) do
      { '$schema' => 'https://json-schema.org/draft/2020-12/schema', 'type' => 'object',
        'properties' => { 'a' => { 'properties' => { 'b' => { 'type' => %w[integer null] } } } } }
    end

    it 'refuses what it describes otherwise, before a template is read' do
      job = lay_out(spec: declare('a.b'), schema: schema, templates: { 'a.erb' => '<% raise %>' })
      expect { job.render({ properties: { a: { b: '1' } } }) }
        .to raise_error(Rendering::Refused, "Error validating properties for web\nvalue at `/a/b` is not integer or null")
    end

    it 'sees properties that nobody gave as null' do
      strict = Marshal.load(Marshal.dump(schema))
      strict['properties']['a']['properties']['b']['type'] = 'integer'
      expect { lay_out(spec: declare('a.b'), schema: strict).render }.to raise_error(Rendering::Refused, %r{`/a/b` is not integer})
      expect(lay_out(spec: declare('a.b'), schema: schema).render).to eq('monit' => '')
    end

    it 'is nothing to an older Director' do
      job = lay_out(spec: declare('a.b'), schema: schema)
      expect(job.render({ properties: { a: { b: '1' } } }, schema: false)).to eq('monit' => '')
    end
  end

  describe 'the command' do
    def run(*arguments)
      Open3.capture3('ruby', File.join(ReleaseSpec::ROOT, 'spec/render/render.rb'), *arguments)
    end

    def render(context)
      job = lay_out(spec: declare('a'), templates: { 'config.json.erb' => "<%= p('a') %>" }, monit: "check\n")
      File.write(File.join(@jobs, 'context.json'), JSON.generate(context))
      run('--job', job.folder, '--context', File.join(@jobs, 'context.json'), '--into', File.join(@jobs, 'out'))
    end

    it 'writes the files with the modes that the agent sets' do
      expect(render({ properties: { a: 'x' } })).to match(['', '', be_success])
      expect(File.read(File.join(@jobs, 'out/config.json'))).to eq('x')
      expect(File.stat(File.join(@jobs, 'out/config.json')).mode.to_s(8)).to eq('100640')
      expect(File.read(File.join(@jobs, 'out/monit'))).to eq("check\n")
    end

    it 'says what the Director says, and writes nothing' do
      _, errors, status = render({})
      expect([status.exitstatus, errors]).to match([1, /Can't find property '\["a"\]'/])
      expect(File).not_to exist(File.join(@jobs, 'out'))
    end

    it 'wants all its arguments' do
      expect(run('--job', 'x')).to match(['', "render: missing --context\n", have_attributes(exitstatus: 1)])
    end
  end
end
