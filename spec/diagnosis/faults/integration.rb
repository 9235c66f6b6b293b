# frozen_string_literal: true

require_relative '../fault'

Diagnosis.area 'The integration' do
  # An endpoint with this name, with which everything, or what is named, is integrated; returns its id.
  made_by_hand = lambda do |world, name, service = nil|
    endpoint = world.tell(do: 'add_endpoint', project: 'platform', name: name, username: 'by-hand', password: 'set-by-hand-0123456789').fetch('id')
    if service
      world.tell(do: 'add_integration', project: 'platform', service: service, endpoint: endpoint)
    else
      world.tell(do: 'integrate_all', project: 'platform', endpoint: endpoint)
    end
    endpoint
  end

  fault 'endpoint-deleted', 'The integration endpoint is deleted by hand' do
    done 'somebody deletes the integration endpoint at Aiven, and all integrations with it'
    blame :ours
    inject { |world| world.tell(do: 'delete_endpoint', project: 'platform', endpoint: world.endpoint_id) }
    status 'All is well: 2 of 2 services are scraped.'
    page 'All is well: 2 of 2 services are scraped.'
    explain 'orders', 'platform/orders: scraped'
    log 'INFO the integration endpoint is gone, project=platform'
    unseen :doctor, 'it has healed by then'
    no_alert 'the daemon makes another endpoint and integrates all services again by itself', besides: %w[AivenMetricsListingDistrusted AivenMetricsProxyFailing AivenMetricsServicesNotScraped AivenMetricsManyNotScraped AivenMetricsNobodyScrapes]
  end

  fault 'endpoint-deleted-discover', 'The endpoint is deleted while nothing may be created' do
    done 'somebody deletes the integration endpoint at Aiven while `integration.create` is false'
    blame :ours
    before { |world| made_by_hand.call(world, 'aiven-metrics') }
    properties 'integration.create' => false
    inject { |world| world.tell(do: 'delete_endpoint', project: 'platform', endpoint: world.endpoint_id) }
    problem '2 services will not be integrated by themselves (awaiting_integration)', of: 'platform/orders, platform/search'
    cause 'not integrated, the project has no integration endpoint of the configured name, and integration.create is false'
    remedy "make in Aiven's console an integration endpoint of type Prometheus with the name of integration.endpoint_name, and integrate the service with it; or set integration.create to true and deploy, and both are made"
    explain 'orders', verdict: 'awaiting_integration'
    log 'INFO the integration endpoint is gone, project=platform'
    doctor "FAILED  api: platform: project:integrations:read: it can be read, but there is no integration endpoint of the name in integration.endpoint_name, and integration.create is false. What to do: make in Aiven's console an integration endpoint of type Prometheus with the name of integration.endpoint_name, and integrate the service with it; or set integration.create to true and deploy, and both are made"
    alert 'AivenMetricsServicesStuck', besides: %w[AivenMetricsListingDistrusted AivenMetricsProxyFailing AivenMetricsServicesNotScraped AivenMetricsManyNotScraped AivenMetricsNobodyScrapes]
  end

  fault 'integration-disabled', 'An integration is disabled by hand' do
    done "somebody disables the integration of `orders` in Aiven's console"
    blame :tenant
    inject { |world| world.tell(do: 'disable_integration', project: 'platform', integration: world.integrations('orders').first) }
    problem 'One service will not be integrated by itself (awaiting_integration)', of: 'platform/orders'
    cause 'its Prometheus integration <id> is disabled at Aiven'
    remedy "enable it in Aiven's console, under the service's integrations, if nobody disabled it on purpose"
    explain 'orders', verdict: 'awaiting_integration'
    unseen :doctor, 'it tries a node of the type that is scraped'
    log 'WARN an integration has ended, project=platform, service=orders, what=the service has no enabled Prometheus integration any more, cause=its Prometheus integration <id> is disabled at Aiven'
    alert 'AivenMetricsServicesStuck', besides: %w[AivenMetricsProxyFailing AivenMetricsServicesNotScraped AivenMetricsListingDistrusted]
  end

  fault 'integration-deleted', 'An integration is deleted by hand' do
    done "somebody deletes the integration of `orders` in Aiven's console"
    blame :tenant
    inject { |world| world.tell(do: 'delete_integration', project: 'platform', integration: world.integrations('orders').first) }
    status 'All is well: 2 of 2 services are scraped.'
    page 'All is well: 2 of 2 services are scraped.'
    explain 'orders', 'platform/orders: scraped'
    log 'WARN an integration has ended, project=platform, service=orders, what=the service has no enabled Prometheus integration any more, cause=it has no integration; the daemon makes one when its turn comes'
    unseen :doctor, 'it has healed by then'
    no_alert 'the daemon integrates the service again by itself', besides: %w[AivenMetricsProxyFailing AivenMetricsServicesNotScraped]
  end

  fault 'integration-deleted-discover', 'An integration is deleted while nothing may be created' do
    done 'somebody deletes the integration of `orders` while `integration.create` is false'
    blame :ours
    before { |world| made_by_hand.call(world, 'aiven-metrics') }
    properties 'integration.create' => false
    inject { |world| world.tell(do: 'delete_integration', project: 'platform', integration: world.integrations('orders').first) }
    problem 'One service will not be integrated by itself (awaiting_integration)', of: 'platform/orders'
    cause 'not integrated, and integration.create is false'
    remedy "integrate the service with the project's Prometheus endpoint in Aiven's console; or set integration.create to true and deploy, and it is done"
    explain 'orders', verdict: 'awaiting_integration'
    unseen :doctor, 'it tries a node of the type that is scraped'
    log 'WARN an integration has ended, project=platform, service=orders, what=the service has no enabled Prometheus integration any more, cause=not integrated, and integration.create is false'
    alert 'AivenMetricsServicesStuck', besides: %w[AivenMetricsProxyFailing AivenMetricsServicesNotScraped AivenMetricsListingDistrusted]
  end

  fault 'others-password', "Somebody else's endpoint gets another password" do
    done '`orders` is integrated with an endpoint that others made; they change its password'
    blame :ours
    before { |world| made_by_hand.call(world, 'theirs', 'orders') }
    inject do |world|
      world.tell(do: 'change_endpoint', project: 'platform', endpoint: world.endpoint_id('theirs'), username: 'by-hand', password: 'another-0123456789')
    end
    status 'All is well: 2 of 2 services are scraped.'
    page 'All is well: 2 of 2 services are scraped.'
    explain 'orders', 'platform/orders: scraped'
    log 'WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (unauthorised), cause=the node refuses the password that Aiven gives for integration endpoint <id>, which others made, and says: 401 Unauthorized'
    unseen :doctor, 'it has healed by then'
    no_alert 'the daemon reads the new password from Aiven, and the node is scraped again within a minute', besides: %w[AivenMetricsServicesNotScraped AivenMetricsProxyFailing]
  end

  fault 'others-password-refused', "Nodes refuse the password of somebody else's endpoint" do
    done '`orders` is integrated with an endpoint that others made; its node refuses the password that Aiven gives for it'
    blame :ours
    before { |world| made_by_hand.call(world, 'theirs', 'orders') }
    inject { |world| world.node_fault('orders', 'wrong_password') }
    problem 'One service has no credentials that its nodes take (unauthorised)', of: 'platform/orders'
    cause 'node <address>: the node refuses the password that Aiven gives for integration endpoint <id>, which others made, and says: 401 Unauthorized'
    remedy "wait some minutes if its password was just changed, since Aiven hands it out to the nodes; if it stays so, ask who made that endpoint to set its password again, or integrate the service with the daemon's own endpoint"
    explain 'orders', verdict: 'unauthorised'
    log 'WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (unauthorised), cause=the node refuses the password that Aiven gives for integration endpoint <id>, which others made, and says: 401 Unauthorized'
    doctor "FAILED  node: pg: platform/orders at <address>: the node refuses the password that Aiven gives for integration endpoint <id>, which others made, and says: 401 Unauthorized. What to do: wait some minutes if its password was just changed, since Aiven hands it out to the nodes; if it stays so, ask who made that endpoint to set its password again, or integrate the service with the daemon's own endpoint"
    alert 'AivenMetricsServicesNotScraped', besides: %w[AivenMetricsProxyFailing]
  end

  fault 'others-password-hidden', "The token may not read the password of somebody else's endpoint" do
    done 'both services are integrated with an endpoint that others made, and the token may only read'
    blame :ours
    from_the_start
    before do |world|
      made_by_hand.call(world, 'theirs')
      rights = { projects: { platform: %w[project:services:read project:integrations:read organization:projects:write] } }
      world.property('aiven.api_token', world.tell(do: 'add_token', rights: rights).fetch('token'))
    end
    properties 'integration.create' => false
    problem '2 services have no credentials that their nodes take (unauthorised)', of: 'platform/orders, platform/search'
    cause "node <address>: no credentials of integration endpoint <id> are known: the token lacks the right project:integrations:write, which reading an endpoint's secrets needs"
    remedy "wait a minute if the daemon has just started; else give the token's user project:integrations:write in this project, which reading an endpoint's password needs, or integrate the service with the daemon's own endpoint"
    explain 'orders', verdict: 'unauthorised'
    log "WARN the integration endpoint's credentials cannot be read; its services cannot be scraped, project=platform, endpoint_id=<id>, cause=get_endpoint in project platform: the token lacks a right (Missing permission project:integrations:write); in Aiven's console, give the token's user project:services:read and project:integrations:write in this project, if aiven.projects names the right one"
    doctor "FAILED  node: pg: platform/orders at <address>: no credentials of integration endpoint <id> are known: the token lacks a right (Missing permission project:integrations:write). What to do: wait a minute if the daemon has just started; else give the token's user project:integrations:write in this project, which reading an endpoint's password needs, or integrate the service with the daemon's own endpoint"
    alert 'AivenMetricsServicesNotScraped', besides: %w[AivenMetricsManyNotScraped AivenMetricsProxyFailing AivenMetricsTokenRejected AivenMetricsNobodyScrapes]
  end

  fault 'quota', "Aiven's quota of integrations is used up" do
    done 'a service appears, and Aiven refuses its integration for the quota'
    blame :ours
    inject do |world|
      world.tell(do: 'add_service', project: 'platform', service: { name: 'ledger', type: 'pg', series: 20 })
      message = 'Maximum number of service integrations (100) reached in project platform'
      world.tell(do: 'refuse_integration', project: 'platform', service: 'ledger', status: 409, message: message)
    end
    problem 'One service cannot be integrated (integration_failed)', of: 'platform/ledger'
    cause 'Aiven refuses the integration: refused with 409 (Maximum number of service integrations (100) reached in project platform)'
    remedy "do what Aiven's words in the cause ask for: have a limit raised, or what is unused deleted by its owners; ask the service's owner for another plan, if that is what they name; it is tried again by itself, with growing pauses"
    explain 'ledger', verdict: 'integration_failed'
    log 'WARN the service is not integrated; trying again later, project=platform, service=ledger, cause=Aiven refuses the integration: refused with 409 (Maximum number of service integrations (100) reached in project platform)'
    unseen :doctor, 'it writes nothing, so Aiven refuses it nothing'
    alert 'AivenMetricsIntegrationFailed'
  end

  fault 'unsupported-type', 'A type that the integration does not support' do
    done 'a service appears whose type Aiven does not list among those of the integration'
    blame :aiven
    inject { |world| world.tell(do: 'add_service', project: 'platform', service: { name: 'pipeline', type: 'flink', series: 20 }) }
    status 'All is well: 2 of 2 services are scraped (1 more is not meant to be).'
    page 'All is well: 2 of 2 services are scraped (1 more is not meant to be).'
    explain 'pipeline', verdict: 'ineligible', cause: "Aiven's Prometheus integration does not support flink", remedy: "nothing can be done: the service's metrics are in Aiven's console alone; once Aiven supports the type, it is integrated by itself"
    unseen :doctor, 'it tries a node of each type that has one'
    unseen :log, 'the history has it: `aiven-metrics events`'
    no_alert 'nothing can be mended'
  end

  fault 'excluded', 'A service is excluded by its tags' do
    done '`services.tags` asks for a tag that `orders` does not have'
    blame :ours
    from_the_start
    before { |world| world.tell(do: 'set_tags', project: 'platform', service: 'search', tags: { stage: 'production' }) }
    properties 'services.tags' => { 'stage' => 'production' }
    status 'All is well: 1 of 1 service is scraped (1 more is not meant to be).'
    page 'All is well: 1 of 1 service is scraped (1 more is not meant to be).'
    explain 'orders', verdict: 'not_selected', cause: 'services.tags asks for stage=production, which it does not have', remedy: "nothing, if that is meant; else change what the cause names: the tag at the service, or services.* in the job's properties"
    unseen :doctor, 'it tries a node of each type that is selected'
    unseen :log, 'nothing has changed'
    no_alert 'it is meant'
  end

  fault 'powered-off', 'A service is powered off' do
    done '`orders` is powered off at Aiven'
    blame :tenant
    inject { |world| world.tell(do: 'power_off', project: 'platform', service: 'orders') }
    status 'All is well: 1 of 1 service is scraped (1 more is not meant to be).'
    page 'All is well: 1 of 1 service is scraped (1 more is not meant to be).'
    explain 'orders', verdict: 'powered_off', cause: 'Aiven reports its state as POWEROFF', remedy: 'nothing, if that is meant; else power the service on at Aiven'
    unseen :doctor, 'it tries a node of each type that has one'
    unseen :log, 'the history has it: `aiven-metrics events`'
    no_alert 'it is meant', besides: %w[AivenMetricsProxyFailing AivenMetricsServicesNotScraped AivenMetricsDnsStale]
  end

  fault 'deleted', 'A service is deleted at Aiven' do
    done '`orders` is deleted at Aiven'
    blame :tenant
    inject { |world| world.tell(do: 'delete_service', project: 'platform', service: 'orders') }
    note "One service is missing from Aiven's listing (leaving)", of: 'platform/orders'
    cause 'Aiven, asked for it by name, says that it does not exist; its targets go once targets.removal_grace is over'
    remedy "nothing, if the service was deleted; else see in Aiven's console whether it is in this project, and whether the token may see it"
    explain 'orders', verdict: 'leaving'
    log 'WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (connect), cause=connection refused'
    unseen :doctor, 'Aiven does not list it'
    no_alert 'it is meant', besides: %w[AivenMetricsDnsStale AivenMetricsProxyFailing AivenMetricsServicesNotScraped]
  end
end
