# frozen_string_literal: true

# From a manifest's properties to those of the job: only what the spec declares
# gets through, with its default where nothing was given.
module Rendering
  # The Director's rules for properties.
  module Properties
    module_function

    # `declared` is `properties` of a job's spec, `given` the manifest's.
    def bind(declared, given)
      declared.each_with_object({}) do |(name, definition), bound|
        value = lookup(given, name)
        value = (definition || {})['default'] if value.nil?
        set(bound, name, sorted(value))
      end
    end

    def lookup(given, name)
      name.split('.').reduce(given) do |found, key|
        raise Refused, "Property '#{name}' expects a hash, but received '#{found.class}'" unless found.is_a?(Hash)
        return nil if found[key].nil?

        found[key]
      end
    end

    def set(bound, name, value)
      *parents, last = name.split('.')
      parents.reduce(bound) { |hash, key| hash[key] ||= {} }[last] = value
    end

    # Lists keep their order, and so do the hashes in them.
    def sorted(value)
      return value unless value.is_a?(Hash)

      value.transform_values { |inner| sorted(inner) }.sort.to_h
    end
  end
end
