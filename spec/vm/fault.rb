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
    @logs = group.instances.to_h { |instance| [instance, BoshInstance::LOGS.keys.to_h { |log| [log, instance.log(log).bytesize] }] }
    @signs = []
    @acts = []
  end

  # Waits until what the block returns matches, and keeps what it then says: `where` an operator finds it.
  def sees(where, pattern, &look)
    said = tenants.await("#{where}: #{pattern.inspect}") { (match = look.call.to_s.match(pattern)) && match[match.size > 1 ? 1 : 0] }
    @signs << "#{where}: `#{said.strip.gsub('|', '\|')}`"
  end

  # What the instance has in this log since the fault.
  def log_says(instance, log, pattern, where: "log of #{log}")
    sees(where, pattern) { instance.log(log).byteslice(@logs[instance][log]..).to_s }
  end

  # Somebody does this; until then nothing heals.
  def act(what)
    @acts << what
    @acted = tenants.now
    @first_acted ||= @acted
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

  def row
    [name, *%w[GET POST].map { |method| count(method) }, slow, gap, @signs.join('; '), heals]
  end

  private

  def tenants = @group.tenants

  def count(method) = "#{lost(method).size} of #{@queries.count { |query| query.verb == method && !query.slow }}"

  def slow
    all = @queries.select(&:slow)
    return '–' if all.empty?

    lost = all.select(&:failed).map(&:verb)
    ["#{lost.size} of #{all.size}", *(lost.uniq.sort.join(' and ') unless lost.empty?)].join(': ')
  end

  # The longest time between two answers that had new samples.
  def gap
    ends = @queries.select(&:fresh?).map(&:ended).sort
    from, to = [@began, *ends, @healed].each_cons(2).max_by { |one, next_one| next_one - one }
    return '–' unless to - from > NOTICED
    return 'until somebody acts' if @first_acted&.between?(from, to)

    format('%.0f s', to - from)
  end

  def heals
    return format('%<by>s, after %<seconds>.0f s', by: @by_itself, seconds: @healed - @began) if @acts.empty?

    format('**somebody acts**: %<acts>s; well %<seconds>.0f s later', acts: @acts.join('; then '), seconds: @healed - @acted)
  end
end
