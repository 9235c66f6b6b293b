# frozen_string_literal: true

require 'cgi'

# The daemon's page as text: what it answers first, and what it says is wrong.
class PageText
  Problem = Struct.new(:title, :services, :cause, :remedy, keyword_init: true)

  def initialize(html)
    # Net::HTTP leaves the encoding open.
    @html = html.dup.force_encoding(Encoding::UTF_8)
  end

  # The answer in one line.
  def answer = text(@html[%r{<h1[^>]*>(.*?)</h1>}m, 1])

  def problems
    @html.scan(%r{<li class="problem[^"]*">(.*?)</li>}m).flatten.map do |item|
      named = item[%r{</h3>\s*<p>(.*?)</p>}m, 1]
      said = item.scan(%r{<dt>(.*?)</dt><dd>(.*?)</dd>}m).to_h
      Problem.new(title: text(item[%r{<h3>(.*?)</h3>}m, 1]), services: named && text(named), cause: text(said['Cause']), remedy: text(said['Do']))
    end
  end

  private

  def text(html) = CGI.unescapeHTML(html.to_s.gsub(/<[^>]+>/, '')).strip
end
