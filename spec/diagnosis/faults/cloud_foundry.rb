# frozen_string_literal: true

require_relative '../fault'

Diagnosis.area 'Cloud Foundry' do
  instance = '11111111-aaaa-4aaa-8aaa-000000000001'
  space = '22222222-aaaa-4aaa-8aaa-000000000002'
  other_space = '22222222-aaaa-4aaa-8aaa-000000000003'
  organization = '33333333-aaaa-4aaa-8aaa-000000000004'

  # A foundation in which `orders` is somebody's.
  owned = lambda do |world|
    of_cf = ->(command) { world.tell({ do: 'cloud_foundry' }.merge(command)) }
    of_cf.call(add_organization: { name: 'retail', guid: organization })
    of_cf.call(add_space: { organization: organization, name: 'production', guid: space })
    of_cf.call(add_space: { organization: organization, name: 'staging', guid: other_space })
    of_cf.call(add_instance: { name: 'orders-db', space: space, guid: instance })
    world.tell(do: 'set_tags', project: 'platform', service: 'orders',
               tags: { service_id: instance, space_id: space, organization_id: organization })
  end
  client = lambda do |world|
    known = world.cloud_foundry
    { 'cloud_foundry.api_url' => known['api'], 'cloud_foundry.client_id' => known['client_id'],
      'cloud_foundry.client_secret' => known['client_secret'], 'cloud_foundry.ca_cert' => known['ca'] }
  end

  fault 'cf-secret', 'Cloud Foundry refuses the client' do
    done '`cloud_foundry.client_secret` is wrong'
    blame :ours
    simulator '--cloud-foundry'
    from_the_start
    before(&owned)
    properties { |world| client.call(world).merge('cloud_foundry.client_secret' => 'not-the-secret') }
    problem 'all projects: reading Cloud Foundry (cloud_foundry) fails'
    cause 'uaa_token at <ip>: UAA does not accept the client (401, unauthorized: Bad credentials)'
    remedy 'see that the client cloud_foundry.client_id is in UAA (uaac client get ID), and that cloud_foundry.client_secret is the secret that it was deployed with; UAA answers the same to an unknown client and to a wrong secret; until then targets have no names of Cloud Foundry, and are scraped all the same'
    explain 'orders', 'platform/orders: scraped'
    log 'ERROR UAA rejects the client; targets and labels stay as they are, error=uaa_token at <ip>: UAA does not accept the client (401, unauthorized: Bad credentials); see that the client cloud_foundry.client_id is in UAA (uaac client get ID), and that cloud_foundry.client_secret is the secret that it was deployed with; UAA answers the same to an unknown client and to a wrong secret'
    doctor 'FAILED  cloud_foundry: token of the client aiven-metrics: UAA does not accept the client (401, unauthorized: Bad credentials). What to do: see that the client cloud_foundry.client_id is in UAA (uaac client get ID), and that cloud_foundry.client_secret is the secret that it was deployed with; UAA answers the same to an unknown client and to a wrong secret'
    alert 'AivenMetricsCloudFoundryNeverRead', besides: %w[AivenMetricsCloudFoundryStale AivenMetricsNobodyScrapes]
  end

  fault 'cf-down', 'Cloud Controller is down' do
    done 'nothing listens at `cloud_foundry.api_url`'
    blame :ours
    simulator '--cloud-foundry'
    before(&owned)
    properties(&client)
    inject { |world| world.tell(do: 'cloud_foundry', server_fault: { server: 'cloud_controller', fault: 'refuse' }) }
    problem 'all projects: reading Cloud Foundry (cloud_foundry) fails'
    cause 'list_service_instances at <ip>: tcp connect error: Connection refused (os error 111)'
    remedy 'see that api, uaa and router run (bosh -d cf instances), and that this machine reaches them; then cloud_foundry.api_url; labels stay as they were, and targets do not depend on it'
    explain 'orders', 'platform/orders: scraped'
    log 'WARN reading Cloud Foundry failed; targets and labels stay as they are, error=list_service_instances at <ip>: tcp connect error: Connection refused (os error 111); see that api, uaa and router run (bosh -d cf instances), and that this machine reaches them; then cloud_foundry.api_url'
    doctor 'FAILED  cloud_foundry: Cloud Controller at https://<address>/: tcp connect error: Connection refused (os error 111). What to do: see that api, uaa and router run (bosh -d cf instances), and that this machine reaches them; then cloud_foundry.api_url'
    alert 'AivenMetricsCloudFoundryStale'
  end

  fault 'uaa-down', 'UAA is down' do
    done 'nothing listens where UAA was'
    blame :ours
    simulator '--cloud-foundry'
    from_the_start
    before do |world|
      owned.call(world)
      world.tell(do: 'cloud_foundry', server_fault: { server: 'uaa', fault: 'refuse' })
    end
    properties(&client)
    problem 'all projects: reading Cloud Foundry (cloud_foundry) fails'
    cause 'uaa_token at <ip>: tcp connect error: Connection refused (os error 111)'
    remedy 'see that api, uaa and router run (bosh -d cf instances), and that this machine reaches them; then cloud_foundry.api_url; until then targets have no names of Cloud Foundry, and are scraped all the same'
    explain 'orders', 'platform/orders: scraped'
    log 'WARN reading Cloud Foundry failed; targets and labels stay as they are, error=uaa_token at <ip>: tcp connect error: Connection refused (os error 111); see that api, uaa and router run (bosh -d cf instances), and that this machine reaches them; then cloud_foundry.api_url'
    doctor 'FAILED  cloud_foundry: token of the client aiven-metrics: tcp connect error: Connection refused (os error 111). What to do: see that api, uaa and router run (bosh -d cf instances), and that this machine reaches them; then cloud_foundry.api_url'
    alert 'AivenMetricsCloudFoundryNeverRead', besides: %w[AivenMetricsCloudFoundryStale AivenMetricsNobodyScrapes]
  end

  fault 'cf-blind', 'The client may see nothing' do
    done 'the client lacks the authority `cloud_controller.global_auditor`'
    blame :ours
    simulator '--cloud-foundry'
    from_the_start
    before do |world|
      owned.call(world)
      world.tell(do: 'cloud_foundry', add_client: { id: 'blind', secret: 'blind-secret', authorities: ['cloud_controller.read'],
                                                    grant_types: ['client_credentials'] })
    end
    properties { |world| client.call(world).merge('cloud_foundry.client_id' => 'blind', 'cloud_foundry.client_secret' => 'blind-secret') }
    problem 'all projects: reading Cloud Foundry (cloud_foundry) fails'
    cause 'list_service_instances at <ip>: Cloud Controller shows this client nothing, as it has no authority to see everything (its token has the scopes "cloud_controller.read")'
    remedy 'add the authority cloud_controller.global_auditor to the client where it is defined (uaa.clients in the deployment), and deploy; until then targets have no names of Cloud Foundry, and are scraped all the same'
    explain 'orders', 'platform/orders: scraped'
    log 'WARN reading Cloud Foundry failed; targets and labels stay as they are, error=list_service_instances at <ip>: Cloud Controller shows this client nothing, as it has no authority to see everything (its token has the scopes "cloud_controller.read"); add the authority cloud_controller.global_auditor to the client where it is defined (uaa.clients in the deployment), and deploy'
    doctor "FAILED  cloud_foundry: authority: the token's scopes (\"cloud_controller.read\") show the spaces alone in which the client has a role. What to do: add the authority cloud_controller.global_auditor to the client where it is defined (uaa.clients in the deployment), and deploy"
    alert 'AivenMetricsCloudFoundryNeverRead', besides: %w[AivenMetricsCloudFoundryStale AivenMetricsNobodyScrapes]
  end

  fault 'labels-disagree', 'Tags and Cloud Controller disagree' do
    done 'the tag `space_id` of `orders` is edited by hand'
    blame :tenant
    simulator '--cloud-foundry'
    before(&owned)
    properties(&client)
    inject do |world|
      world.tell(do: 'set_tags', project: 'platform', service: 'orders',
                 tags: { service_id: instance, space_id: other_space, organization_id: organization })
    end
    note 'One service has tags that disagree with its labels', of: 'platform/orders'
    cause 'space_guid is published as <id>, and the tag space_id at Aiven says <id>'
    remedy 'what Cloud Controller says is published, so nothing is lost: set the tag back at Aiven, and see who edited it'
    explain 'orders', 'platform/orders: scraped'
    unseen :doctor, 'it counts the instances that Cloud Controller knows, and compares no tags'
    unseen :log, 'the history has it: `aiven-metrics events`'
    alert 'AivenMetricsLabelsDisagree', besides: %w[AivenMetricsCloudFoundryStale]
  end
end
