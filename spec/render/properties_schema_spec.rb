# frozen_string_literal: true

require_relative '../spec_helper'

RSpec.describe Rendering::PropertiesSchema do
  def problems(schema, value)
    wrapped = { '$schema' => described_class::DRAFT, '$defs' => { 'number' => { 'type' => 'number' } },
                'properties' => { 'x' => schema } }
    described_class.new(wrapped).problems({ 'x' => value })
  end

  [
    [{ 'type' => 'string' }, 'a', 1],
    [{ 'type' => 'string' }, '', nil],
    [{ 'type' => %w[boolean null] }, nil, 'true'],
    [{ 'type' => 'integer' }, 3, 3.5],
    [{ 'type' => 'number' }, 3.5, '3'],
    [{ 'type' => 'array', 'items' => { 'type' => 'string' } }, ['a'], ['a', 1]],
    [{ 'type' => 'object', 'additionalProperties' => { 'type' => 'string' } }, { 'a' => 'b' }, { 'a' => 1 }],
    [{ 'additionalProperties' => false, 'properties' => { 'a' => true } }, { 'a' => 1 }, { 'b' => 1 }],
    [{ 'required' => ['a'] }, { 'a' => 1 }, { 'b' => 1 }],
    [{ 'enum' => %w[a b] }, 'b', 'c'],
    [{ 'pattern' => '^a+$' }, 'aa', 'ab'],
    [{ 'minLength' => 2, 'maxLength' => 3 }, 'ab', 'a'],
    [{ 'maxLength' => 3 }, 'abc', 'abcd'],
    [{ 'minItems' => 1, 'uniqueItems' => true }, [1], []],
    [{ 'uniqueItems' => true }, [1, 2], [1, 1]],
    [{ 'minimum' => 1, 'maximum' => 9 }, 1, 0],
    [{ 'maximum' => 9 }, 9, 10],
    [{ 'propertyNames' => { 'maxLength' => 1 } }, { 'a' => 1 }, { 'ab' => 1 }],
    [{ '$ref' => '#/$defs/number' }, 1, 'a'],
    [{ 'type' => 'certificate' }, '', 'text']
  ].each do |schema, good, bad|
    it("#{JSON.generate(schema)} takes #{good.inspect}") { expect(problems(schema, good)).to be_empty }

    it "#{JSON.generate(schema)} refuses #{bad.inspect}, naming its place" do
      expect(problems(schema, bad)).to match([%r{`/x}])
    end
  end

  it 'says the sentence of x-error instead of its own, with what was found' do
    schema = { 'type' => 'string', 'pattern' => 'a', 'x-error' => 'x: found %{instance} at %{instanceLocation}', 'x-other' => 1 }
    expect(problems(schema, 5)).to eq(['x: found 5 at /x'])
    expect(problems(schema, 'b')).to eq(['x: found b at /x'])
  end

  it 'has an x-error for each keyword, or one for the rest' do
    schema = { 'type' => 'array', 'uniqueItems' => true, 'items' => { 'type' => 'string', 'x-error' => 'a text' },
               'x-error' => { 'uniqueItems' => 'each once', '*' => 'a list' } }
    expect(problems(schema, 5)).to eq(['a list'])
    expect(problems(schema, [5, 5])).to contain_exactly('a text', 'a text', 'each once')
  end

  it 'refuses keywords that it does not know' do
    expect { problems({ 'contains' => 1 }, []) }.to raise_error(Rendering::Refused, /does not know contains/)
  end

  it 'wants the draft that the Director wants' do
    expect { described_class.new({}) }.to raise_error(Rendering::Refused, /You must declare/)
    expect { described_class.new({ '$schema' => 'https://json-schema.org/draft/2019-09/schema' }) }
      .to raise_error(Rendering::Refused, /Only .* is currently supported/)
  end
end
