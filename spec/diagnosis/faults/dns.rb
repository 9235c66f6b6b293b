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
    remedy 'look the name up at each name server (dig @SERVER NAME), from this VM and from another one: a server that answers at neither has to be mended (see its log and its forwarders), one that is silent at this VM alone is behind a firewall; change dns.nameservers if it names the wrong ones; addresses that are known stay in use meanwhile'
    explain 'orders', verdict: 'scraped', cause: 'platform: no host name of the project can be resolved; orders-platform.a.aivencloud.test: DNS lookup (A) failed: no answer from <address> within <time>', remedy: 'look the name up at each name server (dig @SERVER NAME), from this VM and from another one: a server that answers at neither has to be mended (see its log and its forwarders), one that is silent at this VM alone is behind a firewall; change dns.nameservers if it names the wrong ones; the service is scraped meanwhile, as it was known before'
    log 'WARN a host name is not resolved, project=platform, service=orders, what=orders-platform.a.aivencloud.test does not resolve; the last known addresses stay, cause=DNS lookup (A) failed: no answer from <address> within <time>'
    doctor 'FAILED  dns: name server <address>: orders-platform.a.aivencloud.test: UDP: no answer in time, EDNS: no answer in time, TCP: no answer in time. What to do: look the name up at each name server (dig @SERVER NAME), from this VM and from another one: a server that answers at neither has to be mended (see its log and its forwarders), one that is silent at this VM alone is behind a firewall; change dns.nameservers if it names the wrong ones'
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
    remedy 'look the name up at each name server (dig @SERVER NAME), from this VM and from another one: a server that answers at neither has to be mended (see its log and its forwarders), one that is silent at this VM alone is behind a firewall; change dns.nameservers if it names the wrong ones; until then nothing is scraped, as no address is known'
    explain 'orders', verdict: 'unresolved', cause: 'orders-platform.a.aivencloud.test: DNS lookup (A) failed: no answer from <address> within <time>', remedy: 'look the name up at each name server (dig @SERVER NAME), from this VM and from another one: a server that answers at neither has to be mended (see its log and its forwarders), one that is silent at this VM alone is behind a firewall; change dns.nameservers if it names the wrong ones'
    log 'WARN a host name is not resolved, project=platform, service=orders, what=orders-platform.a.aivencloud.test does not resolve; no address is known, cause=DNS lookup (A) failed: no answer from <address> within <time>'
    doctor 'FAILED  dns: name server <address>: orders-platform.a.aivencloud.test: UDP: no answer in time, EDNS: no answer in time, TCP: no answer in time. What to do: look the name up at each name server (dig @SERVER NAME), from this VM and from another one: a server that answers at neither has to be mended (see its log and its forwarders), one that is silent at this VM alone is behind a firewall; change dns.nameservers if it names the wrong ones'
    alert 'AivenMetricsServicesNotScraped'
    alert 'AivenMetricsDnsStale', besides: %w[AivenMetricsManyNotScraped AivenMetricsNobodyScrapes AivenMetricsStageStale]
  end

  fault 'dns-fails', 'DNS fails' do
    done 'the name server answers SERVFAIL to everything'
    blame :ours
    inject { |world| world.dns_fault('*', 'serv_fail') }
    problem 'platform: looking host names up (resolve) fails'
    cause 'no host name of the project can be resolved; orders-platform.a.aivencloud.test: DNS lookup (A) failed: <address>: SERVFAIL'
    remedy 'look the name up at each name server (dig @SERVER NAME), from this VM and from another one: a server that answers at neither has to be mended (see its log and its forwarders), one that is silent at this VM alone is behind a firewall; change dns.nameservers if it names the wrong ones; addresses that are known stay in use meanwhile'
    explain 'orders', verdict: 'scraped', cause: 'platform: no host name of the project can be resolved; orders-platform.a.aivencloud.test: DNS lookup (A) failed: <address>: SERVFAIL', remedy: 'look the name up at each name server (dig @SERVER NAME), from this VM and from another one: a server that answers at neither has to be mended (see its log and its forwarders), one that is silent at this VM alone is behind a firewall; change dns.nameservers if it names the wrong ones; the service is scraped meanwhile, as it was known before'
    log 'WARN a host name is not resolved, project=platform, service=orders, what=orders-platform.a.aivencloud.test does not resolve; the last known addresses stay, cause=DNS lookup (A) failed: <address>: SERVFAIL'
    doctor 'FAILED  dns: name server <address>: orders-platform.a.aivencloud.test: UDP: SERVFAIL, EDNS: SERVFAIL, TCP: SERVFAIL. What to do: the server is reached and fails by itself: see its log, its forwarders and DNSSEC, and ask a server of another network for the same name (dig @SERVER NAME)'
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
    remedy 'ask it from another VM (dig @SERVER NAME): if it answers there, see the firewalls between it and this machine; else mend it, or take it out of dns.nameservers (of /etc/resolv.conf, if that is not set); the others are asked in its place, which takes longer'
    explain 'orders', 'platform/orders: scraped'
    log 'WARN name server <address> fails, others answer, cause=<address>: no answer within <time>; names are still resolved by the others, remedy=ask it from another VM (dig @SERVER NAME): if it answers there, see the firewalls between it and this machine; else mend it, or take it out of dns.nameservers (of /etc/resolv.conf, if that is not set); the others are asked in its place, which takes longer'
    doctor 'warning dns: name server <address>: orders-platform.a.aivencloud.test: UDP: no answer in time, EDNS: no answer in time, TCP: Connection refused (os error 111). What to do: ask it from another VM (dig @SERVER NAME): if it answers there, see the firewalls between it and this machine; else mend it, or take it out of dns.nameservers (of /etc/resolv.conf, if that is not set); the others are asked in its place, which takes longer'
    alert 'AivenMetricsNameServerFailing', besides: %w[AivenMetricsNobodyScrapes]
  end

  fault 'dns-lies', 'A resolver answers with the address of another service' do
    done 'the name of `orders` is answered with the address of a node of `search`'
    blame :ours
    inject { |world| world.dns_fault(world.host('orders'), { answer: [world.addresses('search').first[/[^:]+/]] }) }
    problem 'One service cannot be verified (tls_failed)', of: 'platform/orders'
    cause "node <address>: the node shows a certificate for search-platform.a.aivencloud.test, replica-search-platform.a.aivencloud.test, public-search-platform.a.aivencloud.test, public-replica-search-platform.a.aivencloud.test, not for orders-platform.a.aivencloud.test (subject 'aiven-sim node', issuer 'platform Project CA', valid <day> to <day>)"
    remedy "nothing was sent to the node; compare dig @SERVER HOST at each name server and at one of another network: if only ours give this address, mend DNS or dns.nameservers; wait if nodes were just replaced; if the other network gives it, too, after an hour, send service, address and time to Aiven's support"
    whole_cause "node <address>: the node shows a certificate for search-platform.a.aivencloud.test, replica-search-platform.a.aivencloud.test, public-search-platform.a.aivencloud.test, public-replica-search-platform.a.aivencloud.test, not for orders-platform.a.aivencloud.test (subject 'aiven-sim node', issuer 'platform Project CA', valid <day> to <day>)"
    explain 'orders', verdict: 'tls_failed'
    log "WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (tls), cause=the node shows a certificate for search-platform.a.aivencloud.test, replica-search-platform.a.aivencloud.test, public-search-platform.a.aivencloud.test, public-replica-search-platform.a.aivencloud.test, not for orders-platform.a.aivencloud.test (subject 'aiven-sim node', issuer 'platform Project CA', valid <day> to <day>)"
    doctor "FAILED  node: pg: platform/orders at <address>: the node shows a certificate for search-platform.a.aivencloud.test, replica-search-platform.a.aivencloud.test, public-search-platform.a.aivencloud.test, public-replica-search-platform.a.aivencloud.test, not for orders-platform.a.aivencloud.test (subject 'aiven-sim node', issuer 'platform Project CA', valid <day> to <day>). What to do: nothing was sent to the node; compare dig @SERVER HOST at each name server and at one of another network: if only ours give this address, mend DNS or dns.nameservers; wait if nodes were just replaced; if the other network gives it, too, after an hour, send service, address and time to Aiven's support"
    alert 'AivenMetricsServicesNotScraped'
  end

  fault 'dns-lies-nxdomain', 'A resolver says that a name does not exist' do
    done 'the name of `orders` is answered with NXDOMAIN'
    blame :ours
    inject { |world| world.dns_fault(world.host('orders'), 'nx_domain') }
    problem 'One service is scraped at its last known addresses', of: 'platform/orders'
    cause 'orders-platform.a.aivencloud.test: DNS knows no such name (NXDOMAIN)'
    remedy "nothing is lost before an address changes: look the name up at each name server (dig @SERVER NAME), and at one of another network: if that one knows it, mend DNS or dns.nameservers; if no server knows it, see in Aiven's console whether the service still has that host"
    explain 'orders', verdict: 'scraped'
    log 'WARN a host name is not resolved, project=platform, service=orders, what=orders-platform.a.aivencloud.test does not resolve; the last known addresses stay, cause=DNS knows no such name (NXDOMAIN)'
    doctor "FAILED  dns: name server <address>: orders-platform.a.aivencloud.test: UDP in <time>, EDNS in <time>, TCP in <time>; it knows no such name (NXDOMAIN). What to do: look the name up at each name server (dig @SERVER NAME), and at one of another network: if that one knows it, mend DNS or dns.nameservers; if not, wait while the service is built (some minutes); if it runs and no server knows its name after an hour, send service and name to Aiven's support"
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
    remedy "look the name up at each name server (dig @SERVER NAME), and at one of another network: if that one knows it, mend DNS or dns.nameservers; if not, wait while the service is built (some minutes); if it runs and no server knows its name after an hour, send service and name to Aiven's support"
    explain 'ledger', verdict: 'unresolved'
    log 'WARN a host name is not resolved, project=platform, service=ledger, what=ledger-platform.a.aivencloud.test does not resolve; no address is known, cause=DNS knows no such name (NXDOMAIN)'
    doctor "FAILED  dns: name server <address>: ledger-platform.a.aivencloud.test: UDP in <time>, EDNS in <time>, TCP in <time>; it knows no such name (NXDOMAIN). What to do: look the name up at each name server (dig @SERVER NAME), and at one of another network: if that one knows it, mend DNS or dns.nameservers; if not, wait while the service is built (some minutes); if it runs and no server knows its name after an hour, send service and name to Aiven's support"
    alert 'AivenMetricsServicesNotScraped'
    alert 'AivenMetricsDnsStale'
  end
end
