# frozen_string_literal: true

require 'ostruct'
require 'json'
require 'shellwords'

# What a template sees: `p`, `if_p`, `link`, `if_link`, `spec`, `name`, `index`,
# `properties`. Where BOSH's own class is installed (gem bosh-common), that is
# taken, and this file only says so; the stand-in below behaves the same.
module Rendering
  begin
    require 'bosh/common'
    require 'bosh/common/template/evaluation_context'
    EvaluationContext = Bosh::Common::Template::EvaluationContext
  rescue LoadError
    # Lookup by dotted names; `nil` is no value, `false` is one.
    module PropertyAccess
      def p(names, *default)
        Array(names).each do |name|
          value = lookup(name)
          return value unless value.nil?
        end
        return default.first unless default.empty?

        raise UnknownProperty, Array(names)
      end

      def if_p(*names)
        values = names.map { |name| lookup(name) }
        return Otherwise.new(self) if values.any?(&:nil?)

        yield(*values)
        Done.new
      end

      private

      def lookup(name)
        name.split('.').reduce(raw_properties) { |found, key| found.nil? ? nil : found[key] }
      end
    end

    class UnknownProperty < StandardError
      def initialize(names)
        # BOSH interpolates the list; the Director's Ruby and ours print it alike.
        super("Can't find property '#{names}'")
      end
    end

    class UnknownLink < StandardError
      def initialize(name)
        super("Can't find link '#{name}'")
      end
    end

    # After a condition that did not hold.
    class Otherwise
      def initialize(context)
        @context = context
      end

      def else
        yield
      end

      def else_if_p(...)
        @context.if_p(...)
      end

      def else_if_link(name, &block)
        @context.if_link(name, &block)
      end
    end

    # After a condition that held: nothing more is evaluated.
    class Done
      def else; end

      def else_if_p(*)
        Done.new
      end

      def else_if_link(*)
        Done.new
      end
    end

    LINK_INSTANCE = %w[name index id az address properties bootstrap].freeze

    # One instance behind a link.
    LinkInstance = Struct.new(*LINK_INSTANCE.map(&:to_sym)) do
      include PropertyAccess

      def raw_properties
        properties
      end
    end

    # A link whose provider is known.
    class Link
      include PropertyAccess

      attr_reader :instances, :properties

      def initialize(link)
        @instances = link['instances'].map { |instance| LinkInstance.new(*instance.values_at(*LINK_INSTANCE)) }
        @properties = link['properties']
        @address = link['address']
      end

      def raw_properties
        properties
      end

      def address(_criteria = {})
        raise NotImplementedError, 'link.address requires bosh director' if @address.nil?

        @address
      end
    end

    # The binding of a template.
    class EvaluationContext
      include PropertyAccess

      attr_reader :name, :index, :properties, :raw_properties, :spec

      def initialize(spec, _dns_encoder)
        @name = spec['name']
        @index = spec['index']
        @spec = open_struct(spec)
        @raw_properties = spec['properties'] || {}
        @properties = open_struct(@raw_properties)
        @links = spec['links'] || {}
      end

      def get_binding
        binding
      end

      def link(name)
        raise UnknownLink, name unless resolved?(name)

        Link.new(@links[name])
      end

      def if_link(name)
        return Otherwise.new(self) unless resolved?(name)

        yield Link.new(@links[name])
        Done.new
      end

      private

      def resolved?(name)
        @links.dig(name, 'instances')
      end

      def open_struct(value)
        case value
        when Hash then OpenStruct.new(value.transform_values { |inner| open_struct(inner) })
        when Array then value.map { |item| open_struct(item) }
        else value
        end
      end
    end
  end
end
