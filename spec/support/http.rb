# frozen_string_literal: true

require 'json'
require 'net/http'

# Plain HTTP to programs that tests start.
module Http
  module_function

  # The body of a page; nil unless the answer is 200.
  def get(url, query = {})
    uri = URI(url)
    uri.query = URI.encode_www_form(query) if query.any?
    answer = Net::HTTP.get_response(uri)
    answer.body if answer.is_a?(Net::HTTPOK)
  rescue SystemCallError, EOFError
    nil
  end

  # The result of a query to the Prometheus at `address`.
  def query(address, expression)
    JSON.parse(get("#{address}/api/v1/query", query: expression)).dig('data', 'result')
  end
end
