/** Lines over time, with thresholds, legend and annotations. */
import { TimeSeries, type UPlotConfigBuilder } from '@grafana/ui';
import { useLayoutEffect } from 'react';

import { drawMoments, type Moments } from '../annotations.ts';
import type { PanelProps } from './panel.ts';

export function TimeSeriesPanel({ frames, options, width, height, timeRange, theme, moments }: PanelProps) {
  return (
    <TimeSeries
      frames={frames}
      structureRev={1}
      timeRange={timeRange}
      timeZone="utc"
      width={width}
      height={height}
      legend={options['legend']}
      options={options}
    >
      {(config) => <Annotations config={config} moments={moments} theme={theme} />}
    </TimeSeries>
  );
}

// Registers before the plot is made, as Grafana's own plugins for plots do.
function Annotations({ config, moments, theme }: { config: UPlotConfigBuilder; moments: Moments[]; theme: any }) {
  useLayoutEffect(() => drawMoments(config, moments, theme), [config, moments, theme]);
  return null;
}
