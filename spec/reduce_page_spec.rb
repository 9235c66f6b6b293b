# frozen_string_literal: true

require 'open3'

require_relative 'spec_helper'

# What somebody with an account at Aiven sends us of a page: no value may be left in it.
RSpec.describe 'scripts/reduce-page' do
  # As Telegraf writes it; values that look like syntax, a series whose labels are others, and a type that is not told.
  page = <<~'PAGE'
    # HELP mem_used_percent Telegraf collected metric
    # TYPE mem_used_percent gauge
    mem_used_percent{cloud="do-london",host="SECRET-1",project="SECRET",service="SECRET"} 37.5
    # HELP diskio_reads Telegraf collected metric
    # TYPE diskio_reads counter
    diskio_reads{host="SECRET-1",name="vda"} 4242
    # HELP kafka_server:ReplicaManager_PartitionCount_Value Telegraf collected metric
    # TYPE kafka_server:ReplicaManager_PartitionCount_Value untyped
    kafka_server:ReplicaManager_PartitionCount_Value{host="SECRET-1"} 4242
    # HELP postgresql_pg_stat_database_xact_commit Telegraf collected metric
    # TYPE postgresql_pg_stat_database_xact_commit untyped
    postgresql_pg_stat_database_xact_commit{datname="SECRET\"} 1\nnot_a_metric{a=\"b",host="SECRET-1"} 4242
    postgresql_pg_stat_database_xact_commit{host="SECRET-1",stats="SECRET"} 4242 1700000000000
    system_uptime 4242
  PAGE

  def reduce(page) = Open3.capture3(File.join(ReleaseSpec::ROOT, 'scripts/reduce-page'), stdin_data: page)

  it 'leaves names as they are, types, and the keys of labels' do
    reduced, said, status = reduce(page)
    expect(status).to be_success, said
    expect(reduced).to eq(<<~LINES)
      diskio_reads counter host,name
      kafka_server:ReplicaManager_PartitionCount_Value untyped host
      mem_used_percent gauge cloud,host,project,service
      postgresql_pg_stat_database_xact_commit untyped datname,host,stats
      system_uptime untyped
    LINES
  end

  {
    'is no page of metrics' => "Unauthorized SECRET\n",
    'is HTML' => "<html>SECRET</html>\n",
    'ends in the middle' => page[0, page.index('4242') - 2],
    'is empty' => ''
  }.each do |what, wrong|
    it "says what is wrong, shows nothing of it and fails where the page #{what}" do
      reduced, said, status = reduce(wrong)
      expect([reduced, status.exitstatus]).to eq(['', 1])
      expect(said).to match(/\Areduce-page: (line \d+|the page) .+$/)
      expect(said).not_to include('SECRET')
    end
  end
end
