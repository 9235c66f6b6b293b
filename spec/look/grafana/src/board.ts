/**
 * A dashboard's JSON, as far as it is drawn here, and where its panels lie.
 *
 * Grafana's grid has 24 columns; a row of it is 30 px high, with 8 px to the next.
 */
import type { DataTransformerConfig } from '@grafana/data';

export interface Target {
  refId: string;
  expr: string;
  legendFormat?: string;
  interval?: string;
  instant?: boolean;
  range?: boolean;
  format?: 'time_series' | 'table' | 'heatmap';
  hide?: boolean;
}

export interface GridPos {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Panel {
  id: number;
  type: string;
  title?: string;
  description?: string;
  gridPos: GridPos;
  interval?: string;
  maxDataPoints?: number;
  targets?: Target[];
  // Each type of panel has its own; Grafana's own types say which.
  options?: Record<string, any>;
  fieldConfig?: { defaults?: Record<string, any>; overrides?: any[] };
  transformations?: DataTransformerConfig[];
  links?: Link[];
  /** Of a row that is folded. */
  panels?: Panel[];
  collapsed?: boolean;
  repeat?: string;
  transparent?: boolean;
}

export interface Link {
  title: string;
  type?: 'link' | 'dashboards';
  url?: string;
  tags?: string[];
}

export interface VariableModel {
  name: string;
  type: string;
  label?: string;
  hide?: number;
  query?: string | { query?: string; qryType?: number };
  regex?: string;
  multi?: boolean;
  includeAll?: boolean;
  allValue?: string | null;
  current?: { text?: string | string[]; value?: string | string[] };
  options?: { text: string; value: string; selected?: boolean }[];
}

export interface AnnotationQuery {
  name: string;
  enable?: boolean;
  hide?: boolean;
  builtIn?: number;
  expr?: string;
  step?: string;
  iconColor?: string;
}

export interface Board {
  uid: string;
  title: string;
  panels: Panel[];
  links?: Link[];
  templating?: { list?: VariableModel[] };
  annotations?: { list?: AnnotationQuery[] };
  time?: { from: string; to: string };
}

/** A rectangle in pixels of the picture. */
export interface Place {
  left: number;
  top: number;
  width: number;
  height: number;
}

const COLUMNS = 24;
const CELL = 30;
const GAP = 8;

/** Where a panel lies on a board that is so wide. */
export function place({ x, y, w, h }: GridPos, width: number): Place {
  const column = (width + GAP) / COLUMNS;
  return {
    left: x * column,
    top: y * (CELL + GAP),
    width: w * column - GAP,
    height: h * (CELL + GAP) - GAP,
  };
}

/** The board's height in pixels. */
export function heightOf(panels: Panel[]): number {
  return Math.max(0, ...panels.map(({ gridPos: { y, h } }) => (y + h) * (CELL + GAP)));
}

/**
 * All panels, with those of folded rows below their row, and what follows moved down: a person who looks at the
 * picture cannot unfold a row.
 */
export function unfold(panels: Panel[]): Panel[] {
  let moved = 0;
  return panels.flatMap((panel) => {
    const shown = { ...panel, gridPos: { ...panel.gridPos, y: panel.gridPos.y + moved } };
    if (panel.type !== 'row' || !panel.panels?.length) return [shown];
    const top = Math.min(...panel.panels.map(({ gridPos }) => gridPos.y));
    const below = shown.gridPos.y + 1;
    const inside = panel.panels.map((one) => ({ ...one, gridPos: { ...one.gridPos, y: one.gridPos.y - top + below } }));
    moved += Math.max(...inside.map(({ gridPos: { y, h } }) => y + h)) - below;
    return [shown, ...inside];
  });
}
