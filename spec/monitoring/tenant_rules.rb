# frozen_string_literal: true

require 'json'

require_relative 'signals'

# The tenants' rule files.
module TenantRules
  module_function

  # Their paths, once they are in `folder`.
  def write(folder)
    groups = Signals.all.select { |query| query.place == 'rule' }.group_by { |query| query.where['every'] }.map do |every, queries|
      { name: "record-#{every}", interval: every,
        rules: queries.map { |query| { record: query.where['record'], expr: query.plain, labels: query.where['labels'] } } }
    end
    [File.join(folder, 'rules.yml').tap { |file| File.write(file, JSON.generate(groups: groups)) }]
  end
end
