# frozen_string_literal: true

require_relative 'guide_pictures'
require_relative 'look'

# What scripts/look runs: `draw.rb BOARD [STATE]`, `draw.rb all`, or `draw.rb guide`.
board, state = ARGV
into = File.join(Look::ROOT, %w[all guide].include?(board) ? 'docs/pictures' : 'build/look')
FileUtils.mkdir_p(into)
failed = false
tell = lambda do |file, found|
  puts "look: #{file.delete_prefix("#{Look::ROOT}/")} (#{File.size(file) / 1024} KiB)", *found.map { |line| "  #{line}" }
  failed ||= found.any?
end
programs = { simulator: ENV.fetch('AIVEN_SIM_BIN'), packages: ENV.fetch('GRAFANA_UI') }

if board == 'guide'
  GuidePictures.open(**programs) { |pictures| pictures.draw(into, &tell) }
else
  Look.open(signals: ENV.fetch('SIGNALS_BIN'), **programs) do |look|
    wanted = board == 'all' ? look.all : [[board, state || Look::HEALTHY]]
    wanted.each do |uid, shown|
      file = File.join(into, "#{uid}-#{shown}.png")
      tell.call(file, look.draw(uid, shown, file))
    end
  end
end
exit 1 if failed
