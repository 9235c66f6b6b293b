# frozen_string_literal: true

require_relative 'sentence'

# The faults of docs/diagnosis.md. Each is declared in spec/diagnosis/faults/AREA.rb, like this:
#
#   Diagnosis.area 'Nodes' do
#     fault 'node-down', 'A node is down' do
#       done 'nothing listens at the only node of `orders`'          # for the document
#       blame :aiven                                                 # whose it is: :ours, :aiven or :tenant
#       inject { |world| world.node_fault('orders', 'refuse') }      # once all is well
#       problem 'One service cannot be scraped (unreachable)', of: 'platform/orders'
#       cause 'connection refused: …'
#       remedy 'wait some minutes …'
#       explain 'orders', verdict: 'unreachable'                     # cause and remedy are those of the problem
#       log 'WARN target: scrape fails, target=<address>, …'
#       doctor 'FAILED  node: …'
#       alert 'AivenMetricsServicesNotScraped'
#     end
#   end
#
# Every world has the project `platform` with `search` (opensearch, two nodes) and `orders` (pg, one node); see World
# for what can be done to it. Before the daemon starts:
#
#   before { |world| world.tell(do: 'add_project', project: 'billing') }   # at the simulator that runs already
#   properties 'services.exclude' => ['orders']                            # of the job; a block gets the world
#   scrape_job { |job, world| job.delete('proxy_url') }                    # what Prometheus does
#   from_the_start                                                         # the fault is there before: no `inject`
#
# Sentences are whole lines with holes for what differs each time: `<address>`, `<time>`, … (Sentence::HOLES), and
# `<some>` for what says nothing of the fault. `problem` (and `note`, which nobody has to act on) may be repeated: the
# page and `status` must have these and no others. Of each place, what is declared must be seen; where nothing can be
# seen, `unseen :log, 'why'`. `status` and `page` take lines besides those of problems. Longer causes are cut by the
# page and by `status`: then the problem's cause ends with …, and `whole_cause` is what `explain` says.
#
# Alerts wait for nothing here, and their bounds are low (Pace#alerts); `besides: %w[Other]` are those that fire, too.
#
# To write one: `scripts/diagnosis --show KEY` runs it and prints what each place says, with holes.
module Diagnosis
  # In the document's order.
  FILES = %w[quiet api integration dns cloud_foundry nodes machine prometheus].freeze
  PLACES = %i[status explain page log doctor].freeze
  BLAMED = { ours: 'ours', aiven: "Aiven's", tenant: "a tenant's" }.freeze

  Problem = Struct.new(:title, :of, :cause, :remedy, :label, keyword_init: true) do
    # As `status` prints it.
    def status = ["#{label.ljust(7)} #{[title, of].compact.join(': ')}", "CAUSE   #{cause}", "DO      #{remedy}"]

    # As the page has it.
    def page = [title, of, "Cause: #{cause}", "Do: #{remedy}"].compact
  end

  @faults = []

  class << self
    attr_reader :faults

    def area(name, &block) = Area.new(name).instance_eval(&block)

    # The whole list; each file of `faults` adds to it once.
    def load
      Dir.glob("{#{FILES.join(',')}}.rb", base: File.join(__dir__, 'faults')).each { |file| require_relative "faults/#{file}" }
      faults
    end
  end

  # Where faults belong together in the document.
  class Area
    def initialize(name)
      @name = name
    end

    def fault(key, title, &block)
      Diagnosis.faults << Fault.new(@name, key, title).tap { |fault| fault.instance_eval(&block) }
    end
  end

  # What is done, and what is then seen where.
  class Fault
    attr_reader :area, :key, :title, :problems, :unseen_places, :asked, :alerts, :hooks

    def initialize(area, key, title)
      @area = area
      @key = key
      @title = title
      @problems = []
      @lines = PLACES.to_h { |place| [place, []] }
      @unseen_places = {}
      @alerts = []
      @besides = []
      @hooks = {}
    end

    # In words, or what the words are.
    def done(text = nil) = text ? @done = text : @done
    def blame(whom = nil) = whom ? @blame = whom : @blame

    def before(&block) = @hooks[:before] = block
    def inject(&block) = @hooks[:inject] = block
    def scrape_job(&block) = @hooks[:scrape_job] = block

    def properties(values = {}, &block) = @hooks[:properties] = block || ->(_) { values }

    # Options of aiven-sim.
    def simulator(*options) = @simulator = options
    def simulator_options = @simulator || []

    def from_the_start = @from_the_start = true
    def from_the_start? = @from_the_start

    # What somebody has to act on; its cause and remedy follow.
    def problem(title, of: nil, label: 'PROBLEM')
      @problems << Problem.new(title: title, of: of, label: label)
    end

    def cause(text) = @problems.last.cause = text
    def remedy(text) = @problems.last.remedy = text

    # The same cause, if the page and `status` have cut it.
    def whole_cause(text) = @whole_cause = text

    # What is worth knowing.
    def note(title, of: nil) = problem(title, of: of, label: 'NOTE')

    # After the problems: its cause and remedy are those of the first, unless they are given. Without a verdict, `lines` are all.
    def explain(service, *lines, verdict: nil, cause: @whole_cause || @problems.first&.cause, remedy: @problems.first&.remedy)
      @asked = service
      @explained = !verdict.nil?
      said = verdict ? ["platform/#{service}: #{verdict}", "CAUSE   #{cause}", "DO      #{remedy}"] : []
      @lines[:explain] += said + lines
    end

    %i[status page log doctor].each { |place| define_method(place) { |*lines| @lines[place] += lines } }

    def unseen(place, why) = @unseen_places[place] = why

    # The alert that is due, and others that fire beside it.
    def alert(name, besides: [])
      @alerts << name
      @besides += besides
    end

    def no_alert(why, besides: [])
      @no_alert = why
      @besides += besides
    end

    def why_no_alert = @no_alert

    # All that may fire.
    def allowed_alerts = @alerts + @besides

    # Sentences of a place.
    def expected(place)
      of_problems = %i[status page].include?(place) ? problems.flat_map { |problem| problem.public_send(place) } : []
      (of_problems + @lines[place]).map { |line| Sentence.new(line) }
    end

    # Whether everything is said of it that the document needs.
    def whole?
      looked_at = places + unseen_places.keys
      done && BLAMED.key?(blame) && alerts.empty? == !why_no_alert.nil? && looked_at.sort == PLACES.sort
    end

    # Whether `explain` names the cause, too.
    def explained? = @explained

    # Places that name it: of those that are looked at, some may only say that all is well, and the doctor is asked
    # later, by somebody.
    def naming_places
      silent = [:doctor]
      silent += %i[status page] if problems.empty?
      silent << :explain unless explained?
      places - silent
    end

    # Whether nothing is done.
    def well? = done == 'nothing'

    def inspect = "the fault #{key}"

    # Where something is to be seen.
    def places = PLACES.reject { |place| expected(place).empty? }
  end
end
