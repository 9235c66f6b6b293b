# frozen_string_literal: true

# Stands for runit, which on a stemcell starts monit again when it dies: keeps
# the command running, and reaps what that leaves behind.
#
#   ruby runit.rb COMMAND [ARGUMENT…]

require 'fiddle'

# linux/prctl.h
PR_SET_CHILD_SUBREAPER = 36
prctl = Fiddle::Function.new(Fiddle.dlopen(nil)['prctl'], [Fiddle::TYPE_INT, *[Fiddle::TYPE_LONG] * 4], Fiddle::TYPE_INT)
prctl.call(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0).zero? || abort('runit: cannot become a subreaper')

trap(:TERM) { exit }
loop do
  supervised = Process.spawn(*ARGV)
  nil until Process.wait == supervised
  # As runsv does, so that what dies at once does not keep the processor busy.
  sleep(1)
end
