# frozen_string_literal: true

# One fault while tenants query: what they saw, what an operator sees, how it healed.
class Fault
  # Ten queries a second are sent by each method; beyond this tenants notice, in seconds.
  NOTICED = 3

  attr_reader :name

  def initialize(name, group)
    @name = name
    @group = group
    @began = tenants.now
    @logs = group.instances.to_h { |instance| [instance, instance.monit.log.bytesize] }
    @signs = []
    @acts = []
  end

  # Waits until what the block returns matches, and keeps what it then says: `where` an operator finds it.
  def sees(where, pattern, &look)
    said = tenants.await("#{where}: #{pattern.inspect}") { (match = look.call.to_s.match(pattern)) && match[match.size > 1 ? 1 : 0] }
    @signs << "#{where}: `#{said.strip.gsub('|', '\|')}`"
  end

  # A line that monit wrote since the fault.
  def monit_says(instance, pattern)
    sees('monit', pattern) { instance.monit.log.byteslice(@logs[instance]..).to_s }
  end

  # Somebody does this; until then nothing heals.
  def act(what)
    @acts << what
    @acted = tenants.now
    yield
  end

  # All is well again; by whom, where nobody had to act.
  def healed(by_itself)
    @by_itself = by_itself
    @healed = tenants.now
    @queries = tenants.queries(@began)
  end

  # Why queries failed.
  def lost(method, slow: false)
    @queries.select { |query| query.verb == method && query.slow == slow }.filter_map(&:failed)
  end

  # POSTs that had no answer when the fault came: only these can be lost with a Caddy.
  def posts_in_flight = @queries.count { |query| query.verb == 'POST' && !query.slow && query.began < @began }

  # The longest time between two answers that had new samples, in seconds.
  def gap
    ends = @queries.select(&:fresh?).map(&:ended).sort
    [@began, *ends, @healed].each_cons(2).map { |one, next_one| next_one - one }.max
  end

  def row
    [name, *%w[GET POST].map { |method| count(method) }, slow, gap > NOTICED ? format('%.0f s', gap) : '–', @signs.join('; '), heals]
  end

  private

  def tenants = @group.tenants

  def count(method) = "#{lost(method).size} of #{@queries.count { |query| query.verb == method && !query.slow }}"

  def slow
    all = @queries.select(&:slow).sort_by(&:verb)
    return '–' if all.empty?

    all.map { |query| query.failed ? 'lost' : 'answered' }.join(', ')
  end

  def heals
    return format('%<by>s, after %<seconds>.0f s', by: @by_itself, seconds: @healed - @began) if @acts.empty?

    format('**somebody acts**: %<acts>s; well %<seconds>.0f s later', acts: @acts.join(', '), seconds: @healed - @acted)
  end
end
