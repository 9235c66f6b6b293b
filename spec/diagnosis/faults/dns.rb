# frozen_string_literal: true

require 'socket'

require_relative '../fault'

Diagnosis.area 'DNS' do
  fault 'dns-gone', 'DNS is gone' do
    done 'no name server answers anything'
    blame :ours
    inject { |world| world.dns_fault('*', 'timeout') }
    problem 'platform: looking host names up (resolve) fails'
    cause 'no host name of the project can be resolved; orders-platform.a.aivencloud.test: DNS lookup (A) failed: no answer from <address> within <time>'
    remedy 'look a name up at each name server (dig @SERVER NAME), and mend DNS or dns.nameservers; addresses that are known stay in use meanwhile'
    explain 'orders', verdict: 'scraped', cause: 'platform: no host name of the project can be resolved; orders-platform.a.aivencloud.test: DNS lookup (A) failed: no answer from <address> within <time>', remedy: 'look a name up at each name server (dig @SERVER NAME), and mend DNS or dns.nameservers; the service is scraped meanwhile, as it was known before'
    log 'WARN a host name is not resolved, project=platform, service=orders, what=DNS does not answer for orders-platform.a.aivencloud.test; the last known addresses stay, cause=DNS lookup (A) failed: no answer from <address> within <time>'
    doctor 'FAILED  dns: name server <address>: orders-platform.a.aivencloud.test: UDP: no answer in time, EDNS: no answer in time, TCP: no answer in time. What to do: set dns.nameservers to servers that this machine reaches by UDP and TCP on their port, and see its firewall'
    alert 'AivenMetricsStageStale'
    alert 'AivenMetricsDnsStale'
  end

  fault 'dns-gone-at-start', 'DNS is gone when the daemon is new' do
    done 'no name server answers anything, and the daemon starts for the first time'
    blame :ours
    from_the_start
    before { |world| world.dns_fault('*', 'timeout') }
    problem 'platform: looking host names up (resolve) fails'
    cause 'no host name of the project can be resolved; orders-platform.a.aivencloud.test: DNS lookup (A) failed: no answer from <address> within <time>'
    remedy 'look a name up at each name server (dig @SERVER NAME), and mend DNS or dns.nameservers; addresses that are known stay in use meanwhile'
    problem '2 services have no known address (unresolved)', of: 'platform/orders, platform/search'
    cause 'orders-platform.a.aivencloud.test: DNS lookup (A) failed: no answer from <address> within <time>'
    remedy 'look the name up at each name server (dig @SERVER NAME), and at one of another network: if that one knows it, mend DNS or dns.nameservers; if not, wait: a service that is being built gets its name in some minutes'
    explain 'orders', verdict: 'unresolved', cause: 'orders-platform.a.aivencloud.test: DNS lookup (A) failed: no answer from <address> within <time>', remedy: 'look the name up at each name server (dig @SERVER NAME), and at one of another network: if that one knows it, mend DNS or dns.nameservers; if not, wait: a service that is being built gets its name in some minutes'
    log 'WARN a host name is not resolved, project=platform, service=orders, what=DNS does not answer for orders-platform.a.aivencloud.test; no address is known, cause=DNS lookup (A) failed: no answer from <address> within <time>'
    doctor 'FAILED  dns: name server <address>: orders-platform.a.aivencloud.test: UDP: no answer in time, EDNS: no answer in time, TCP: no answer in time. What to do: set dns.nameservers to servers that this machine reaches by UDP and TCP on their port, and see its firewall'
    alert 'AivenMetricsServicesNotScraped'
    alert 'AivenMetricsDnsStale', besides: %w[AivenMetricsManyNotScraped AivenMetricsNobodyScrapes AivenMetricsStageStale]
  end

  fault 'dns-fails', 'DNS fails' do
    done 'the name server answers SERVFAIL to everything'
    blame :ours
    inject { |world| world.dns_fault('*', 'serv_fail') }
    problem 'platform: looking host names up (resolve) fails'
    cause 'no host name of the project can be resolved; orders-platform.a.aivencloud.test: DNS lookup (A) failed: <address>: SERVFAIL'
    remedy 'look a name up at each name server (dig @SERVER NAME), and mend DNS or dns.nameservers; addresses that are known stay in use meanwhile'
    explain 'orders', verdict: 'scraped', cause: 'platform: no host name of the project can be resolved; orders-platform.a.aivencloud.test: DNS lookup (A) failed: <address>: SERVFAIL', remedy: 'look a name up at each name server (dig @SERVER NAME), and mend DNS or dns.nameservers; the service is scraped meanwhile, as it was known before'
    log 'WARN a host name is not resolved, project=platform, service=orders, what=DNS does not answer for orders-platform.a.aivencloud.test; the last known addresses stay, cause=DNS lookup (A) failed: <address>: SERVFAIL'
    doctor 'FAILED  dns: name server <address>: orders-platform.a.aivencloud.test: UDP: SERVFAIL, EDNS: SERVFAIL, TCP: SERVFAIL. What to do: set dns.nameservers to servers that this machine reaches by UDP and TCP on their port, and see its firewall'
    alert 'AivenMetricsStageStale'
    alert 'AivenMetricsDnsStale'
  end

  fault 'name-server-dead', 'One name server of two is dead' do
    done 'the first of two name servers is silent'
    blame :ours
    from_the_start
    silent = nil
    before { silent = UDPSocket.new.tap { |socket| socket.bind('127.0.0.1', 0) } }
    properties { |world| { 'dns.nameservers' => ["127.0.0.1:#{silent.local_address.ip_port}", world.dns] } }
    problem 'Name server <address> fails, others answer'
    cause '<address>: no answer within <time>; names are still resolved by the others'
    remedy "mend this server or take it out of dns.nameservers (or the system's); the others are asked in its place, each time after a pause"
    explain 'orders', 'platform/orders: scraped'
    log "WARN name server <address> fails, others answer, cause=<address>: no answer within <time>; names are still resolved by the others, remedy=mend this server or take it out of dns.nameservers (or the system's); the others are asked in its place, each time after a pause"
    doctor "warning dns: name server <address>: orders-platform.a.aivencloud.test: UDP: no answer in time, EDNS: no answer in time, TCP: Connection refused (os error 111). What to do: mend this server or take it out of dns.nameservers (or the system's); the others are asked in its place, each time after a pause"
    alert 'AivenMetricsNameServerFailing', besides: %w[AivenMetricsNobodyScrapes]
  end

  fault 'dns-lies', 'A resolver answers with the address of another service' do
    done 'the name of `orders` is answered with the address of a node of `search`'
    blame :ours
    inject { |world| world.dns_fault(world.host('orders'), { answer: [world.addresses('search').first[/[^:]+/]] }) }
    problem 'One service cannot be verified (tls_failed)', of: 'platform/orders'
    cause "node <address>: the node shows a certificate for search-platform.a.aivencloud.test, replica-search-platform.a.aivencloud.test, public-search-platform.a.aivencloud.test, public-replica-search-platform.a.aivencloud.test, not for orders-platform.a.aivencloud.test (subject 'aiven-sim node', issuer 'platform Project CA', valid <day> to <day>)"
    remedy "nothing was sent to the node; compare dig HOST at each name server: if they differ, mend the one that is wrong; wait if nodes were just replaced; if all still give this address after an hour, send service, address and time to Aiven's support"
    whole_cause "node <address>: the node shows a certificate for search-platform.a.aivencloud.test, replica-search-platform.a.aivencloud.test, public-search-platform.a.aivencloud.test, public-replica-search-platform.a.aivencloud.test, not for orders-platform.a.aivencloud.test (subject 'aiven-sim node', issuer 'platform Project CA', valid <day> to <day>)"
    explain 'orders', verdict: 'tls_failed'
    log "WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (tls), cause=the node shows a certificate for search-platform.a.aivencloud.test, replica-search-platform.a.aivencloud.test, public-search-platform.a.aivencloud.test, public-replica-search-platform.a.aivencloud.test, not for orders-platform.a.aivencloud.test (subject 'aiven-sim node', issuer 'platform Project CA', valid <day> to <day>)"
    doctor "FAILED  node: pg: platform/orders at <address>: the node shows a certificate for search-platform.a.aivencloud.test, replica-search-platform.a.aivencloud.test, public-search-platform.a.aivencloud.test, public-replica-search-platform.a.aivencloud.test, not for orders-platform.a.aivencloud.test (subject 'aiven-sim node', issuer 'platform Project CA', valid <day> to <day>). What to do: nothing was sent to the node; compare dig HOST at each name server: if they differ, mend the one that is wrong; wait if nodes were just replaced; if all still give this address after an hour, send service, address and time to Aiven's support"
    alert 'AivenMetricsServicesNotScraped'
  end

  fault 'dns-lies-nxdomain', 'A resolver says that a name does not exist' do
    done 'the name of `orders` is answered with NXDOMAIN'
    blame :ours
    inject { |world| world.dns_fault(world.host('orders'), 'nx_domain') }
    problem 'One service is scraped at its last known addresses', of: 'platform/orders'
    cause 'orders-platform.a.aivencloud.test: DNS knows no such name (NXDOMAIN)'
    remedy 'nothing is lost before an address changes: look the name up at each name server (dig @SERVER NAME), and mend DNS or dns.nameservers'
    explain 'orders', verdict: 'scraped'
    log 'WARN a host name is not resolved, project=platform, service=orders, what=DNS does not answer for orders-platform.a.aivencloud.test; the last known addresses stay, cause=DNS knows no such name (NXDOMAIN)'
    doctor "FAILED  dns: name server <address>: orders-platform.a.aivencloud.test: UDP in <time>, EDNS in <time>, TCP in <time>; it knows no such name (NXDOMAIN). What to do: ask a server that knows the names of the internet, or of Aiven's VPC: correct dns.nameservers, or aiven.api_url if the name is that of the API"
    alert 'AivenMetricsDnsStale'
  end

  fault 'name-unresolved', 'The name of a new service does not resolve' do
    done 'a service appears, whose name is answered with NXDOMAIN'
    blame :ours
    inject do |world|
      world.dns_fault('ledger-platform.a.aivencloud.test', 'nx_domain')
      world.tell(do: 'add_service', project: 'platform', service: { name: 'ledger', type: 'pg', series: 20 })
    end
    problem 'One service has no known address (unresolved)', of: 'platform/ledger'
    cause 'ledger-platform.a.aivencloud.test: DNS knows no such name (NXDOMAIN)'
    remedy 'look the name up at each name server (dig @SERVER NAME), and at one of another network: if that one knows it, mend DNS or dns.nameservers; if not, wait: a service that is being built gets its name in some minutes'
    explain 'ledger', verdict: 'unresolved'
    log 'WARN a host name is not resolved, project=platform, service=ledger, what=DNS does not answer for ledger-platform.a.aivencloud.test; no address is known, cause=DNS knows no such name (NXDOMAIN)'
    doctor "FAILED  dns: name server <address>: ledger-platform.a.aivencloud.test: UDP in <time>, EDNS in <time>, TCP in <time>; it knows no such name (NXDOMAIN). What to do: ask a server that knows the names of the internet, or of Aiven's VPC: correct dns.nameservers, or aiven.api_url if the name is that of the API"
    alert 'AivenMetricsServicesNotScraped'
    alert 'AivenMetricsDnsStale'
  end
end
