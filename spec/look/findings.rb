# frozen_string_literal: true

# What is wrong with a drawn board: what its page complains of, and each expression without data where the state has
# some, or where the panel does not say why it is empty.
class Findings
  # The labels of the truth by the variables of boards that choose among them.
  CHOSEN = { 'project' => 'aiven_project', 'service' => 'aiven_service_name' }.freeze

  # `uses` are those that `signals queries` prints, `truth` is the simulator's, `report` the page's.
  def initialize(uid, report, uses, truth)
    @report = report
    @truth = truth
    @signals = uses.select { |use| use.dig('place', 'board', 'uid') == uid }.to_h { |use| [use['expression'], use['id']] }
  end

  # Lines.
  def to_a = @report['problems'] + @report['panels'].flat_map { |panel| of_panel(panel) }

  private

  def of_panel(panel)
    name = "panel #{panel['id']} \"#{panel['title']}\""
    empty = panel['targets'].select { |target| target['length'].zero? }
    missed = empty.map { |target| @signals.fetch(target['expr'], target['expr']) }.select { |id| expected?(id) }
    lines = missed.map { |id| "#{name}: no data of #{id}, which the state has" }
    return lines unless empty.size == panel['targets'].size && panel['emptyText'].to_s.empty?

    lines << "#{name}: says only \"No data\" when it is empty"
  end

  # Whether one of the services that are shown has the signal.
  def expected?(id)
    (@truth[id] || []).any? do |sample|
      CHOSEN.all? do |variable, label|
        chosen = @report['chosen'][variable]
        chosen.nil? || chosen.empty? || sample['labels'][label].nil? || chosen.include?(sample['labels'][label])
      end
    end
  end
end
