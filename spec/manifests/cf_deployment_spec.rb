# frozen_string_literal: true

require_relative '../spec_helper'
require_relative 'cf_deployment'

# Operators apply cf-deployment's own ops files, before ours and after: none may
# take away what our group relies on, unless one of ours answers it.
# CF_DEPLOYMENT names a checkout of cf-deployment (CONTRIBUTING.md); without, the list of effects stands in.
RSpec.describe 'cf-deployment\'s own ops files' do
  base = Operations.fetch(Operations::BASE)
  trust = Operations.fetch('trust-router-ca')
  labels = Operations.fetch('add-cloud-foundry-labels')
  checkout = ENV.fetch('CF_DEPLOYMENT', nil)&.then { |folder| CfDeployment::Checkout.new(folder) }

  def answers(lacking)
    CfDeployment::ANSWERS.slice(*lacking.keys).values.map { |name| Operations.fetch(name) }
  end

  describe 'by the list of their effects' do
    # As it would be with `operations` of ours and that effect, before a variable has its value.
    def suffering(effect, *operations)
      files = operations.flat_map { |operation| ['--ops-file', operation.file] }
      CfDeployment.lacking(CfDeployment.suffer(Manifest.interpolate_plainly(Manifest::CF, *files).document, effect))
    end

    CfDeployment.kept['effects'].each do |file, effect|
      it "leave our group what it needs, where need be by an ops file of ours: #{file}" do
        lacking = suffering(effect, base)
        expect(lacking.keys - CfDeployment::ANSWERS.keys).to be_empty, lacking.inspect
        expect(suffering(effect, base, *answers(lacking))).to be_empty
        expect(suffering(effect, base, labels)).to eq(lacking)
      end
    end

    it 'take away what trust-router-ca.yml needs, which is why that is a file of its own' do
      effects = CfDeployment.kept['effects'].values.select { |effect| effect.key?('variables') }
      expect(effects).not_to be_empty
      expect(effects.map { |effect| suffering(effect, base, trust) }).to eq([{ 'variables' => ['router_ssl'] }] * effects.size)
    end

    it 'leave zones and network of our group behind, which is why two of ours follow' do
      lacking = CfDeployment.kept['effects'].values.map { |effect| suffering(effect, base) }.reduce(:merge)
      expect(lacking).to eq('azs' => ['z2'], 'networks' => ['default'])
    end
  end

  describe 'in a checkout' do
    before { skip 'CF_DEPLOYMENT names none' } unless checkout

    it 'have the effects of the list (WRITE_GENERATED=1 writes it)' do
      relied_on = CfDeployment.offers(YAML.load_file(Manifest::CF))
      found = { 'version' => checkout.version, 'apply' => checkout.operations.size, 'errands' => checkout.errands,
                'effects' => checkout.effects(relied_on) }
      if ENV['WRITE_GENERATED']
        head = "# What cf-deployment's ops files take away of what our group relies on, and what they bring in place of it;\n" \
               "# how many of them apply by themselves; and its errands. Written by cf_deployment_spec.rb.\n"
        File.write(CfDeployment::EFFECTS, head + YAML.dump(found))
      end
      expect(CfDeployment.kept).to eq(found)
    end

    (checkout ? checkout.operations : []).each do |file|
      it "apply before and after ours to the same, which lacks nothing: #{file}" do
        ours = base.file
        lacking = CfDeployment.lacking(checkout.apply(file, ours))
        expect(lacking.keys - CfDeployment::ANSWERS.keys).to be_empty, lacking.inspect
        answers = answers(lacking).map(&:file)
        orders = [[file, ours, labels.file, *answers], [ours, labels.file, file, *answers]].map { |order| checkout.apply(*order) }
        expect(orders).to all(satisfy { |document| document && CfDeployment.lacking(document).empty? })
        clients = orders.map { |document| Manifest.new(document).properties('uaa', 'uaa').dig('uaa', 'clients') }
        expect(clients).to all(include('aiven_metrics', 'cc_routing'))
        groups = orders.map { |document| document['instance_groups'].find { |group| group['name'] == 'prometheus' } }
        expect(groups.uniq.size).to eq(1)
      end
    end
  end

  it 'have no errand or group of the name of our errand' do
    expect(CfDeployment.kept['errands']).not_to include('aiven-metrics-smoke-tests')
  end
end
