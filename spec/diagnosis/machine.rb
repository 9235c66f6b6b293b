# frozen_string_literal: true

require 'fileutils'
require 'socket'

# Where everything runs: namespaces of its own, so that a folder can be a small disk and an address one of ours, and
# nothing is left of it. Prometheus runs there as somebody who may not read everything.
module Machine
  # Runs what follows in new namespaces.
  NEW = %w[unshare --mount --net --propagation private --].freeze
  UNPRIVILEGED = %w[setpriv --reuid=nobody --regid=nogroup --clear-groups --].freeze

  module_function

  # Why there can be none here, or nil.
  def lacking
    return 'root, for namespaces' unless Process.uid.zero?

    'unshare and setpriv (util-linux), ip (iproute2)' unless system('command -v setpriv unshare ip >/dev/null')
  end

  # In new namespaces: only loopback is there, and it is down.
  def prepare = run('ip', 'link', 'set', 'lo', 'up')

  # Makes `ip` an address of this machine.
  def address(ip) = run('ip', 'address', 'add', "#{ip}/32", 'dev', 'lo')

  # Makes `folder` a disk of this size.
  def small_disk(folder, size)
    FileUtils.mkdir_p(folder)
    run('mount', '-t', 'tmpfs', '-o', "size=#{size},mode=0755", 'none', folder)
  end

  def unmount(folder) = run('umount', '--lazy', folder)

  # Takes all room that is left on the disk of `folder`.
  def fill(folder)
    File.open(File.join(folder, 'ballast'), 'w') { |file| loop { file.write('x' * 4096) && file.flush } }
  rescue Errno::ENOSPC
    nil
  end

  def run(*command) = system(*command, exception: true)
end
