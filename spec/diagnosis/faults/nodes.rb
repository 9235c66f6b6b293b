# frozen_string_literal: true

require_relative '../fault'
require_relative '../firewalled'
require_relative '../machine'

Diagnosis.area 'Nodes' do
  fault 'node-down', 'The node of a service is down' do
    done 'nothing listens at the only node of `orders`'
    blame :aiven
    inject { |world| world.node_fault('orders', 'refuse') }
    problem 'One service cannot be scraped (unreachable)', of: 'platform/orders'
    cause 'node <address>: connection refused'
    remedy "look at the service in Aiven's console: wait while it is built or maintained (some minutes); else try nc -vz IP PORT from another VM: if that is refused, too, send service, address and time to Aiven's support; if it is not, see what rejects connections between this machine and the node"
    explain 'orders', verdict: 'unreachable'
    log 'WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (connect), cause=connection refused'
    doctor "FAILED  node: pg: platform/orders at <address>: connection refused. What to do: look at the service in Aiven's console: wait while it is built or maintained (some minutes); else try nc -vz IP PORT from another VM: if that is refused, too, send service, address and time to Aiven's support; if it is not, see what rejects connections between this machine and the node"
    alert 'AivenMetricsServicesNotScraped'
  end

  fault 'some-nodes-down', 'Some nodes of a service are down' do
    done 'nothing listens at one of the two nodes of `search`'
    blame :aiven
    inject { |world| world.node_fault('search', 'refuse', nodes: [0]) }
    problem 'One service is scraped without some of its nodes', of: 'platform/search'
    cause 'node <address>: connection refused'
    remedy "look at the service in Aiven's console: wait while it is built or maintained (some minutes); else try nc -vz IP PORT from another VM: if that is refused, too, send service, address and time to Aiven's support; if it is not, see what rejects connections between this machine and the node"
    explain 'search', verdict: 'scraped'
    log 'WARN a node cannot be scraped, project=platform, service=search, what=<address> cannot be scraped (connect), cause=connection refused'
    doctor 'warning prometheus: it reads the target list: 2 of 3 targets of <folder>/state/targets/targets.json are up; one says: server returned HTTP status 502 Bad Gateway. What to do: see aiven-metrics status, which names the cause'
    no_alert "the service is scraped, and its tenants' Prometheus has `AivenNodeDown`; operators are woken when more than 20 % of all scrapes fail (`AivenMetricsProxyFailing`)"
  end

  fault 'node-hung', 'A node hangs' do
    done 'the node of `orders` accepts connections and says nothing'
    blame :aiven
    inject { |world| world.node_fault('orders', 'hang') }
    problem 'One service cannot be scraped (unreachable)', of: 'platform/orders'
    cause 'node <address>: the node accepted the connection and then spoke no TLS within <time>'
    remedy "if other services fail alike on this VM, look at its network (firewall, MTU); else see in Aiven's console whether the node is overloaded or being replaced; if neither, send service, address and time to Aiven's support"
    explain 'orders', verdict: 'unreachable'
    log 'WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (timeout), cause=the node accepted the connection and then spoke no TLS within <time>'
    doctor "FAILED  node: pg: platform/orders at <address>: the node accepted the connection and then spoke no TLS within <time>. What to do: if other services fail alike on this VM, look at its network (firewall, MTU); else see in Aiven's console whether the node is overloaded or being replaced; if neither, send service, address and time to Aiven's support"
    alert 'AivenMetricsServicesNotScraped'
  end

  fault 'node-silent', 'A node takes the request and does not answer' do
    done 'the node of `orders` takes requests and never answers'
    blame :aiven
    inject { |world| world.node_fault('orders', 'hang_after_request') }
    problem 'One service cannot be scraped (unreachable)', of: 'platform/orders'
    cause 'node <address>: the node took the request and did not answer within <time>'
    remedy "see the node's CPU and load in Aiven's console; if it is busy, ask the service's owner for a larger plan; if it is idle, send service, address and time to Aiven's support; raise scrape_timeout (in the scrape job, add-tenant-prometheis.yml) only if some scrapes succeed"
    explain 'orders', verdict: 'unreachable'
    log 'WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (timeout), cause=the node took the request and did not answer within <time>'
    doctor "FAILED  node: pg: platform/orders at <address>: the node took the request and did not answer within <time>. What to do: see the node's CPU and load in Aiven's console; if it is busy, ask the service's owner for a larger plan; if it is idle, send service, address and time to Aiven's support; raise scrape_timeout (in the scrape job, add-tenant-prometheis.yml) only if some scrapes succeed"
    alert 'AivenMetricsServicesNotScraped'
  end

  fault 'ip-filter', "The service's `ip_filter` does not have this platform" do
    done 'connections to the node of `orders` are dropped, as a firewall drops them'
    blame :ours
    inject do |world|
      wall = world.keep(Firewalled.new(9273))
      world.dns_fault(world.host('orders'), { answer: [wall.ip] })
    end
    problem 'One service cannot be scraped (unreachable)', of: 'platform/orders'
    cause 'node <address>: no answer to the connection within <time>'
    remedy "ask the service's owner whether its IP allow-list (ip_filter) has the address with which this machine leaves the platform, and check the firewalls on the way; if both let this machine through, see in Aiven's console whether the node runs"
    explain 'orders', verdict: 'unreachable'
    log 'WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (timeout), cause=no answer to the connection within <time>'
    doctor "FAILED  node: pg: platform/orders at <address>: no answer to the connection within <time>. What to do: ask the service's owner whether its IP allow-list (ip_filter) has the address with which this machine leaves the platform, and check the firewalls on the way; if both let this machine through, see in Aiven's console whether the node runs"
    alert 'AivenMetricsServicesNotScraped'
  end

  fault 'vpc-without-public-access', 'A service in a VPC, without public access' do
    done "the name of `orders` is answered with an address of a private network, which drops this machine's connections"
    blame :ours
    inject do |world|
      Machine.address('10.64.0.7')
      world.keep(Firewalled.new(9273, '10.64.0.7'))
      world.dns_fault(world.host('orders'), { answer: ['10.64.0.7'] })
    end
    problem 'One service cannot be scraped (unreachable)', of: 'platform/orders'
    cause 'node <address>: no answer to the connection within <time>, and the address is one of a private network'
    remedy "see in Aiven's console whether the service is in a VPC: if so, ask its owner whether to peer the VPC with this machine's network or to allow public access (public_access.prometheus); else check its IP allow-list (ip_filter) and the firewalls on the way, and whether the node runs"
    explain 'orders', verdict: 'unreachable'
    log 'WARN a node cannot be scraped, project=platform, service=orders, what=10.64.0.7:9273 cannot be scraped (timeout), cause=no answer to the connection within <time>, and the address is one of a private network'
    doctor "FAILED  node: pg: platform/orders at 10.64.0.7:9273: no answer to the connection within <time>, and the address is one of a private network. What to do: see in Aiven's console whether the service is in a VPC: if so, ask its owner whether to peer the VPC with this machine's network or to allow public access (public_access.prometheus); else check its IP allow-list (ip_filter) and the firewalls on the way, and whether the node runs"
    alert 'AivenMetricsServicesNotScraped'
  end

  fault 'node-html', 'A node answers with a page of HTML' do
    done 'something answers in the place of the node of `orders`, with a page of HTML'
    blame :aiven
    inject do |world|
      page = '<!DOCTYPE html><html><body><h1>Under maintenance</h1></body></html>'
      world.node_fault('orders', { answer: { code: 200, headers: [['content-type', 'text/html']], body: page } })
    end
    problem 'One service cannot be scraped (unreachable)', of: 'platform/orders'
    cause "node <address>: the node answers 200 with the Content-Type 'text/html', not that of metrics, which Prometheus 3 refuses, and says: Under maintenance"
    remedy "wait some minutes if the service is new or under maintenance; else find out what answers at that address: a proxy on the way is yours to mend; if it is the node itself, send service, address, time and its words to Aiven's support"
    explain 'orders', verdict: 'unreachable'
    log "WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (status), cause=the node answers 200 with the Content-Type 'text/html', not that of metrics, which Prometheus 3 refuses, and says: Under maintenance"
    doctor "FAILED  node: pg: platform/orders at <address>: the node answers 200 with the Content-Type 'text/html', not that of metrics, which Prometheus 3 refuses, and says: Under maintenance. What to do: wait some minutes if the service is new or under maintenance; else find out what answers at that address: a proxy on the way is yours to mend; if it is the node itself, send service, address, time and its words to Aiven's support"
    alert 'AivenMetricsServicesNotScraped'
  end

  fault 'other-ca', 'A node has a certificate of another CA' do
    done 'the node of `orders` shows a certificate of a CA that the daemon does not know'
    blame :ours
    inject { |world| world.node_fault('orders', 'other_ca') }
    problem 'One service cannot be verified (tls_failed)', of: 'platform/orders'
    cause "node <address>: the certificate shown for orders-platform.a.aivencloud.test is not believed: it is of another CA than those trusted: its issuer 'Nobody's CA' is neither the project's CA, scrape_proxy.ca_cert nor a public root, and the node sent no other certificate with it (<some>…"
    remedy "nothing was sent to the node; compare the issuer with the CA in Aiven's console (project settings, CA certificate): if it is that CA, or one that it signed, give the issuer's certificate as scrape_proxy.ca_cert; else do not trust it, and find what answers with a certificate of its own between this machine and the node"
    whole_cause "node <address>: the certificate shown for orders-platform.a.aivencloud.test is not believed: it is of another CA than those trusted: its issuer 'Nobody's CA' is neither the project's CA, scrape_proxy.ca_cert nor a public root, and the node sent no other certificate with it (subject 'aiven-sim node', issuer 'Nobody's CA', names orders-platform.a.aivencloud.test, <some>, valid <day> to <day>)"
    explain 'orders', verdict: 'tls_failed'
    log "WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (tls), cause=the certificate shown for orders-platform.a.aivencloud.test is not believed: it is of another CA than those trusted: its issuer 'Nobody's CA' is neither the project's CA, scrape_proxy.ca_cert nor a public root, and the node sent no other certificate with it (<some>…"
    doctor "FAILED  node: pg: platform/orders at <address>: the certificate shown for orders-platform.a.aivencloud.test is not believed: it is of another CA than those trusted: its issuer 'Nobody's CA' is neither the project's CA, <some>. What to do: nothing was sent to the node; compare the issuer with the CA in Aiven's console (project settings, CA certificate): if it is that CA, or one that it signed, give the issuer's certificate as scrape_proxy.ca_cert; else do not trust it, and find what answers with a certificate of its own between this machine and the node"
    alert 'AivenMetricsServicesNotScraped'
  end

  fault 'certificate-expired', "A node's certificate has expired" do
    done 'the node of `orders` shows a certificate that has expired'
    blame :aiven
    inject { |world| world.node_fault('orders', 'expired') }
    problem 'One service cannot be verified (tls_failed)', of: 'platform/orders'
    cause "node <address>: the certificate shown for orders-platform.a.aivencloud.test is not believed: it has expired on <day> by a clock that agrees with Aiven's (subject 'aiven-sim node', issuer 'platform Project CA', names orders-platform.a.aivencloud.test, <some>…"
    whole_cause "node <address>: the certificate shown for orders-platform.a.aivencloud.test is not believed: it has expired on <day> by a clock that agrees with Aiven's (subject 'aiven-sim node', issuer 'platform Project CA', names orders-platform.a.aivencloud.test, <some>, valid <day> to <day>)"
    remedy "ask the service's owner to apply its maintenance updates (they restart nodes), with which Aiven renews certificates; if none waits, send service, address and time to Aiven's support"
    explain 'orders', verdict: 'tls_failed'
    log "WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (tls), cause=the certificate shown for orders-platform.a.aivencloud.test is not believed: it has expired on <day> by a clock that agrees with Aiven's (subject 'aiven-sim node', issuer 'platform Project CA', <some>"
    doctor "FAILED  node: pg: platform/orders at <address>: the certificate shown for orders-platform.a.aivencloud.test is not believed: it has expired on <day> by a clock that agrees with Aiven's (subject 'aiven-sim node', <some>). What to do: ask the service's owner to apply its maintenance updates (they restart nodes), with which Aiven renews certificates; if none waits, send service, address and time to Aiven's support"
    alert 'AivenMetricsServicesNotScraped'
  end

  fault 'other-name', "A node's certificate has another name" do
    done 'the node of `orders` shows the certificate of another service'
    blame :aiven
    inject { |world| world.node_fault('orders', 'other_name') }
    problem 'One service cannot be verified (tls_failed)', of: 'platform/orders'
    cause "node <address>: the node shows a certificate for somebody-elses-service.a.aivencloud.test, not for orders-platform.a.aivencloud.test (subject 'aiven-sim node', issuer 'platform Project CA', valid <day> to <day>)"
    remedy "nothing was sent to the node; compare dig @SERVER HOST at each name server and at one of another network: if only ours give this address, mend DNS or dns.nameservers; wait if nodes were just replaced; if the other network gives it, too, after an hour, send service, address and time to Aiven's support"
    whole_cause "node <address>: the node shows a certificate for somebody-elses-service.a.aivencloud.test, not for orders-platform.a.aivencloud.test (subject 'aiven-sim node', issuer 'platform Project CA', valid <day> to <day>)"
    explain 'orders', verdict: 'tls_failed'
    log "WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (tls), cause=the node shows a certificate for somebody-elses-service.a.aivencloud.test, not for orders-platform.a.aivencloud.test (subject 'aiven-sim node', issuer 'platform Project CA', valid <day> to <day>)"
    doctor "FAILED  node: pg: platform/orders at <address>: the node shows a certificate for somebody-elses-service.a.aivencloud.test, not for orders-platform.a.aivencloud.test (subject 'aiven-sim node', issuer 'platform Project CA', valid <day> to <day>). What to do: nothing was sent to the node; compare dig @SERVER HOST at each name server and at one of another network: if only ours give this address, mend DNS or dns.nameservers; wait if nodes were just replaced; if the other network gives it, too, after an hour, send service, address and time to Aiven's support"
    alert 'AivenMetricsServicesNotScraped'
  end

  fault 'wrong-password', 'A node refuses the password' do
    done 'the node of `orders` answers 401'
    blame :aiven
    inject { |world| world.node_fault('orders', 'wrong_password') }
    problem 'One service has no credentials that its nodes take (unauthorised)', of: 'platform/orders'
    cause 'node <address>: the node refuses the credentials of integration endpoint <id>, and says: 401 Unauthorized'
    remedy "if a password was changed less than ten minutes ago, wait: the daemon brings the endpoint in step; else delete the service's Prometheus integration in Aiven's console, and the daemon makes it anew (by hand, if integration.create is false); if it is refused again, send service, address and time to Aiven's support"
    explain 'orders', verdict: 'unauthorised'
    log 'WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (unauthorised), cause=the node refuses the credentials of integration endpoint <id>, and says: 401 Unauthorized'
    doctor "FAILED  node: pg: platform/orders at <address>: the node refuses the credentials of integration endpoint <id>, and says: 401 Unauthorized. What to do: if a password was changed less than ten minutes ago, wait: the daemon brings the endpoint in step; else delete the service's Prometheus integration in Aiven's console, and the daemon makes it anew (by hand, if integration.create is false); if it is refused again, send service, address and time to Aiven's support"
    alert 'AivenMetricsServicesNotScraped'
  end
end
