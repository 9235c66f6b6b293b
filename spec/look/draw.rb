# frozen_string_literal: true

require_relative 'look'

# What scripts/look runs: `draw.rb BOARD [STATE]`, or `draw.rb all`.
board, state = ARGV
into = File.join(Look::ROOT, board == 'all' ? 'docs/pictures' : 'build/look')
FileUtils.mkdir_p(into)
failed = false

Look.open(simulator: ENV.fetch('AIVEN_SIM_BIN'), signals: ENV.fetch('SIGNALS_BIN'), packages: ENV.fetch('GRAFANA_UI')) do |look|
  wanted = board == 'all' ? look.all : [[board, state || Look::HEALTHY]]
  wanted.each do |uid, shown|
    file = File.join(into, "#{uid}-#{shown}.png")
    found = look.draw(uid, shown, file)
    puts "look: #{file.delete_prefix("#{Look::ROOT}/")} (#{File.size(file) / 1024} KiB)", *found.map { |line| "  #{line}" }
    failed ||= found.any?
  end
end
exit 1 if failed
