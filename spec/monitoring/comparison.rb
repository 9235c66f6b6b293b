# frozen_string_literal: true

# Whether what a query answers is what the simulator says is so.
class Comparison
  # How far an answer may be from the truth: of what is shown at the last scrape, of a rate and of a forecast, as a
  # share; and what counts as nothing.
  Tolerance = Struct.new(:exact, :rate, :forecast, :nothing, keyword_init: true)
  # At the moment of the last scrape a value is exact but for its printed digits. A rate is one of the last minutes, the truth that of
  # the moment; both swing slowly. A forecast is a line through hours of what swings. No signal is shown with more digits than three.
  AT_THE_SCRAPE = Tolerance.new(exact: 0.001, rate: 0.03, forecast: 0.1, nothing: 1e-3)
  # Seconds from which on a window is for a forecast.
  LONG = 3600
  # Days from which on a forecast is no concern: what grows so slowly is hidden by what swings, so that
  # the answer may be anything but a worry.
  FAR = 60
  WORRY = 30

  # `query` is one of Signals, `answer` of Promql, `truth` a list of the simulator's labels and values. What
  # Prometheus shows is some seconds old: `earlier` are the truths of these seconds, and whatever lies between is right.
  def initialize(query, answer, truth, earlier: [], tolerance: AT_THE_SCRAPE)
    @query = query
    @answer = answer
    @truth = truth
    @earlier = earlier
    @tolerance = tolerance
  end

  # A line for each series that is missing, is too much, or has another value.
  def complaints
    return ["#{name}: #{@answer.error}"] if @answer.error

    twice = answered.reject { |_, values| values.one? }.keys.map { |labels| "#{name}#{labels}: several series" }
    twice + (known.keys | answered.keys).filter_map do |labels|
      complaint(labels, answered[labels]&.first, known[labels]&.max, before.filter_map { |truth| truth[labels]&.max })
    end
  end

  private

  def name = @query.board? ? "#{@query.id} (#{@query.board}, #{@query.panel})" : @query.id

  def complaint(labels, answered, known, before)
    return if answered && known && close?(answered, *[known, *before].minmax)
    return if days? && [answered, known].compact.all? { |days| days > WORRY } && (known.nil? || known > FAR)

    "#{name} #{labels.join('/')}: #{answered.inspect} instead of #{known.inspect}"
  end

  def days? = @query.id.include?('_days_')

  def close?(answered, least, most)
    answered.between?(least - margin(least), most + margin(most))
  end

  def margin(known) = [known.abs * share, @tolerance.nothing].max

  def share
    case @query.looks_back
    when 0 then @tolerance.exact
    when (1...LONG) then @tolerance.rate
    else @tolerance.forecast
    end
  end

  # The labels that both know. A table of services shows of the truth about nodes the largest value.
  def keys
    @keys ||= begin
      ours = @answer.series.flat_map { |labels, _| labels.keys }.uniq
      theirs = @truth.flat_map { |one| one['labels'].keys }.uniq
      ours.empty? || theirs.empty? ? (ours | theirs) & %w[aiven_project aiven_service_name host] : ours & theirs
    end
  end

  def answered = @answered ||= by_labels(@answer.series)
  def known = @known ||= values_of(@truth)
  def before = @before ||= @earlier.map { |truth| values_of(truth) }
  def values_of(truth) = by_labels(asked_for(truth).map { |one| one.values_at('labels', 'value') })

  # Of the truth, if only the largest are asked for, these.
  def asked_for(truth)
    largest = @query.plain[/\Atopk\((\d+),/, 1]
    largest ? truth.max_by(largest.to_i) { |one| one['value'] } : truth
  end

  def by_labels(series)
    series.group_by { |labels, _| labels.values_at(*keys) }.transform_values { |found| found.map(&:last) }
  end
end
