# frozen_string_literal: true

require_relative '../spec_helper'
require_relative '../render/deployment_links'

RSpec.describe Rendering::DeploymentLinks do
  specs = {
    'db' => { 'provides' => [{ 'name' => 'sql', 'type' => 'database' }] },
    'web' => { 'consumes' => [{ 'name' => 'store', 'type' => 'database' }] },
    'cache' => { 'consumes' => [{ 'name' => 'store', 'type' => 'database', 'optional' => true }] }
  }

  # Groups by name, each a list of jobs: a name, or a name with `provides` and `consumes`.
  define_method(:resolve) do |**groups|
    document = groups.map do |group, jobs|
      { 'name' => group.to_s, 'jobs' => jobs.map { |job| job.is_a?(Hash) ? job : { 'name' => job } } }
    end
    described_class.resolve({ 'instance_groups' => document }) { |job| specs.fetch(job) }
  end

  def db(name) = { 'name' => 'db', 'provides' => { 'sql' => { 'as' => name } } }
  def web(name) = { 'name' => 'web', 'consumes' => { 'store' => { 'from' => name } } }

  it 'finds the only provider of the type, in any group, whatever its name' do
    expect(resolve(a: [db('x')], b: ['web'])).to eq([{ %w[b web store] => %w[a db] }, []])
  end

  it 'refuses one that two provide, unless it is asked for by name' do
    found, problems = resolve(a: [db('x')], b: [db('y')], c: ['web'])
    expect(found).to be_empty
    expect(problems).to eq(["Failed to resolve link 'store' with type 'database' from job 'web' in instance group 'c'. " \
                            'Multiple link providers found'])
    expect(resolve(a: [db('x')], b: [db('y')], c: [web('y')])).to eq([{ %w[c web store] => %w[b db] }, []])
  end

  it 'refuses a name that nobody has, or that two have' do
    { %w[x y] => 'No', %w[z z] => 'Multiple' }.each do |(one, other), found|
      _, problems = resolve(a: [db(one)], b: [db(other)], c: [web('z')])
      expect(problems).to eq(["Failed to resolve link 'store' with alias 'z' and type 'database' from job 'web' " \
                              "in instance group 'c'. #{found} link providers found"])
    end
  end

  it 'does without an optional one, but not where it is asked for by name or provided twice' do
    expect(resolve(a: ['cache'])).to eq([{}, []])
    named = { 'name' => 'cache', 'consumes' => { 'store' => { 'from' => 'z' } } }
    expect(resolve(a: [named]).last).to include(/No link providers found/)
    expect(resolve(a: ['db'], b: ['db'], c: ['cache']).last).to include(/Multiple link providers found/)
  end

  it 'leaves out what the manifest blocks with nil' do
    blocked = { 'name' => 'cache', 'consumes' => { 'store' => 'nil' } }
    hidden = { 'name' => 'db', 'provides' => { 'sql' => 'nil' } }
    expect(resolve(a: ['db'], b: [hidden], c: ['web', blocked])).to eq([{ %w[c web store] => %w[a db] }, []])
  end
end
