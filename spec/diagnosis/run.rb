# frozen_string_literal: true

require_relative 'machine'
require_relative 'rounds'

# Seeds faults, in namespaces of its own, into which it is started by Machine::NEW.
#
#   ruby run.rb PACE FILE      all of them: writes what was seen to the file, for the document and the spec
#   ruby run.rb show KEY...    some, fast: prints what each place says, with holes, and what declarations lack

def show(keys)
  chosen = Diagnosis.load.select { |fault| keys.include?(fault.key) }
  abort("known are: #{Diagnosis.faults.map(&:key).join(' ')}") if chosen.empty?
  Rounds.of(chosen, Pace.quick, Integer(ENV.fetch('PATIENCE', '40'))).each do |watch|
    puts "=== #{watch.fault.key}: #{watch.fault.title}"
    Diagnosis::PLACES.each do |place|
      seen = watch.seconds[place]
      puts "--- #{place}#{format(', as declared after %.1f s', seen) if seen}", watch.said(place)
    end
    puts "--- alerts: #{watch.alerts.join(', ')}", *watch.lacking
  end
end

Machine.prepare
what, *rest = ARGV
if what == 'show'
  show(rest)
else
  File.binwrite(rest.fetch(0), Marshal.dump(Rounds.of(Diagnosis.load, Pace.public_send(what)).map(&:seen)))
end
