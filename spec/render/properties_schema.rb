# frozen_string_literal: true

require 'openssl'

# Checks a job's properties against its properties_schema.json, as Directors
# that know that file do (they use the gem json_schemer). It knows the part of
# JSON Schema 2020-12 that this release uses, BOSH's own type `certificate`, and
# json_schemer's `x-error`, the sentence that is said instead of its own; a
# schema with anything else is refused, not half obeyed.
module Rendering
  # One schema.
  class PropertiesSchema
    # What is broken below these, the schemas there tell.
    APPLICATORS = %w[$ref properties additionalProperties propertyNames items].freeze
    DRAFT = 'https://json-schema.org/draft/2020-12/schema'
    REMARKS = %w[$schema $defs title description default].freeze

    def initialize(schema)
      @schema = schema
      raise Refused, 'You must declare your $schema draft version' if schema['$schema'].to_s.empty?
      raise Refused, "Only #{DRAFT} schema is currently supported" unless schema['$schema'] == DRAFT
    end

    # What is wrong with `properties`, one sentence each. A property that is
    # not given and has no default is there as nil, as it is for the Director.
    def problems(properties)
      check(@schema, properties, '')
    end

    private

    def check(schema, value, path)
      return schema ? [] : ["value at `#{path}` does not match schema"] if [true, false].include?(schema)

      # What begins with x- is nobody's but ours and json_schemer's.
      schema.reject { |keyword, _| REMARKS.include?(keyword) || keyword.start_with?('x-') }.flat_map do |keyword, expected|
        method = "check_#{keyword.delete('$')}"
        raise Refused, "properties_schema.json: the test's validator does not know #{keyword}" unless respond_to?(method, true)

        problems = send(method, expected, value, path, schema)
        APPLICATORS.include?(keyword) || problems.empty? ? problems : [said(schema['x-error'], keyword, value, path) || problems].flatten
      end
    end

    # The schema's own sentence about a broken keyword, if it has one.
    def said(x_error, keyword, value, path)
      x_error = x_error[keyword] || x_error['*'] if x_error.is_a?(Hash)
      x_error&.gsub(/%{instance(Location)?}/) { Regexp.last_match(1) ? path : value.to_s }
    end

    def check_ref(reference, value, path, _schema)
      name = reference[%r{\A#/\$defs/(\w+)\z}, 1] or raise Refused, "properties_schema.json: unknown $ref #{reference}"
      check(@schema.fetch('$defs').fetch(name), value, path)
    end

    def check_type(types, value, path, _schema)
      return [] if Array(types).any? { |type| type?(type, value) }

      ["value at `#{path}` is not #{Array(types).join(' or ')}"]
    end

    def type?(type, value)
      case type
      when 'null' then value.nil?
      when 'string' then value.is_a?(String)
      when 'boolean' then [true, false].include?(value)
      when 'integer' then value.is_a?(Integer) || (value.is_a?(Float) && value == value.to_i)
      when 'number' then value.is_a?(Numeric)
      when 'array' then value.is_a?(Array)
      when 'object' then value.is_a?(Hash)
      when 'certificate' then certificate?(value)
      else raise Refused, "properties_schema.json: unknown type #{type}"
      end
    end

    def certificate?(value)
      value.is_a?(String) && (value.empty? || !OpenSSL::X509::Certificate.load(value).empty?)
    rescue OpenSSL::X509::CertificateError
      false
    end

    def check_properties(schemas, value, path, _schema)
      return [] unless value.is_a?(Hash)

      schemas.select { |name, _| value.key?(name) }
             .flat_map { |name, schema| check(schema, value[name], "#{path}/#{name}") }
    end

    def check_additionalProperties(other, value, path, schema)
      return [] unless value.is_a?(Hash)

      (value.keys - (schema['properties'] || {}).keys)
        .flat_map { |name| check(other, value[name], "#{path}/#{name}") }
    end

    def check_propertyNames(schema, value, path, _schema)
      value.is_a?(Hash) ? value.keys.flat_map { |name| check(schema, name, path) } : []
    end

    def check_required(names, value, path, _schema)
      missing = value.is_a?(Hash) ? names - value.keys : []
      missing.map { |name| "object at `#{path}` is missing required properties: #{name}" }
    end

    def check_items(schema, value, path, _schema)
      return [] unless value.is_a?(Array)

      value.each_with_index.flat_map { |item, index| check(schema, item, "#{path}/#{index}") }
    end

    def check_minItems(least, value, path, _schema)
      !value.is_a?(Array) || value.size >= least ? [] : ["array size at `#{path}` is less than: #{least}"]
    end

    def check_uniqueItems(unique, value, path, _schema)
      !unique || !value.is_a?(Array) || value.uniq == value ? [] : ["array items at `#{path}` are not unique"]
    end

    def check_enum(values, value, path, _schema)
      values.include?(value) ? [] : ["value at `#{path}` is not one of: #{values}"]
    end

    # As the Director's library does, whose patterns are Ruby's: `^` begins a line.
    def check_pattern(pattern, value, path, _schema)
      return [] unless value.is_a?(String)

      value.match?(Regexp.new(pattern)) ? [] : ["string at `#{path}` does not match pattern: #{pattern}"]
    end

    def check_minLength(least, value, path, _schema)
      !value.is_a?(String) || value.length >= least ? [] : ["string length at `#{path}` is less than: #{least}"]
    end

    def check_maxLength(most, value, path, _schema)
      !value.is_a?(String) || value.length <= most ? [] : ["string length at `#{path}` is greater than: #{most}"]
    end

    def check_minimum(least, value, path, _schema)
      !value.is_a?(Numeric) || value >= least ? [] : ["number at `#{path}` is less than: #{least}"]
    end

    def check_maximum(most, value, path, _schema)
      !value.is_a?(Numeric) || value <= most ? [] : ["number at `#{path}` is greater than: #{most}"]
    end
  end
end
