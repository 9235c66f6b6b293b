# frozen_string_literal: true

require 'fileutils'
require 'json'
require 'open3'
require 'yaml'

require_relative '../manifests/manifest'
require_relative '../scratch_clone'
require_relative 'deployed'
require_relative 'director_http'
require_relative 'page'

# Somebody who does what docs/deploying.md says, in a folder that holds a tarball and the Director's CA. The PATH has
# the bosh CLI and programs of the base system; HOME is empty. Real are bosh, git, curl and the tarball, whose binaries
# are scripts of one line. Not there, and stood in for:
#
#   the Director   DirectorHttp
#   credhub        a script that asks CredHub, which makes the deployment's values
#   ssh            a script that runs the command with the deployed job's files in the place of /var/vcap/jobs
#   GitHub         a repository with spec/manifests/base.yml, or the manifest of the checkout that CF_DEPLOYMENT names
#   Gorouter       a server that takes a tenant's query, if user and password are those that were deployed
class Operator
  PROGRAMS = %w[bash cat chmod git curl grep gzip ls mkdir rm sed tar].freeze
  VERSION = '1.0.0+dev.1'
  CF_VERSION = 'v58.0.0'
  DOMAIN = 'cf.example.com'

  # Made once for all examples.
  class << self
    def tarball
      @tarball ||= begin
        @folder = Dir.mktmpdir('aiven-metrics-release')
        at_exit { FileUtils.rm_rf(@folder) }
        clone = ScratchClone.new(File.join(@folder, 'clone').tap { |path| Dir.mkdir(path) })
        clone.build_release(VERSION)
        clone.tarball(VERSION)
      end
    end
  end

  attr_reader :director

  # `aiven`: SimulatedAiven.
  def initialize(folder, aiven)
    @folder = folder
    @aiven = aiven
    %w[bin home work cf-deployment director vm curl].each { |name| Dir.mkdir(at(name)) }
    @director = Director.new(YAML.safe_load_file(foundation, aliases: true), at('director')) { deployed }
    fill_folder
    fill_path
  end

  # What was printed, and the status.
  def follow(page)
    DirectorHttp.run(director) do |http|
      File.write(at('work/director-ca.crt'), http.certificate)
      script = at('page').tap { |file| File.write(file, page.script(values(http))) }
      Open3.capture2e(environment, at('bin/bash'), '-euo', 'pipefail', script, chdir: at('work'), unsetenv_others: true)
    ensure
      @deployed&.stop
    end
  end

  def project = @aiven.projects.first
  def service = @aiven.services.find { |one| one['project'] == project }['name']

  private

  def deployed
    @deployed&.stop
    @deployed = Deployed.new(director, at('vm'), @aiven)
    File.write(at('curl/.curlrc'), @deployed.curl)
  end

  def at(*names) = File.join(@folder, *names)
  def foundation = ENV['CF_DEPLOYMENT'] ? File.join(ENV['CF_DEPLOYMENT'], 'cf-deployment.yml') : Manifest::CF

  def values(http)
    {
      'VERSION' => VERSION, 'CF_DEPLOYMENT_VERSION' => CF_VERSION, 'SYSTEM_DOMAIN' => DOMAIN, 'AIVEN_TOKEN' => @aiven.token,
      'AIVEN_PROJECT' => project, 'AIVEN_SERVICE' => service, 'DIRECTOR_NAME' => Director::NAME,
      'BOSH_ENVIRONMENT' => http.url, 'BOSH_CLIENT' => DirectorHttp::CLIENT, 'BOSH_CLIENT_SECRET' => DirectorHttp::SECRET,
      'BOSH_CA_CERT' => 'director-ca.crt'
    }
  end

  # BOSH_NON_INTERACTIVE is the person who says yes to the difference.
  def environment
    { 'PATH' => at('bin'), 'HOME' => at('home'), 'TMPDIR' => at('home'), 'BOSH_NON_INTERACTIVE' => 'true', 'CURL_HOME' => at('curl'),
      'GIT_CONFIG_COUNT' => '1', 'GIT_CONFIG_VALUE_0' => 'https://github.com/cloudfoundry/cf-deployment',
      'GIT_CONFIG_KEY_0' => "url.file://#{at('cf-deployment')}.insteadOf" }
  end

  def fill_folder
    FileUtils.cp(Operator.tarball, at('work'))
    FileUtils.cp(foundation, at('cf-deployment/cf-deployment.yml'))
    git = ['git', '-C', at('cf-deployment')]
    [%w[init --quiet], %w[add --all], %w[commit --quiet --message Stand-in], ['tag', CF_VERSION]].each do |arguments|
      system(ScratchClone::IDENTITY, *git, *arguments, exception: true)
    end
  end

  def fill_path
    (PROGRAMS + ['bosh']).each { |name| File.symlink(program(name), at('bin', name)) }
    write_program('ssh', <<~BASH)
      # What bosh adds ends with the user's name; /var/vcap/jobs/JOB is a folder here.
      while [[ $1 != -l ]]; do shift; done
      shift 2
      read -ra command <<<"$*"
      program=${command[0]/#\\/var\\/vcap/#{at('vm')}}
      [[ -x $program ]] || { echo "bash: ${command[0]}: No such file or directory" >&2; exit 127; }
      exec "$program" "${command[@]:1}"
    BASH
    write_program('credhub', <<~BASH)
      [[ $1 == get ]] || { echo "credhub: only get is known here" >&2; exit 1; }
      shift
      key='' name='' quiet=''
      while (($#)); do
        case $1 in
          --quiet) quiet=1; shift ;;
          --key) key=$2; shift 2 ;;
          --name) name=$2; shift 2 ;;
          *) echo "credhub: unknown flag $1" >&2; exit 1 ;;
        esac
      done
      [[ $quiet && -r #{at('vm')}/credhub$name${key:+.$key} ]] || { echo "The request could not be completed because the credential does not exist" >&2; exit 1; }
      cat "#{at('vm')}/credhub$name${key:+.$key}"
    BASH
  end

  def write_program(name, text)
    File.write(at('bin', name), "#!#{at('bin/bash')}\nset -euo pipefail\n#{text}", perm: 0o755)
  end

  def program(name)
    ENV['PATH'].split(':').map { |folder| File.join(folder, name) }.find { |file| File.executable?(file) } or raise "no #{name}"
  end
end
