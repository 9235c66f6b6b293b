# frozen_string_literal: true

# Makes the namespace that it runs in look like a BOSH VM: the folder given as
# /var/vcap, a user vcap, and a loopback interface of its own, so that the
# release's real ports are free. Says so on standard output and then holds the
# namespace until it is ended.
#
#   unshare --mount --net -- ruby namespace.rb FOLDER

require 'fileutils'
require 'socket'

folder = ARGV.fetch(0)

def mount(*arguments)
  system('mount', *arguments) or abort("namespace: mount #{arguments.join(' ')} failed")
end

mount('--make-rprivate', '/')

# /var/vcap without leaving it behind on this machine: a new /var, with links to the old.
old = File.join(folder, 'old-var')
FileUtils.mkdir_p(old)
mount('--rbind', '/var', old)
mount('-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', '/var')
Dir.children(old).each { |name| File.symlink(File.join(old, name), File.join('/var', name)) unless name == 'vcap' }
FileUtils.mkdir_p('/var/vcap')
mount('--bind', File.join(folder, 'vcap'), '/var/vcap')

# vcap comes first, in case the machine has that uid already.
{ '/etc/passwd' => 'vcap:x:1000:1000:BOSH:/home/vcap:/bin/bash', '/etc/group' => 'vcap:x:1000:' }.each do |file, line|
  others = File.readlines(file).grep_v(/\Avcap:/).join
  ours = File.join(folder, File.basename(file))
  File.write(ours, "#{line}\n#{others}")
  File.chmod(0o644, ours)
  mount('--bind', ours, file)
end

SIOCSIFFLAGS = 0x8914
IFF_UP_RUNNING = 0x41
UDPSocket.new.ioctl(SIOCSIFFLAGS, ['lo', IFF_UP_RUNNING].pack('a16sx14'))

$stdout.puts('ready')
$stdout.flush
sleep
