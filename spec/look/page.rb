# frozen_string_literal: true

require_relative 'page_world'
require_relative 'page_view'

# What scripts/look-at-page runs: each state of the daemon and its surroundings, drawn and judged.
into = ARGV.fetch(0)
FileUtils.mkdir_p(into)
wrong = PageWorld.open do |world|
  view = PageView.new(world.folder, ENV.fetch('AXE'))
  world.states.flat_map do |state, path|
    view.widths(state).flat_map do |suffix, screen|
      file = File.join(into, "page-#{state}#{suffix}.png")
      found = view.draw("#{world.url}#{path}", file, **screen)
      puts "look-at-page: #{file} (#{File.size(file) / 1024} KiB)", *found.map { |line| "  #{line}" }
      found
    end
  end
ensure
  view&.stop
end
exit 1 if wrong.any?
