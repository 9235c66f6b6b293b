# frozen_string_literal: true

require_relative '../fault'
require_relative '../front'

Diagnosis.area "Aiven's API" do
  fault 'token-wrong', 'The token is wrong' do
    done '`aiven.api_token` is not a token that Aiven knows'
    blame :ours
    from_the_start
    properties 'aiven.api_token' => 'not-a-token-of-this-account'
    problem 'platform: listing services (list) and integrating services (integrate) fail'
    cause 'Aiven does not accept the token (Invalid token)'
    remedy "see in Aiven's console whether the token is there and has not expired, and whether aiven.api_token is the whole of it; else make a new one for the same user, set it, and deploy; until then nothing is published, as it was never listed"
    explain 'orders', 'aiven-metrics: no service orders is known', 'CAUSE  it may be in a project that cannot be listed: platform: Aiven does not accept the token (Invalid token)'
    log "ERROR Aiven rejects the token; targets stay as they are, project=platform, operation=<some>, kind=Aiven does not accept the token (Invalid token); see in Aiven's console whether the token is there and has not expired, and whether aiven.api_token is the whole of it; else make a new one for the same user, set it, and deploy"
    doctor "FAILED  api: platform: project:services:read: Aiven does not accept the token (Invalid token). What to do: see in Aiven's console whether the token is there and has not expired, and whether aiven.api_token is the whole of it; else make a new one for the same user, set it, and deploy"
    alert 'AivenMetricsTokenRejected'
    alert 'AivenMetricsNeverListed'
  end

  fault 'token-revoked', 'The token is revoked' do
    done 'the token is revoked at Aiven while the daemon runs'
    blame :ours
    inject { |world| world.tell(do: 'revoke_token', token: world.token) }
    problem 'platform: listing services (list) and integrating services (integrate) fail'
    cause 'Aiven does not accept the token (Invalid token)'
    remedy "see in Aiven's console whether the token is there and has not expired, and whether aiven.api_token is the whole of it; else make a new one for the same user, set it, and deploy; targets that are known stay meanwhile"
    explain 'orders', verdict: 'scraped', cause: 'platform: Aiven does not accept the token (Invalid token)', remedy: "see in Aiven's console whether the token is there and has not expired, and whether aiven.api_token is the whole of it; else make a new one for the same user, set it, and deploy; the service is scraped meanwhile, as it was known before"
    log "ERROR Aiven rejects the token; targets stay as they are, project=platform, operation=<some>, kind=Aiven does not accept the token (Invalid token); see in Aiven's console whether the token is there and has not expired, and whether aiven.api_token is the whole of it; else make a new one for the same user, set it, and deploy"
    doctor "FAILED  api: platform: project:services:read: Aiven does not accept the token (Invalid token). What to do: see in Aiven's console whether the token is there and has not expired, and whether aiven.api_token is the whole of it; else make a new one for the same user, set it, and deploy"
    alert 'AivenMetricsTokenRejected', besides: %w[AivenMetricsListingStale AivenMetricsStageStale]
  end

  fault 'project-forbidden', 'The token has no right in one project' do
    done "of two projects the token's user may read one alone: `billing` is not among its projects"
    blame :ours
    from_the_start
    before do |world|
      world.tell(do: 'add_project', project: 'billing')
      rights = { projects: { platform: %w[project:services:read project:integrations:write organization:projects:write] } }
      world.property('aiven.api_token', world.tell(do: 'add_token', rights: rights).fetch('token'))
    end
    properties 'aiven.projects' => %w[platform billing]
    problem 'billing: listing services (list) and integrating services (integrate) fail'
    cause 'the token lacks a right (Not a project member)'
    remedy "in Aiven's console, give the token's user project:services:read and project:integrations:write in this project, if aiven.projects names the right one; until then nothing is published, as it was never listed"
    explain 'orders', 'platform/orders: scraped'
    log "WARN asking Aiven failed; targets stay as they are, project=billing, operation=<some>, error=<some> in project billing: the token lacks a right (Not a project member); in Aiven's console, give the token's user project:services:read and project:integrations:write in this project, if aiven.projects names the right one"
    doctor "FAILED  api: billing: project:services:read: the token lacks a right (Not a project member). What to do: give the token's user the right project:services:read in the project billing, in Aiven's console"
    alert 'AivenMetricsNeverListed'
    alert 'AivenMetricsTokenRejected'
  end

  fault 'project-read-only', 'The token may only read in one project' do
    done "the token's user lacks `project:integrations:write` in `platform`"
    blame :ours
    from_the_start
    before do |world|
      rights = { projects: { platform: %w[project:services:read project:integrations:read organization:projects:write] } }
      world.property('aiven.api_token', world.tell(do: 'add_token', rights: rights).fetch('token'))
    end
    problem '2 services cannot be integrated (integration_failed)', of: 'platform/orders, platform/search'
    cause 'the integration endpoint could not be created: the token lacks a right (Missing permission project:integrations:write)'
    remedy "in Aiven's console, give the token's user project:services:read and project:integrations:write in this project, if aiven.projects names the right one; it is tried again by itself, with growing pauses"
    explain 'orders', verdict: 'integration_failed'
    log "WARN the integration endpoint could not be created; trying again later, project=platform, cause=the integration endpoint could not be created: the token lacks a right (Missing permission project:integrations:write); in Aiven's console, give the token's user project:services:read and project:integrations:write in this project, if aiven.projects names the right one"
    doctor 'skipped api: platform: project:integrations:write: without an integration endpoint it cannot be tried, and the project has none'
    alert 'AivenMetricsIntegrationFailed', besides: %w[AivenMetricsManyNotScraped AivenMetricsStageStale AivenMetricsTokenRejected AivenMetricsNobodyScrapes]
  end

  fault 'project-renamed', 'A project is renamed' do
    done 'a project of the configuration has another name at Aiven by now'
    blame :ours
    inject { |world| world.api_fault({ status: { code: 404, message: 'Project platform does not exist' } }, project: 'platform') }
    problem 'platform: listing services (list) and integrating services (integrate) fail'
    cause 'not found (Project platform does not exist)'
    remedy "look for the project in Aiven's console: if its name is spelt otherwise there, or was changed, write that in aiven.projects; if it was deleted, take it out; then deploy; targets that are known stay meanwhile"
    explain 'orders', verdict: 'scraped', cause: 'platform: not found (Project platform does not exist)', remedy: "look for the project in Aiven's console: if its name is spelt otherwise there, or was changed, write that in aiven.projects; if it was deleted, take it out; then deploy; the service is scraped meanwhile, as it was known before"
    log "WARN asking Aiven failed; targets stay as they are, project=platform, operation=<some>, error=<some> in project platform: not found (Project platform does not exist); look for the project in Aiven's console: if its name is spelt otherwise there, or was changed, write that in aiven.projects; if it was deleted, take it out; then deploy"
    doctor "FAILED  api: platform: project:services:read: not found (Project platform does not exist). What to do: look for the project in Aiven's console: if its name is spelt otherwise there, or was changed, write that in aiven.projects; if it was deleted, take it out; then deploy"
    alert 'AivenMetricsListingStale', besides: %w[AivenMetricsStageStale]
  end

  fault 'project-unknown', 'A project of the configuration does not exist' do
    done '`aiven.projects` has a name that no project has'
    blame :ours
    from_the_start
    properties 'aiven.projects' => %w[platform billlng]
    problem 'billlng: listing services (list) and integrating services (integrate) fail'
    cause 'not found (Project billlng does not exist)'
    remedy "look for the project in Aiven's console: if its name is spelt otherwise there, or was changed, write that in aiven.projects; if it was deleted, take it out; then deploy; until then nothing is published, as it was never listed"
    explain 'orders', 'platform/orders: scraped'
    log "WARN asking Aiven failed; targets stay as they are, project=billlng, operation=<some>, error=<some> in project billlng: not found (Project billlng does not exist); look for the project in Aiven's console: if its name is spelt otherwise there, or was changed, write that in aiven.projects; if it was deleted, take it out; then deploy"
    doctor "FAILED  api: billlng: project:services:read: not found (Project billlng does not exist). What to do: look for the project in Aiven's console: if its name is spelt otherwise there, or was changed, write that in aiven.projects; if it was deleted, take it out; then deploy"
    alert 'AivenMetricsNeverListed'
  end

  fault 'api-refused', "Nothing listens at Aiven's API" do
    done 'connections to `aiven.api_url` are refused'
    blame :ours
    front = nil
    before { |world| front = world.keep(Front.new(world.api)) }
    properties { { 'aiven.api_url' => front.url } }
    inject { front.kill }
    problem 'platform: listing services (list) and integrating services (integrate) fail'
    cause "the connection to Aiven's API failed: <address>: tcp connect error: Connection refused (os error 111)"
    remedy "let this machine reach that host: see that aiven.api_url is right, then routes, firewalls and aiven.http_proxy; if all is well there, see Aiven's status page; targets that are known stay meanwhile"
    explain 'orders', verdict: 'scraped', cause: "platform: the connection to Aiven's API failed: <address>: tcp connect error: Connection refused (os error 111)", remedy: "let this machine reach that host: see that aiven.api_url is right, then routes, firewalls and aiven.http_proxy; if all is well there, see Aiven's status page; the service is scraped meanwhile, as it was known before"
    log "WARN asking Aiven failed; targets stay as they are, project=platform, operation=<some>, error=<some> in project platform: the connection to Aiven's API failed: <address>: tcp connect error: Connection refused (os error 111); let this machine reach that host: see that aiven.api_url is right, then routes, firewalls and aiven.http_proxy; if all is well there, see Aiven's status page"
    doctor "FAILED  api: platform: project:services:read: the connection to Aiven's API failed: <address>: tcp connect error: Connection refused (os error 111). What to do: let this machine reach that host: see that aiven.api_url is right, then routes, firewalls and aiven.http_proxy; if all is well there, see Aiven's status page"
    alert 'AivenMetricsApiFailing'
    alert 'AivenMetricsListingStale', besides: %w[AivenMetricsStageStale]
  end

  fault 'api-down', "Aiven's API is down" do
    done 'Aiven answers 503 to everything'
    blame :aiven
    inject { |world| world.api_fault({ status: { code: 503, message: 'Service Unavailable' } }) }
    problem 'platform: listing services (list) and integrating services (integrate) fail'
    cause 'Aiven answered 503 (Service Unavailable)'
    remedy "see Aiven's status page; if it names no trouble, send this line and the time to Aiven's support; it is asked again by itself; targets that are known stay meanwhile"
    explain 'orders', verdict: 'scraped', cause: 'platform: Aiven answered 503 (Service Unavailable)', remedy: "see Aiven's status page; if it names no trouble, send this line and the time to Aiven's support; it is asked again by itself; the service is scraped meanwhile, as it was known before"
    log "WARN asking Aiven failed; targets stay as they are, project=platform, operation=<some>, error=<some> in project platform: Aiven answered 503 (Service Unavailable); see Aiven's status page; if it names no trouble, send this line and the time to Aiven's support; it is asked again by itself"
    doctor "FAILED  api: platform: project:services:read: Aiven answered 503 (Service Unavailable). What to do: see Aiven's status page; if it names no trouble, send this line and the time to Aiven's support; it is asked again by itself"
    alert 'AivenMetricsApiFailing'
    alert 'AivenMetricsListingStale', besides: %w[AivenMetricsStageStale]
  end

  fault 'api-silent', "Aiven's API does not answer" do
    done 'requests to the API are accepted and not answered'
    blame :aiven
    inject { |world| world.api_fault('hang') }
    problem 'platform: listing services (list) and integrating services (integrate) fail'
    cause "Aiven's API did not answer within <time>"
    remedy "see Aiven's status page; if Aiven is well, see the firewalls and aiven.http_proxy on the way to aiven.api_url; raise aiven.request_timeout only if some requests succeed; targets that are known stay meanwhile"
    explain 'orders', verdict: 'scraped', cause: "platform: Aiven's API did not answer within <time>", remedy: "see Aiven's status page; if Aiven is well, see the firewalls and aiven.http_proxy on the way to aiven.api_url; raise aiven.request_timeout only if some requests succeed; the service is scraped meanwhile, as it was known before"
    log "WARN asking Aiven failed; targets stay as they are, project=platform, operation=<some>, error=<some> in project platform: Aiven's API did not answer within <time>; see Aiven's status page; if Aiven is well, see the firewalls and aiven.http_proxy on the way to aiven.api_url; raise aiven.request_timeout only if some requests succeed"
    doctor "FAILED  api: platform: project:services:read: Aiven's API did not answer within <time>. What to do: see Aiven's status page; if Aiven is well, see the firewalls and aiven.http_proxy on the way to aiven.api_url; raise aiven.request_timeout only if some requests succeed"
    alert 'AivenMetricsApiFailing'
    alert 'AivenMetricsListingStale', besides: %w[AivenMetricsStageStale]
  end

  portal = '<!DOCTYPE html><html><head><title>Guest access</title></head><body><h1>Please log in</h1></body></html>'

  fault 'portal-page', 'A captive portal answers 200 with its page' do
    done 'something on the way to the API answers everything with its own page'
    blame :ours
    inject { |world| world.api_fault({ answer: { code: 200, content_type: 'text/html', body: portal } }) }
    problem 'platform: listing services (list) and integrating services (integrate) fail'
    cause 'something between this machine and Aiven answered 200: "Guest access"'
    remedy "find out what answers in Aiven's place: see aiven.api_url, and the proxies and firewalls on the way to it; targets that are known stay meanwhile"
    explain 'orders', verdict: 'scraped', cause: 'platform: something between this machine and Aiven answered 200: "Guest access"', remedy: "find out what answers in Aiven's place: see aiven.api_url, and the proxies and firewalls on the way to it; the service is scraped meanwhile, as it was known before"
    log "WARN asking Aiven failed; targets stay as they are, project=platform, operation=<some>, error=<some> in project platform: something between this machine and Aiven answered 200: \"Guest access\"; find out what answers in Aiven's place: see aiven.api_url, and the proxies and firewalls on the way to it"
    doctor "FAILED  api: platform: project:services:read: something between this machine and Aiven answered 200: \"Guest access\". What to do: find out what answers in Aiven's place: see aiven.api_url, and the proxies and firewalls on the way to it"
    alert 'AivenMetricsApiFailing'
    alert 'AivenMetricsListingStale', besides: %w[AivenMetricsStageStale AivenMetricsListingDistrusted]
  end

  fault 'portal-511', 'A captive portal answers 511' do
    done 'something on the way to the API answers everything with 511 and its own page'
    blame :ours
    inject { |world| world.api_fault({ answer: { code: 511, content_type: 'text/html', body: portal } }) }
    problem 'platform: listing services (list) and integrating services (integrate) fail'
    cause 'something between this machine and Aiven answered 511: "Guest access"'
    remedy "find out what answers in Aiven's place: see aiven.api_url, and the proxies and firewalls on the way to it; targets that are known stay meanwhile"
    explain 'orders', verdict: 'scraped', cause: 'platform: something between this machine and Aiven answered 511: "Guest access"', remedy: "find out what answers in Aiven's place: see aiven.api_url, and the proxies and firewalls on the way to it; the service is scraped meanwhile, as it was known before"
    log "WARN asking Aiven failed; targets stay as they are, project=platform, operation=<some>, error=<some> in project platform: something between this machine and Aiven answered 511: \"Guest access\"; find out what answers in Aiven's place: see aiven.api_url, and the proxies and firewalls on the way to it"
    doctor "FAILED  api: platform: project:services:read: something between this machine and Aiven answered 511: \"Guest access\". What to do: find out what answers in Aiven's place: see aiven.api_url, and the proxies and firewalls on the way to it"
    alert 'AivenMetricsApiFailing'
    alert 'AivenMetricsListingStale', besides: %w[AivenMetricsStageStale]
  end

  fault 'portal-redirect', 'A captive portal redirects' do
    done 'something on the way to the API redirects everything to its own host'
    blame :ours
    inject { |world| world.api_fault({ with_headers: { code: 302, headers: [['location', 'https://portal.example.net/login']], message: '' } }) }
    problem 'platform: listing services (list) and integrating services (integrate) fail'
    cause 'something between this machine and Aiven answered 302, a redirect to https://portal.example.net, which is not followed, with an empty body'
    remedy "find out what answers in Aiven's place: see aiven.api_url, and the proxies and firewalls on the way to it; targets that are known stay meanwhile"
    explain 'orders', verdict: 'scraped', cause: 'platform: something between this machine and Aiven answered 302, a redirect to https://portal.example.net, which is not followed, with an empty body', remedy: "find out what answers in Aiven's place: see aiven.api_url, and the proxies and firewalls on the way to it; the service is scraped meanwhile, as it was known before"
    log "WARN asking Aiven failed; targets stay as they are, project=platform, operation=<some>, error=<some> in project platform: something between this machine and Aiven answered 302, a redirect to https://portal.example.net, which is not followed, with an empty body; find out what answers in Aiven's place: see aiven.api_url, and the proxies and firewalls on the way to it"
    doctor "FAILED  api: platform: project:services:read: something between this machine and Aiven answered 302, a redirect to https://portal.example.net, which is not followed, with an empty body. What to do: find out what answers in Aiven's place: see aiven.api_url, and the proxies and firewalls on the way to it"
    alert 'AivenMetricsApiFailing'
    alert 'AivenMetricsListingStale', besides: %w[AivenMetricsStageStale]
  end

  fault 'throttled', 'Aiven answers 429 for ever' do
    done 'every request is answered 429'
    blame :ours
    inject { |world| world.api_fault({ rate_limited: { seconds: 2, retry_after: nil } }) }
    problem 'platform: listing services (list) and integrating services (integrate) fail'
    cause 'throttled (The user has sent too many requests in a given amount of time: Rate limit 120 exceeded - try again in <time>)'
    remedy 'see what else uses tokens of this user, and give this program a token of a user of its own: Aiven counts the requests of a user together; if nothing else does, raise aiven.poll_interval; targets that are known stay meanwhile'
    explain 'orders', verdict: 'scraped', cause: 'platform: throttled (The user has sent too many requests in a given amount of time: Rate limit 120 exceeded - try again in <time>)', remedy: 'see what else uses tokens of this user, and give this program a token of a user of its own: Aiven counts the requests of a user together; if nothing else does, raise aiven.poll_interval; the service is scraped meanwhile, as it was known before'
    log 'WARN asking Aiven failed; targets stay as they are, project=platform, operation=<some>, error=<some> in project platform: throttled (The user has sent too many requests in a given amount of time: Rate limit 120 exceeded - try again in <time>); see what else uses tokens of this user, and give this program a token of a user of its own: Aiven counts the requests of a user together; if nothing else does, raise aiven.poll_interval'
    doctor 'FAILED  api: platform: project:services:read: throttled (The user has sent too many requests in a given amount of time: Rate limit 120 exceeded - try again in <time>). What to do: see what else uses tokens of this user, and give this program a token of a user of its own: Aiven counts the requests of a user together; if nothing else does, raise aiven.poll_interval'
    alert 'AivenMetricsThrottled'
    alert 'AivenMetricsListingStale', besides: %w[AivenMetricsStageStale]
  end

  fault 'proxy-refuses', 'The HTTP proxy refuses' do
    done 'the proxy of `aiven.http_proxy` does not let anybody through to the API any more'
    blame :ours
    tls = proxy = nil
    before do |world|
      tls = world.keep(TlsFront.new(world.api))
      proxy = world.keep(HttpProxy.new)
    end
    properties { { 'aiven.api_url' => tls.url, 'aiven.ca_cert' => tls.ca, 'aiven.http_proxy' => proxy.url } }
    inject { proxy.refuse('403 Filtered') }
    problem 'platform: listing services (list) and integrating services (integrate) fail'
    cause 'the proxy <address> (aiven.http_proxy) refuses to connect to localhost:<port> (403 Filtered)'
    remedy "let the proxy's rules allow CONNECT from this machine to that host and port; targets that are known stay meanwhile"
    explain 'orders', verdict: 'scraped', cause: 'platform: the proxy <address> (aiven.http_proxy) refuses to connect to localhost:<port> (403 Filtered)', remedy: "let the proxy's rules allow CONNECT from this machine to that host and port; the service is scraped meanwhile, as it was known before"
    log "WARN asking Aiven failed; targets stay as they are, project=platform, operation=<some>, error=<some> in project platform: the proxy <address> (aiven.http_proxy) refuses to connect to localhost:<port> (403 Filtered); let the proxy's rules allow CONNECT from this machine to that host and port"
    doctor "FAILED  api: platform: project:services:read: the proxy <address> (aiven.http_proxy) refuses to connect to localhost:<port> (403 Filtered). What to do: let the proxy's rules allow CONNECT from this machine to that host and port"
    alert 'AivenMetricsApiFailing'
    alert 'AivenMetricsListingStale', besides: %w[AivenMetricsStageStale]
  end

  fault 'proxy-password', 'The HTTP proxy does not accept the password' do
    done 'the proxy of `aiven.http_proxy` answers 407'
    blame :ours
    tls = proxy = nil
    before do |world|
      tls = world.keep(TlsFront.new(world.api))
      proxy = world.keep(HttpProxy.new)
    end
    properties { { 'aiven.api_url' => tls.url, 'aiven.ca_cert' => tls.ca, 'aiven.http_proxy' => "http://user:secret-4711@#{proxy.address}" } }
    inject { proxy.refuse('407 Proxy Authentication Required') }
    problem 'platform: listing services (list) and integrating services (integrate) fail'
    cause 'the proxy <address> (aiven.http_proxy) does not accept the user and password (407 Proxy Authentication Required)'
    remedy 'correct the user and password in aiven.http_proxy, or at the proxy; targets that are known stay meanwhile'
    explain 'orders', verdict: 'scraped', cause: 'platform: the proxy <address> (aiven.http_proxy) does not accept the user and password (407 Proxy Authentication Required)', remedy: 'correct the user and password in aiven.http_proxy, or at the proxy; the service is scraped meanwhile, as it was known before'
    log 'WARN asking Aiven failed; targets stay as they are, project=platform, operation=<some>, error=<some> in project platform: the proxy <address> (aiven.http_proxy) does not accept the user and password (407 Proxy Authentication Required); correct the user and password in aiven.http_proxy, or at the proxy'
    doctor 'FAILED  api: platform: project:services:read: the proxy <address> (aiven.http_proxy) does not accept the user and password (407 Proxy Authentication Required). What to do: correct the user and password in aiven.http_proxy, or at the proxy'
    alert 'AivenMetricsApiFailing'
    alert 'AivenMetricsListingStale', besides: %w[AivenMetricsStageStale]
  end

  fault 'proxy-down', 'The HTTP proxy is down' do
    done 'nothing listens at the proxy of `aiven.http_proxy`'
    blame :ours
    tls = proxy = nil
    before do |world|
      tls = world.keep(TlsFront.new(world.api))
      proxy = world.keep(HttpProxy.new)
    end
    properties { { 'aiven.api_url' => tls.url, 'aiven.ca_cert' => tls.ca, 'aiven.http_proxy' => proxy.url } }
    inject { proxy.kill }
    problem 'platform: listing services (list) and integrating services (integrate) fail'
    cause 'the proxy <address> (aiven.http_proxy) cannot be reached (Connection refused (os error 111))'
    remedy 'see whether the proxy runs, and whether aiven.http_proxy has its host and port; targets that are known stay meanwhile'
    explain 'orders', verdict: 'scraped', cause: 'platform: the proxy <address> (aiven.http_proxy) cannot be reached (Connection refused (os error 111))', remedy: 'see whether the proxy runs, and whether aiven.http_proxy has its host and port; the service is scraped meanwhile, as it was known before'
    log 'WARN asking Aiven failed; targets stay as they are, project=platform, operation=<some>, error=<some> in project platform: the proxy <address> (aiven.http_proxy) cannot be reached (Connection refused (os error 111)); see whether the proxy runs, and whether aiven.http_proxy has its host and port'
    doctor 'FAILED  api: platform: project:services:read: the proxy <address> (aiven.http_proxy) cannot be reached (Connection refused (os error 111)). What to do: see whether the proxy runs, and whether aiven.http_proxy has its host and port'
    alert 'AivenMetricsApiFailing'
    alert 'AivenMetricsListingStale', besides: %w[AivenMetricsStageStale]
  end

  fault 'api-other-ca', "The API's certificate is of another CA" do
    done 'something on the way looks into TLS: the API shows a certificate of a CA that is not trusted'
    blame :ours
    tls = nil
    before { |world| tls = world.keep(TlsFront.new(world.api)) }
    properties { { 'aiven.api_url' => tls.url, 'aiven.ca_cert' => tls.ca } }
    inject { tls.inspect_traffic }
    problem 'platform: listing services (list) and integrating services (integrate) fail'
    cause 'the certificate of the API is not believed: invalid peer certificate: UnknownIssuer'
    remedy 'run aiven-metrics doctor, which shows who issued it; ask your network team whether they inspect TLS with that CA; only if they do, give it as aiven.ca_cert; targets that are known stay meanwhile'
    explain 'orders', verdict: 'scraped', cause: 'platform: the certificate of the API is not believed: invalid peer certificate: UnknownIssuer', remedy: 'run aiven-metrics doctor, which shows who issued it; ask your network team whether they inspect TLS with that CA; only if they do, give it as aiven.ca_cert; the service is scraped meanwhile, as it was known before'
    log 'WARN asking Aiven failed; targets stay as they are, project=platform, operation=<some>, error=<some> in project platform: the certificate of the API is not believed: invalid peer certificate: UnknownIssuer; run aiven-metrics doctor, which shows who issued it; ask your network team whether they inspect TLS with that CA; only if they do, give it as aiven.ca_cert'
    doctor "FAILED  api: TLS of the API: the certificate is not believed (UnknownIssuer): 'localhost' until <day>, by 'Corporate TLS inspection'. What to do: compare the issuer with that of another network: a proxy on the way that ends the TLS connection has a CA of its own: ask who runs the network whether it is meant, and only then trust that CA with aiven.ca_cert; an expired one may be this machine's clock"
    alert 'AivenMetricsApiFailing'
    alert 'AivenMetricsListingStale', besides: %w[AivenMetricsStageStale]
  end

  fault 'listing-empty', 'The listing is suddenly empty' do
    done "Aiven's listing has no service any more; asked by name, Aiven still has all"
    blame :aiven
    inject { |world| world.api_fault('empty_list', operation: 'list_services') }
    problem 'platform: listing services (list) fails'
    cause 'the listing is not trusted (empty): it is empty, and the one before was not'
    remedy "see in Aiven's console whether the project has its services: if it does, and the token's user still has its rights, the listing is wrong: if it stays so for an hour, send project and time to Aiven's support; if they were deleted, they leave by themselves once Aiven, asked by name, says so; targets that are known stay meanwhile"
    explain 'orders', verdict: 'scraped', cause: 'platform: the listing is not trusted (empty): it is empty, and the one before was not', remedy: "see in Aiven's console whether the project has its services: if it does, and the token's user still has its rights, the listing is wrong: if it stays so for an hour, send project and time to Aiven's support; if they were deleted, they leave by themselves once Aiven, asked by name, says so; the service is scraped meanwhile, as it was known before"
    log 'WARN listing not trusted; what it lacks or ends stays as it was until Aiven, asked by name, says the same, project=platform, reason=empty, missing=2, doubtful=0'
    unseen :doctor, 'it lists the services as `status` does, and what they were before it does not know'
    alert 'AivenMetricsListingDistrusted'
    alert 'AivenMetricsListingStale', besides: %w[AivenMetricsStageStale]
  end

  fault 'listing-shrunk', 'The listing lacks services' do
    done "Aiven's listing lacks services that Aiven, asked by name, still has"
    blame :aiven
    inject { |world| world.api_fault('half_list', operation: 'list_services') }
    problem 'platform: listing services (list) fails'
    cause 'the listing is not trusted (shrunk): it lacks 1 known service (search)'
    remedy "see in Aiven's console whether the project has its services: if it does, and the token's user still has its rights, the listing is wrong: if it stays so for an hour, send project and time to Aiven's support; if they were deleted, they leave by themselves once Aiven, asked by name, says so; targets that are known stay meanwhile"
    explain 'orders', verdict: 'scraped', cause: 'platform: the listing is not trusted (shrunk): it lacks 1 known service (search)', remedy: "see in Aiven's console whether the project has its services: if it does, and the token's user still has its rights, the listing is wrong: if it stays so for an hour, send project and time to Aiven's support; if they were deleted, they leave by themselves once Aiven, asked by name, says so; the service is scraped meanwhile, as it was known before"
    log 'WARN listing not trusted; what it lacks or ends stays as it was until Aiven, asked by name, says the same, project=platform, reason=shrunk, missing=1, doubtful=0'
    unseen :doctor, 'it lists the services as `status` does, and what they were before it does not know'
    alert 'AivenMetricsListingDistrusted'
    alert 'AivenMetricsListingStale', besides: %w[AivenMetricsStageStale]
  end
end
