# frozen_string_literal: true

require_relative '../fault'

Diagnosis.area 'Nothing is wrong' do
  fault 'quiet', 'A day without a fault' do
    done 'nothing'
    blame :ours
    status 'All is well: 2 of 2 services are scraped.'
    explain 'orders', 'platform/orders: scraped'
    page 'All is well: 2 of 2 services are scraped.'
    log 'INFO target list written, targets=3'
    doctor 'ok      prometheus: it reads the target list: 3 of 3 targets of <folder>/state/targets/targets.json are up'
    no_alert 'nothing is wrong'
  end
end
