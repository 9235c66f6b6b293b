# frozen_string_literal: true

require 'fileutils'

require_relative 'child_process'
require_relative 'http'

# A real Prometheus, ready, on a loopback port that the system chooses.
class Prometheus
  # What --web.listen-address has to be.
  ANY_PORT = '127.0.0.1:0'
  LISTENING = /msg="Listening on" (?:component=\S+ )?address=(\S+)/

  # The block gets it, and it has ended when this returns.
  def self.run(...)
    prometheus = new(...)
    yield prometheus
  ensure
    prometheus&.stop
  end

  # `address` is `ip:port`.
  attr_reader :address

  # Keeps its data and log in `folder`. Without `config` it scrapes nothing. `as` begins the command: who runs it, and where.
  def initialize(folder, config: nil, flags: ["--web.listen-address=#{ANY_PORT}"], env: {}, as: [])
    FileUtils.mkdir_p(folder)
    config ||= File.join(folder, 'prometheus.yml').tap { |file| FileUtils.touch(file) }
    @child = ChildProcess.new(*as, 'prometheus', "--config.file=#{config}", "--storage.tsdb.path=#{folder}/data", *flags,
                              log: File.join(folder, 'prometheus.log'), env: env)
    @address = await_line(LISTENING)[1]
    await('to be ready') { Http.get("#{url}/-/ready") }
  rescue StandardError
    stop
    raise
  end

  def url = "http://#{address}"

  # The result of a query.
  def query(expression) = Http.query(url, expression)

  def stop = @child&.stop

  # Without waiting for what it works on.
  def kill = @child.kill

  def await(...) = @child.await(...)

  def await_line(...) = @child.await_line(...)
end
