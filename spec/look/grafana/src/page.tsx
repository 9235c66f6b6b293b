/**
 * Draws one dashboard, and says in `window.drawn` when that is done and what was wrong.
 *
 * What to draw is in `window.order`, which the program that opens the page writes.
 */
import '@fontsource/inter/400.css';
import '@fontsource/inter/500.css';
import '@fontsource/roboto-mono/400.css';
import 'uplot/dist/uPlot.min.css';
import './page.css';

import { createTheme, dateTime, ThemeContext, type TimeRange } from '@grafana/data';
import { GlobalStyles } from '@grafana/ui';
import { createRoot } from 'react-dom/client';
import { flushSync } from 'react-dom';

import { askForMoments } from './annotations.ts';
import { type Board, heightOf, place, unfold } from './board.ts';
import { choose } from './choices.ts';
import { Dashboard } from './dashboard.tsx';
import { register } from './fields.ts';
import { keepIcons } from './icons.ts';
import { interpolator } from './interpolate.ts';
import type { Range } from './intervals.ts';
import { load } from './load.ts';
import type { Source } from './prometheus.ts';
import { listenForProblems, problem, type Report, report } from './report.ts';
import { EXPRESSION, replace, type Variable } from './variables.ts';

interface Order {
  board: Board;
  caption: string;
  /** Where Prometheus is. */
  url: string;
  timeInterval: string;
  range: Range;
  /** Pixels, of the board within its margins. */
  width: number;
  /** By the variable's name. */
  chosen: Record<string, string>;
}

declare global {
  interface Window {
    order: Order;
    drawn: Promise<Report>;
  }
}

async function draw({ board, caption, url, timeInterval, range, width, chosen }: Order): Promise<Report> {
  register();
  keepIcons();
  const theme = createTheme({ colors: { mode: 'dark' } });
  const unknown = (name: string) => problem(`$${name} is used, and is no variable of the board`);
  const variables: Variable[] = [];
  const source: Source = {
    url,
    timeInterval,
    replace: (text, builtIn) => replace(text, variables, (name) => builtIn[name], EXPRESSION, unknown),
  };
  variables.push(...(await choose(board.templating?.list ?? [], source, range, chosen)));
  const replaceVariables = interpolator(variables, range, unknown);
  const panels = unfold(board.panels);
  const [moments, ...loaded] = await Promise.all([
    askForMoments(source, board.annotations?.list ?? [], range),
    ...panels.map((panel) => load(panel, source, range, place(panel.gridPos, width).width, theme, replaceVariables)),
  ]);
  const height = heightOf(panels);
  const timeRange = timeRangeOf(range);
  await fonts();
  flushSync(() =>
    createRoot(document.getElementById('page')!).render(
      <ThemeContext.Provider value={theme}>
        <GlobalStyles />
        <Dashboard {...{ board, caption, variables, loaded, width, height, timeRange, theme, replaceVariables, moments }} />
      </ThemeContext.Provider>,
    ),
  );
  await settled();
  return report(
    loaded.filter(({ panel }) => panel.targets?.length).map((one) => one.report),
    Object.fromEntries(variables.map(({ name, values }) => [name, values])),
    pageHeight(),
  );
}

function pageHeight(): number {
  return document.getElementById('page')!.scrollHeight;
}

function timeRangeOf({ from, to }: Range): TimeRange {
  const range = { from: dateTime(from * 1000), to: dateTime(to * 1000) };
  return { ...range, raw: range };
}

// Canvases take what is there when they are drawn.
function fonts(): Promise<unknown> {
  return Promise.all(['12px Inter', '500 12px Inter', '12px "Roboto Mono"'].map((font) => document.fonts.load(font)));
}

// Plots are drawn in the frame after they are made, tables once they know their size.
async function settled(): Promise<void> {
  for (let frame = 0; frame < FRAMES; frame++) await new Promise((next) => requestAnimationFrame(next));
}

const FRAMES = 5;

listenForProblems();
window.drawn = draw(window.order).catch((error) => {
  problem(error.stack ?? String(error));
  return report([], {}, pageHeight());
});
