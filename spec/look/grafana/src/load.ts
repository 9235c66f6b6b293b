/** A panel's data, and all that is to be said about it before it is drawn. */
import { type DataFrame, FieldType, type GrafanaTheme2, type InterpolateFunction } from '@grafana/data';

import type { Panel } from './board.ts';
import { OPTIONS } from './defaults.ts';
import { prepare, unknownOptions } from './fields.ts';
import type { Range } from './intervals.ts';
import { ask, nameValues, type Source } from './prometheus.ts';
import { type PanelReport, problem } from './report.ts';

export interface Loaded {
  panel: Panel;
  frames: DataFrame[];
  report: PanelReport;
}

/** `width` is that of the panel in pixels, of which Grafana asks a point each. */
export async function load(
  panel: Panel,
  source: Source,
  range: Range,
  width: number,
  theme: GrafanaTheme2,
  replaceVariables: InterpolateFunction,
): Promise<Loaded> {
  const targets = (panel.targets ?? []).filter(({ hide }) => !hide);
  const points = panel.maxDataPoints ?? Math.floor(width);
  const answers = await Promise.all(
    targets.map((target) =>
      ask(source, { ...target, interval: target.interval || panel.interval }, range, points).catch((error) => {
        problem(`${name(panel)}: ${error.message}`);
        return [];
      }),
    ),
  );
  for (const id of unknownOptions(panel)) problem(`${name(panel)}: its field configuration has ${id}, which ${panel.type} does not know`);
  if (panel.type !== 'row' && !OPTIONS[panel.type]) problem(`${name(panel)}: a panel of type ${panel.type} is not drawn`);
  if (panel.repeat) problem(`${name(panel)}: a panel that repeats is not drawn`);
  const said = targets.map(({ expr }, number) => ({ expr, length: lengthOf(answers[number]!) }));
  const frames = await prepare(panel, nameValues(answers.flat(), targets), theme, replaceVariables).catch((error) => {
    problem(`${name(panel)}: ${error.message}`);
    return [];
  });
  if (panel.type === 'table' && frames.length > 1) problem(`${name(panel)}: ${frames.length} frames, of which a table shows the first`);
  return { panel, frames, report: { id: panel.id, title: panel.title ?? '', type: panel.type, targets: said, emptyText: emptyText(panel) } };
}

export function name({ id, title }: Panel): string {
  return `panel ${id} "${title ?? ''}"`;
}

/** What Grafana says instead of nothing. */
export function emptyText(panel: Panel): string | null {
  return panel.fieldConfig?.defaults?.['noValue'] ?? null;
}

/** Whether there is a number, or a row, to draw. */
export function hasData(frames: DataFrame[]): boolean {
  return frames.some(({ fields, length }) => length > 0 && fields.some(({ type }) => type !== FieldType.time));
}

// Of series their number, of a table that of its rows.
function lengthOf(frames: DataFrame[]): number {
  const table = frames.find(({ meta }) => !meta?.type);
  return table ? table.length : frames.filter(({ fields }) => fields[1]!.values.some((value) => !Number.isNaN(value))).length;
}
