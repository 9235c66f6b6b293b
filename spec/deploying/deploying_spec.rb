# frozen_string_literal: true

require_relative 'operator'

# docs/deploying.md, from top to bottom.
RSpec.describe 'The page on deploying' do
  before(:context) do
    @folder = Dir.mktmpdir('aiven-metrics-release')
    @sim = ChildProcess.new(simulator, 'demo', log: File.join(@folder, 'aiven.log'))
    @aiven = SimulatedAiven.new(@sim)
  end

  after(:context) do
    @sim.stop
    FileUtils.rm_rf(@folder)
  end

  around do |example|
    folder do |path|
      @operator = Operator.new(path, @aiven)
      example.run
    end
  end

  let(:page) { Page.new }

  it 'leads from an empty folder to tenants who see metrics' do
    said, status = @operator.follow(page)
    expect(status).to be_success, said
    expect(said).to include('aiven-metrics-smoke-tests', @operator.service, '"status":"success"')
    expect(@operator.director.manifest['instance_groups'].map { |group| group['name'] }).to include('prometheus')
  end

  # What is wrong on the page, and what then says so.
  {
    'an ops file that is not there' => ['operations/add-tenant-prometheis.yml', 'add-tenant-prometheis.yml', /no such file or directory/],
    'a flag that bosh does not have' => ['--dry-run', '--rehearse', /unknown flag `rehearse'/],
    'a variable that nobody gives' => ['aiven_projects: [$AIVEN_PROJECT]', '', %r{Failed to find variable '/a-director/cf/aiven_projects'}],
    'a tarball that was not uploaded' => ['bosh upload-release "aiven-metrics-$VERSION.tgz"', '', /Release 'aiven-metrics' doesn't exist/],
    'a value that a job refuses' => ['aiven_projects: [$AIVEN_PROJECT]', 'aiven_projects: []', /Error validating properties for aiven-metrics/],
    'an errand that no job is' => ['run-errand aiven-metrics-smoke-tests', 'run-errand smoke-tests', /Errand 'smoke-tests' doesn't exist/],
    'a command that the VM does not have' => ['bin/aiven-metrics status', 'bin/status', %r{jobs/aiven-metrics/bin/status: No such file}],
    'another user' => ['grafana:%s', 'tenant:%s', /401/]
  }.each do |title, (written, instead, said)|
    it "does not, with #{title}" do
      output, status = @operator.follow(page.but(written, instead))
      expect(status).not_to be_success, output
      expect(output).to match(said)
    end
  end

  it 'asks for values in its first block only, each of which is used below' do
    first, *rest = page.text.scan(/^```\n(.*?)^```$/m).flatten
    names = page.wanted.reject { |name| name.start_with?('BOSH_') }
    expect(names).not_to be_empty
    expect(names.reject { |name| rest.any? { |block| block.match?(/\$\{?#{name}\b/) } }).to be_empty
    expect(first.lines.grep_v(Page::ASSIGNMENT)).to be_empty
    expect(rest.join.gsub(/\$\{?\w+/, '')).not_to match(/\b[A-Z]{3,}_?[A-Z]+\b(?<!EOF)|…/)
  end
end
