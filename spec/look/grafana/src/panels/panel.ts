/** What each type of panel is given. */
import type { DataFrame, FieldConfigSource, GrafanaTheme2, InterpolateFunction, TimeRange } from '@grafana/data';

import type { Moments } from '../annotations.ts';

export interface PanelProps {
  /** After transformations and overrides. */
  frames: DataFrame[];
  /** With what Grafana fills in. */
  options: Record<string, any>;
  fieldConfig: FieldConfigSource;
  width: number;
  height: number;
  timeRange: TimeRange;
  theme: GrafanaTheme2;
  replaceVariables: InterpolateFunction;
  moments: Moments[];
}
