/** Asks Prometheus what Grafana would ask it, and makes the data frames that Grafana makes of its answers. */
import { type DataFrame, DataFrameType, FieldType, type Labels, renderLegendFormat, toDataFrame } from '@grafana/data';

import type { Target } from './board.ts';
import { aligned, type Range, stepOf } from './intervals.ts';

interface Series {
  metric: Labels;
  values?: [number, string][];
  value?: [number, string];
}

/** Where to ask, and what to do with the variables in an expression. */
export interface Source {
  url: string;
  /** The data source's `timeInterval`. */
  timeInterval: string;
  replace: (text: string, builtIn: Record<string, string>) => string;
}

/** The target's frames. */
export async function ask(source: Source, target: Target, range: Range, points: number): Promise<DataFrame[]> {
  const { step, rateInterval } = stepOf(range, points, target.interval, source.timeInterval);
  const expression = source.replace(target.expr, builtIns(range, step, rateInterval));
  const asTable = target.format === 'table';
  if (target.instant) {
    const answer = await query(source, 'query', { query: expression, time: range.to });
    return asTable ? [rows(answer, target)] : series(answer, target, step);
  }
  const { from, to } = aligned(range, step);
  const answer = await query(source, 'query_range', { query: expression, start: from, end: to, step });
  return asTable ? [rows(answer, target)] : series(answer, target, step);
}

/** The values of a label, of the series that `matching` selects. */
export async function labelValues(source: Source, label: string, matching: string | undefined, range: Range): Promise<string[]> {
  const match: Record<string, string> = matching ? { 'match[]': matching } : {};
  return get(source, `label/${label}/values`, { ...match, start: range.from, end: range.to });
}

/** The moments at which an expression is not 0, in milliseconds, and those that follow each other at a step as one. */
export async function moments(source: Source, expression: string, every: string | undefined, range: Range): Promise<[number, number][]> {
  const { step, rateInterval } = stepOf(range, MOMENTS, every, source.timeInterval);
  const { from, to } = aligned(range, step);
  const replaced = source.replace(expression, builtIns(range, step, rateInterval));
  const answer = await query(source, 'query_range', { query: replaced, start: from, end: to, step });
  return answer.flatMap(({ values }) => {
    const found: [number, number][] = [];
    for (const [time, value] of values ?? []) {
      const last = found.at(-1);
      if (Number(value) === 0) continue;
      if (last && time * 1000 - last[1] <= step * 1000) last[1] = time * 1000;
      else found.push([time * 1000, time * 1000]);
    }
    return found;
  });
}

// Points of an annotation's query, as wide as a picture.
const MOMENTS = 1500;

function builtIns(range: Range, step: number, rateInterval: number): Record<string, string> {
  const span = range.to - range.from;
  return {
    __interval: `${step}s`,
    __interval_ms: `${step * 1000}`,
    __rate_interval: `${rateInterval}s`,
    __rate_interval_ms: `${rateInterval * 1000}`,
    __range: `${span}s`,
    __range_s: `${span}`,
    __range_ms: `${span * 1000}`,
  };
}

async function query(source: Source, kind: string, parameters: Record<string, string | number>): Promise<Series[]> {
  const { resultType, result } = await get(source, kind, parameters);
  if (resultType === 'scalar') return [{ metric: {}, value: result }];
  if (!['vector', 'matrix'].includes(resultType)) throw new Error(`${parameters['query']}: a ${resultType} is not drawn`);
  return result;
}

async function get(source: Source, path: string, parameters: Record<string, string | number>): Promise<any> {
  const form = new URLSearchParams(Object.entries(parameters).map(([name, value]) => [name, `${value}`]));
  const response = await fetch(`${source.url}/api/v1/${path}?${form}`);
  const answer = await response.json();
  if (answer.status !== 'success') throw new Error(`${answer.error}, of ${parameters['query'] ?? path}`);
  return answer.data;
}

// A frame for each series.
function series(answer: Series[], target: Target, step: number): DataFrame[] {
  return answer.map(({ metric, values, value }) => {
    const points = values ?? [value!];
    return toDataFrame({
      refId: target.refId,
      meta: { type: DataFrameType.TimeSeriesMulti },
      fields: [
        { name: 'Time', type: FieldType.time, config: { interval: step * 1000 }, values: points.map(([time]) => time * 1000) },
        {
          name: 'Value',
          type: FieldType.number,
          labels: metric,
          config: { displayNameFromDS: legend(metric, target) },
          values: points.map(([, number]) => parse(number)),
        },
      ],
    });
  });
}

// One frame, with a column for each label.
function rows(answer: Series[], target: Target): DataFrame {
  const labels = [...new Set(answer.flatMap(({ metric }) => Object.keys(metric)))].sort();
  const all = answer.flatMap(({ metric, values, value }) => (values ?? [value!]).map((point) => ({ metric, point })));
  return toDataFrame({
    refId: target.refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: all.map(({ point }) => point[0] * 1000) },
      ...labels.map((name) => ({ name, type: FieldType.string, values: all.map(({ metric }) => metric[name] ?? '') })),
      { name: 'Value', type: FieldType.number, values: all.map(({ point }) => parse(point[1])) },
    ],
  });
}

function legend(metric: Labels, { legendFormat }: Target): string | undefined {
  if (!legendFormat || legendFormat === '__auto') return undefined;
  return renderLegendFormat(legendFormat, metric);
}

function parse(number: string): number {
  if (number === '+Inf') return Infinity;
  return number === '-Inf' ? -Infinity : Number(number);
}

/** Of several tables the values have names of their own. */
export function nameValues(frames: DataFrame[], targets: Target[]): DataFrame[] {
  const tables = targets.filter(({ format, hide }) => format === 'table' && !hide);
  if (tables.length < 2) return frames;
  return frames.map((frame) => {
    if (!tables.some(({ refId }) => refId === frame.refId)) return frame;
    const fields = frame.fields.map((field) => (field.name === 'Value' ? { ...field, name: `Value #${frame.refId}` } : field));
    return { ...frame, fields };
  });
}
