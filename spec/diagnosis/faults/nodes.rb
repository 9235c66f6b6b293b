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
    cause 'connection refused: the machine is up, its metrics server is not (as in the first minutes after integrating, or while the node is replaced)'
    remedy "wait some minutes if the service is new or under maintenance; if it stays so, send this line to Aiven's support"
    explain 'orders', verdict: 'unreachable'
    log 'WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (connect), cause=connection refused: the machine is up, its metrics server is not (as in the first minutes after integrating, or while the node is replaced)'
    doctor "FAILED  node: pg: platform/orders at <address>: connection refused: the machine is up, its metrics server is not (as in the first minutes after integrating, or while the node is replaced). What to do: wait some minutes if the service is new or under maintenance; if it stays so, send this line to Aiven's support"
    alert 'AivenMetricsServicesNotScraped'
  end

  fault 'some-nodes-down', 'Some nodes of a service are down' do
    done 'nothing listens at one of the two nodes of `search`'
    blame :aiven
    inject { |world| world.node_fault('search', 'refuse', nodes: [0]) }
    problem 'One service is scraped without some of its nodes', of: 'platform/search'
    cause 'node <address>: connection refused: the machine is up, its metrics server is not (as in the first minutes after integrating, or while the node is replaced)'
    remedy "wait some minutes if the service is new or under maintenance; if it stays so, send this line to Aiven's support"
    explain 'search', verdict: 'scraped'
    log 'WARN a node cannot be scraped, project=platform, service=search, what=<address> cannot be scraped (connect), cause=connection refused: the machine is up, its metrics server is not (as in the first minutes after integrating, or while the node is replaced)'
    doctor 'warning prometheus: it reads the target list: 2 of 3 targets of <folder>/state/targets/targets.json are up; one says: server returned HTTP status 502 Bad Gateway. What to do: see aiven-metrics status, which names the cause'
    no_alert "the service is scraped, and its tenants' Prometheus has `AivenNodeDown`; operators are woken when more than 20 % of all scrapes fail (`AivenMetricsProxyFailing`)"
  end

  fault 'node-hung', 'A node hangs' do
    done 'the node of `orders` accepts connections and says nothing'
    blame :aiven
    inject { |world| world.node_fault('orders', 'hang') }
    problem 'One service cannot be scraped (unreachable)', of: 'platform/orders'
    cause 'the node accepted the connection and then did not speak TLS in time: it hangs, or is no metrics server'
    remedy "see in Aiven's console whether the node is overloaded or being replaced; if neither, send this line to Aiven's support"
    explain 'orders', verdict: 'unreachable'
    log 'WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (timeout), cause=the node accepted the connection and then did not speak TLS in time: it hangs, or is no metrics server'
    doctor "FAILED  node: pg: platform/orders at <address>: the node accepted the connection and then did not speak TLS in time: it hangs, or is no metrics server. What to do: see in Aiven's console whether the node is overloaded or being replaced; if neither, send this line to Aiven's support"
    alert 'AivenMetricsServicesNotScraped'
  end

  fault 'node-silent', 'A node takes the request and does not answer' do
    done 'the node of `orders` takes requests and never answers'
    blame :aiven
    inject { |world| world.node_fault('orders', 'hang_after_request') }
    problem 'One service cannot be scraped (unreachable)', of: 'platform/orders'
    cause 'the node took the request and did not answer in time'
    remedy "the node was reached: see whether it is overloaded; raise Prometheus' scrape_timeout if its page takes long to make"
    explain 'orders', verdict: 'unreachable'
    log 'WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (timeout), cause=the node took the request and did not answer in time'
    doctor "FAILED  node: pg: platform/orders at <address>: the node took the request and did not answer in time. What to do: the node was reached: see whether it is overloaded; raise Prometheus' scrape_timeout if its page takes long to make"
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
    cause "no answer to the connection: perhaps the node is down, or the service's IP allow-list (ip_filter) or a firewall shuts this machine out"
    remedy "check the service's IP allow-list (ip_filter) and the firewalls between this machine and the node; if both let this machine through, see in Aiven's console whether the node runs"
    explain 'orders', verdict: 'unreachable'
    log "WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (timeout), cause=no answer to the connection: perhaps the node is down, or the service's IP allow-list (ip_filter) or a firewall shuts this machine out"
    doctor "FAILED  node: pg: platform/orders at <address>: no answer to the connection: perhaps the node is down, or the service's IP allow-list (ip_filter) or a firewall shuts this machine out. What to do: check the service's IP allow-list (ip_filter) and the firewalls between this machine and the node; if both let this machine through, see in Aiven's console whether the node runs"
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
    cause "no answer to the connection, and the address is one of a private network: perhaps the service is in a VPC that this machine has no way into, or the node is down, or the service's IP allow-list (ip_filter) or a firewall shuts this machine out"
    remedy "switch public access to the service's Prometheus on (public_access.prometheus), or peer its VPC with this machine's network; where that is so, check its IP allow-list (ip_filter) and the firewalls on the way, and see in Aiven's console whether the node runs"
    explain 'orders', verdict: 'unreachable'
    log "WARN a node cannot be scraped, project=platform, service=orders, what=10.64.0.7:9273 cannot be scraped (timeout), cause=no answer to the connection, and the address is one of a private network: perhaps the service is in a VPC that this machine has no way into, or the node is down, or the service's IP allow-list (ip_filter) or a firewall shuts this machine out"
    doctor "FAILED  node: pg: platform/orders at 10.64.0.7:9273: no answer to the connection, and the address is one of a private network: <some>. What to do: switch public access to the service's Prometheus on (public_access.prometheus), or peer its VPC with this machine's network; <some>"
    alert 'AivenMetricsServicesNotScraped'
  end

  fault 'node-html', 'A node answers with a page of HTML' do
    done 'something answers in the place of the node of `orders`, with a page of HTML'
    blame :ours
    inject do |world|
      page = '<!DOCTYPE html><html><body><h1>Under maintenance</h1></body></html>'
      world.node_fault('orders', { answer: { code: 200, headers: [['content-type', 'text/html']], body: page } })
    end
    problem 'One service cannot be scraped (unreachable)', of: 'platform/orders'
    cause "the node's answer has the Content-Type 'text/html', and Prometheus 3 refuses such a page"
    remedy "what answers is not a metrics server that Prometheus 3 accepts: see that the service's prometheus component names this port, and whether something on the way answers in the node's place"
    explain 'orders', verdict: 'unreachable'
    log "WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (status), cause=the node's answer has the Content-Type 'text/html', and Prometheus 3 refuses such a page"
    doctor "FAILED  node: pg: platform/orders at <address>: the node's answer has the Content-Type 'text/html', and Prometheus 3 refuses such a page. What to do: what answers is not a metrics server that Prometheus 3 accepts: see that the service's prometheus component names this port, and whether something on the way answers in the node's place"
    alert 'AivenMetricsServicesNotScraped'
  end

  fault 'other-ca', 'A node has a certificate of another CA' do
    done 'the node of `orders` shows a certificate of a CA that the daemon does not know'
    blame :ours
    inject { |world| world.node_fault('orders', 'other_ca') }
    problem 'One service cannot be verified (tls_failed)', of: 'platform/orders'
    cause "the certificate shown for orders-platform.a.aivencloud.test is not believed: it is of another CA than those trusted: its issuer 'Nobody's CA' is neither the project's CA, scrape_proxy.ca_cert nor a public root, and the node sent no other certificate with it; if that issuer is an intermediate, the node may not have sent the intermediate's certificate (subject 'aiven-sim node', issuer 'Nobody's CA'…"
    remedy 'nothing was sent to the node; if you trust the issuer named here, give its certificate as scrape_proxy.ca_cert, which also makes up for an intermediate that a node does not send'
    whole_cause "the certificate shown for orders-platform.a.aivencloud.test is not believed: it is of another CA than those trusted: its issuer 'Nobody's CA' is neither the project's CA, scrape_proxy.ca_cert nor a public root, and the node sent no other certificate with it; if that issuer is an intermediate, the node may not have sent the intermediate's certificate (subject 'aiven-sim node', issuer 'Nobody's CA', names orders-platform.a.aivencloud.test, <some>, valid <day> to <day>)"
    explain 'orders', verdict: 'tls_failed'
    log "WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (tls), cause=the certificate shown for orders-platform.a.aivencloud.test is not believed: it is of another CA than those trusted: its issuer 'Nobody's CA' is neither the project's CA, scrape_proxy.ca_cert nor a public root, and the node sent no other certificate with it; if that issuer is an intermediate, the node may not have sent the intermediate's certificate (subject 'aiven-sim node', issuer 'Nobody's CA'…"
    doctor "FAILED  node: pg: platform/orders at <address>: the certificate shown for orders-platform.a.aivencloud.test is not believed: it is of another CA than those trusted: its issuer 'Nobody's CA' is neither the project's CA, <some>. What to do: nothing was sent to the node; if you trust the issuer named here, give its certificate as scrape_proxy.ca_cert, which also makes up for an intermediate that a node does not send"
    alert 'AivenMetricsServicesNotScraped'
  end

  fault 'certificate-expired', "A node's certificate has expired" do
    done 'the node of `orders` shows a certificate that has expired'
    blame :aiven
    inject { |world| world.node_fault('orders', 'expired') }
    problem 'One service cannot be verified (tls_failed)', of: 'platform/orders'
    cause "the certificate shown for orders-platform.a.aivencloud.test is not believed: it has expired on <day> (subject 'aiven-sim node', issuer 'platform Project CA', names orders-platform.a.aivencloud.test, <some>, valid <day> to <day>)"
    remedy "check this machine's clock; if it is right, apply the service's maintenance updates, with which Aiven renews certificates"
    explain 'orders', verdict: 'tls_failed'
    log "WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (tls), cause=the certificate shown for orders-platform.a.aivencloud.test is not believed: it has expired on <day> (subject 'aiven-sim node', issuer 'platform Project CA', names orders-platform.a.aivencloud.test, <some>, valid <day> to <day>)"
    doctor "FAILED  node: pg: platform/orders at <address>: the certificate shown for orders-platform.a.aivencloud.test is not believed: it has expired on <day> (subject 'aiven-sim node', <some>). What to do: check this machine's clock; if it is right, apply the service's maintenance updates, with which Aiven renews certificates"
    alert 'AivenMetricsServicesNotScraped'
  end

  fault 'other-name', "A node's certificate has another name" do
    done 'the node of `orders` shows the certificate of another service'
    blame :aiven
    inject { |world| world.node_fault('orders', 'other_name') }
    problem 'One service cannot be verified (tls_failed)', of: 'platform/orders'
    cause "the certificate shown for orders-platform.a.aivencloud.test is not believed: it is of another name than orders-platform.a.aivencloud.test, it is for somebody-elses-service.a.aivencloud.test: perhaps the address belongs to another node by now, or DNS is wrong (subject 'aiven-sim node', issuer 'platform Project CA', names somebody-elses-service.a.aivencloud.test, valid <day> to <some>…"
    remedy "nothing was sent to the node; wait for DNS to follow if nodes were just replaced, else compare the names with the service's host names in aiven-metrics explain"
    whole_cause "the certificate shown for orders-platform.a.aivencloud.test is not believed: it is of another name than orders-platform.a.aivencloud.test, it is for somebody-elses-service.a.aivencloud.test: perhaps the address belongs to another node by now, or DNS is wrong (subject 'aiven-sim node', issuer 'platform Project CA', names somebody-elses-service.a.aivencloud.test, valid <day> to <day>)"
    explain 'orders', verdict: 'tls_failed'
    log 'WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (tls), cause=the certificate shown for orders-platform.a.aivencloud.test is not believed: it is of another name than orders-platform.a.aivencloud.test, it is for somebody-elses-service.a.aivencloud.test: perhaps the address belongs to another node by now, or DNS is wrong <some>…'
    doctor "FAILED  node: pg: platform/orders at <address>: the certificate shown for orders-platform.a.aivencloud.test is not believed: it is of another name than orders-platform.a.aivencloud.test, it is for somebody-elses-service.a.aivencloud.test: perhaps the address belongs to another node by now, or DNS is wrong <some>. What to do: nothing was sent to the node; wait for DNS to follow if nodes were just replaced, else compare the names with the service's host names in aiven-metrics explain"
    alert 'AivenMetricsServicesNotScraped'
  end

  fault 'wrong-password', 'A node refuses the password' do
    done 'the node of `orders` answers 401'
    blame :ours
    inject { |world| world.node_fault('orders', 'wrong_password') }
    problem 'One service refuses our credentials (unauthorised)', of: 'platform/orders'
    cause 'the node refuses the credentials of integration endpoint <id>, and says: 401 Unauthorized'
    remedy 'compare the username and password of the integration endpoint at Aiven with integration.username and .password; after a change Aiven takes some minutes to hand them out'
    explain 'orders', verdict: 'unauthorised'
    log 'WARN a node cannot be scraped, project=platform, service=orders, what=<address> cannot be scraped (unauthorised), cause=the node refuses the credentials of integration endpoint <id>, and says: 401 Unauthorized'
    doctor 'FAILED  node: pg: platform/orders at <address>: the node refuses the credentials of integration endpoint <id>, and says: 401 Unauthorized. What to do: compare the username and password of the integration endpoint at Aiven with integration.username and .password; after a change Aiven takes some minutes to hand them out'
    alert 'AivenMetricsServicesNotScraped'
  end
end
