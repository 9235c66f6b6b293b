# frozen_string_literal: true

# Whether what a query answers is what the simulator says is so.
class Comparison
  # How far an answer may be from the truth, as a share of it. What is shown at the last scrape is exact but for
  # its printed digits.
  EXACT = 0.001
  # A rate is one of the last minutes, the truth that of the moment; both swing slowly.
  RATE = 0.03
  # A line through hours of what swings.
  FORECAST = 0.1
  # Seconds from which on a window is for a forecast.
  LONG = 3600
  # What counts as nothing: no signal is shown with more digits.
  NOTHING = 1e-3
  # Days from which on a forecast is no concern: what grows so slowly is hidden by what swings, so that
  # the answer may be anything but a worry.
  FAR = 60
  WORRY = 30

  # `query` is one of Signals, `answer` of Promql, `truth` a list of the simulator's labels and values.
  def initialize(query, answer, truth)
    @query = query
    @answer = answer
    @truth = truth
  end

  # A line for each series that is missing, is too much, or has another value.
  def complaints
    return ["#{name}: #{@answer.error}"] if @answer.error

    twice = answered.reject { |_, values| values.one? }.keys.map { |labels| "#{name}#{labels}: several series" }
    twice + (known.keys | answered.keys).filter_map do |labels|
      complaint(labels, answered[labels]&.first, known[labels]&.max)
    end
  end

  private

  def name = @query.board? ? "#{@query.id} (#{@query.board}, #{@query.panel})" : @query.id

  def complaint(labels, answered, known)
    return if answered && known && close?(answered, known)
    return if days? && [answered, known].compact.all? { |days| days > WORRY } && (known.nil? || known > FAR)

    "#{name} #{labels.join('/')}: #{answered.inspect} instead of #{known.inspect}"
  end

  def days? = @query.id.include?('_days_')

  def close?(answered, known)
    (answered - known).abs <= [known.abs * tolerance, NOTHING].max
  end

  def tolerance
    case @query.looks_back
    when 0 then EXACT
    when (1...LONG) then RATE
    else FORECAST
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
  def known = @known ||= by_labels(@truth.map { |one| one.values_at('labels', 'value') })

  def by_labels(series)
    series.group_by { |labels, _| labels.values_at(*keys) }.transform_values { |found| found.map(&:last) }
  end
end
