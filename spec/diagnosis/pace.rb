# frozen_string_literal: true

# How often everything looks. What takes time in an alert is made short, so that it fires at once: its waiting
# time is 0, and what it looks back on is `range`; where it counts seconds, it counts `stale`.
Pace = Struct.new(:properties, :scrape, :own_scrape, :range, :stale, :patience, keyword_init: true) do
  # For CI: everything every second.
  def self.quick
    properties = { 'aiven.poll_interval' => '1s', 'aiven.request_timeout' => '3s', 'dns.poll_interval' => '1s', 'dns.timeout' => '3s',
                   'integration.creates_per_minute' => 1000, 'scrape_proxy.timeout' => '4s', 'cloud_foundry.poll_interval' => '10s' }
    new(properties: properties, scrape: { 'scrape_interval' => '2s', 'scrape_timeout' => '2s' }, own_scrape: '2s', range: '40s', stale: 12, patience: 240)
  end

  # As the release is shipped: intervals are those of the job's spec and of the ops file.
  def self.shipped
    new(properties: {}, scrape: {}, own_scrape: '5s', range: '4m', stale: 150, patience: 1200)
  end

  # Properties of the job aiven-metrics-alerts. Of two services one that is ill is half of all: only more are many.
  def alerts
    { 'listing_stale' => stale, 'stage_stale' => stale, 'cloud_foundry_stale' => stale, 'listing_distrusted' => 0,
      'many_not_scraped' => 60, 'proxy_failing' => 60, 'api_failing' => 20 }
  end
end
