# frozen_string_literal: true

# Waits for what brings no event of its own: looks again and again, up to a limit.
module Waiting
  # Seconds; generous, because only a failing test waits that long.
  LIMIT = 60
  # Seconds between two looks.
  INTERVAL = 0.05

  # What the block returns, once that is true.
  def await(what, within: LIMIT)
    deadline = now + within
    until (found = yield)
      raise "not within #{within} s: #{what}#{evidence}" if now > deadline

      pause(what)
    end
    found
  end

  private

  def pause(_what) = sleep(INTERVAL)

  # What helps to understand why it did not come.
  def evidence = ''

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
end
