# frozen_string_literal: true

require_relative '../../support/waiting'
require_relative 'rig'

# Two users of a rig with limits: one who takes what he can, and one who wants to
# be served meanwhile. An including group has the `rig`.
module Limited
  include Waiting

  GREEDY, MODEST = FailoverContext::USERS.map { |user| FailoverRig.basic(user['name'], user['password']) }

  def first = rig.instances.first
  def greedy = GREEDY
  def modest = MODEST

  def get(user, target = '/api/v1/query?query=up', *headers, index: 0)
    rig.send_raw(["GET #{target} HTTP/1.1", user, *headers], index: index)
  end

  def post(user, body, index: 0)
    rig.send_raw(['POST /api/v1/query HTTP/1.1', user, "Content-Length: #{body.bytesize}"], body, index: index)
  end

  # A connection on which a body of `size` was sent, but for the last byte.
  def hold(user, size)
    rig.connect.tap do |socket|
      socket.write("POST /api/v1/query HTTP/1.1\r\nHost: x\r\n#{user}\r\nContent-Length: #{size}\r\n\r\n#{'q' * (size - 1)}")
    end
  end

  # By the first Caddy.
  def metric(name)
    page = Http.get("http://127.0.0.1:#{first.ports[:metrics]}/metrics")
    page[/^#{Regexp.escape(name)} (\S+)$/, 1]&.to_f or raise "no metric #{name}"
  end

  # How many queries a user has `running`, `waiting` or `abandoned`.
  def queries(state, user = 'grafana') = metric(%(prometheus_failover_queries_#{state}{user="#{user}"}))
  def running(user = 'grafana') = queries('running', user)
  def refused(limit, user = 'grafana') = metric(%(prometheus_failover_refused_total{limit="#{limit}",user="#{user}"}))
  def cut_off(limit, user = 'grafana') = metric(%(prometheus_failover_cut_off_total{limit="#{limit}",user="#{user}"}))
  def closed(which, listener = 'public') = metric(%(prometheus_failover_connections_closed_total{listener="#{listener}",which="#{which}"}))
end
