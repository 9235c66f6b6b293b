# frozen_string_literal: true

require 'fileutils'

require_relative 'browser'

# The daemon's page in Chromium: its picture, and what is wrong with it.
class PageView
  class Failed < StandardError; end

  DESKTOP = { width: 1280 }.freeze
  TELEPHONE = { width: 390 }.freeze
  # A picture ends here, so that it can be looked at.
  HEIGHT = 2400
  RULES = %w[wcag2a wcag2aa wcag21a wcag21aa wcag22aa best-practice].freeze
  JUDGE = <<~JAVASCRIPT.freeze
    axe.run(document, {runOnly: #{JSON.generate(RULES)}, resultTypes: ['violations']}).then(found => ({
      height: document.documentElement.scrollHeight,
      sideways: document.documentElement.scrollWidth > window.innerWidth,
      violations: found.violations.map(one => `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map(node => node.html).join(' ')}`),
    }))
  JAVASCRIPT

  # Its profile is in `folder`; `axe` is axe-core's own file.
  def initialize(folder, axe)
    @axe = File.read(axe)
    @browser = Browser.new(File.join(folder, 'chromium').tap { |path| FileUtils.mkdir_p(path) })
    @browser.hide_scrollbars
  end

  # How a state is looked at: what its picture's name ends with, and the screen.
  def widths(state)
    dark = state == 'healthy' ? [['-dark', { **DESKTOP, dark: true }], ['-phone-dark', { **TELEPHONE, dark: true }]] : []
    [['', DESKTOP], ['-phone', TELEPHONE], *dark]
  end

  # Draws the page into `file`, and returns what is wrong with it, as lines.
  def draw(url, file, width:, dark: false)
    @browser.colours(dark ? 'dark' : 'light')
    @browser.size(width, 1000)
    complaints = @browser.complaints_about(url)
    report = @browser.run("#{@axe};#{JUDGE}")
    @browser.size(width, [report['height'], HEIGHT].min)
    @browser.picture(file)
    system('pngquant', '--force', '--ext', '.png', '--quality', '60-95', '--strip', file) or raise Failed, "#{file} cannot be shrunk"
    complaints + report['violations'] + (report['sideways'] ? ["at #{width} pixels it has to be pushed sideways"] : [])
  end

  def stop = @browser&.stop
end
