# frozen_string_literal: true

require 'fileutils'
require 'json'

require_relative 'browser'

# Boards drawn in Chromium by the components with which Grafana 10.4 draws (spec/look/grafana), from what a real
# Prometheus answers.
class Drawing
  class Failed < StandardError; end

  SOURCES = File.expand_path('grafana', __dir__)
  # Pixels of the whole picture, and of its margins on both sides.
  WIDTH = 1600
  MARGINS = 32
  # What manifests/operations/README.md tells operators to give the data source.
  TIME_INTERVAL = '30s'

  # `folder` keeps the page, `packages` is the node_modules that scripts/setup installs.
  def initialize(folder, packages)
    @page = File.join(folder, 'page')
    FileUtils.mkdir_p(@page)
    system('node', File.join(SOURCES, 'bundle.mjs'), packages, @page) or raise Failed, 'the page cannot be built'
    FileUtils.cp(File.join(SOURCES, 'page.html'), @page)
    profile = File.join(folder, 'chromium').tap { |path| FileUtils.mkdir_p(path) }
    @browser = Browser.new(profile)
  end

  # Draws `board` (its JSON) into `file`, and returns the page's report. `order` has `url` of a Prometheus, `range`,
  # `caption`, and in `chosen` values of variables.
  def draw(board, file, width: WIDTH, **order)
    @browser.size(width, 1000)
    order = { board: board, timeInterval: TIME_INTERVAL, width: width - MARGINS, chosen: {}, caption: '', **order }
    File.write(File.join(@page, 'order.js'), "window.order = #{JSON.generate(order)};\n")
    report = @browser.outcome("file://#{@page}/page.html", 'window.drawn') or raise Failed, "#{board['uid']}: the page has no script"
    @browser.size(width, report['height'])
    @browser.picture(file)
    shrink(file)
    report
  end

  def stop = @browser&.stop

  private

  # To 256 colours, which is a third of the bytes and not to be seen.
  def shrink(file)
    system('pngquant', '--force', '--ext', '.png', '--quality', '60-95', '--strip', file) or raise Failed, "#{file} cannot be shrunk"
  end
end
