# frozen_string_literal: true

require_relative '../documents/document'
require_relative '../spec_helper'
require_relative 'past'
require_relative 'promql'
require_relative 'signals'
require_relative 'tenant_rules'

# Every query that docs/tenants.md shows is one that a tenant can paste: it is asked as it
# stands there, of simulated services that have the names that it uses.
RSpec.describe 'The queries of docs/tenants.md' do
  queries = Document.new('docs/tenants.md').text.scan(/^```promql\n(.*?)^```$/m).flatten

  before(:context) do
    folder do |path|
      past = Past.new(path, 'healthy')
      questions = queries.each_with_index.map { |query, number| { id: number.to_s, query: query, at: Past::END_AT } }
      rules = { files: TenantRules.write(path), from: past.began_at, to: Past::END_AT, every: Past::STEP }
      @report = Promql.run(history: [past.file], rules: rules, questions: questions)
    end
  end

  queries.each_with_index do |query, number|
    it "return data: #{query.lines.first.strip}" do
      answer = @report[number.to_s]
      expect(answer.error).to be_nil
      expect(answer.series.map(&:last)).to all(be_a(Numeric)).and(satisfy('be something', &:any?))
    end
  end

  it 'are what the allow-list is made of, each of them' do
    asked = Signals.all.select { |query| query.place == 'guide' }
    expect(asked.size).to eq(queries.size)
  end
end
