# frozen_string_literal: true

require_relative '../spec_helper'
require_relative 'child_process'
require_relative 'http'

RSpec.describe ChildProcess do
  include Waiting

  around { |example| folder { |path| (@log = File.join(path, 'log')) && example.run } }

  def run(script, &block)
    described_class.run('ruby', '-e', "$stdout.sync = true\n#{script}", log: @log, &block)
  end

  # Whether a process runs; one that only waits to be reaped does not.
  def alive?(pid)
    !File.read("/proc/#{pid}/stat").match?(/\) Z /)
  rescue Errno::ENOENT
    false
  end

  it 'is awaited by a line that it prints' do
    run("puts 'at 127.0.0.1:80'; sleep") do |child|
      expect(child.await_line(/at (\S+)/)[1]).to eq('127.0.0.1:80')
    end
  end

  it 'is awaited by the port that the system chose' do
    run("require 'socket'; server = TCPServer.new('127.0.0.1', 0); puts server.addr[1]; sleep") do |child|
      expect(child.await_port).to eq(child.await_line(/\d+/)[0].to_i)
    end
  end

  it 'is not awaited any longer once it has ended, and its last words are told' do
    expect { run("abort('bind: address already in use')") { |child| child.await_line(/never/) } }
      .to raise_error(ChildProcess::Ended) { |error|
        expect(error.message).to include('ruby ended before', 'bind: address already in use')
        expect(error).to be_address_in_use
      }
  end

  it 'fails with its last words when nothing comes' do
    run("puts 'still at it'; sleep") do |child|
      child.await_line(/still/)
      expect { child.await('a miracle', within: 0) { false } }.to raise_error(/not within 0 s: a miracle.*still at it/m)
    end
  end

  it 'ends with its status, and what it started ends with it' do
    child = described_class.new('ruby', '-e', "$stdout.sync = true; trap(:TERM) { exit 3 }; puts spawn('sleep', '1000'); sleep", log: @log)
    started = child.await_line(/\d+/)[0].to_i
    expect(child.stop.exitstatus).to eq(3)
    expect(alive?(child.pid)).to be(false)
    await('its child has ended') { !alive?(started) }
    expect(described_class.running).not_to include(child)
  end
end
