/** The first frame as a table; Grafana offers the others below it. */
import { Table } from '@grafana/ui';

import type { PanelProps } from './panel.ts';

export function TablePanel({ frames, options, fieldConfig, width, height, timeRange }: PanelProps) {
  const [frame] = frames;
  if (!frame) return null;
  return (
    <Table
      data={frame}
      width={width}
      height={height}
      noHeader={!options['showHeader']}
      cellHeight={options['cellHeight']}
      initialSortBy={options['sortBy']}
      footerOptions={options['footer']}
      enablePagination={options['footer']?.enablePagination}
      columnMinWidth={(fieldConfig.defaults.custom as any)?.minWidth}
      timeRange={timeRange}
      resizable
    />
  );
}
