/** The board as Grafana lays it out: what is chosen, then the panels on their grid. */
import { type GrafanaTheme2, type InterpolateFunction, type TimeRange } from '@grafana/data';
import { Icon, PanelChrome } from '@grafana/ui';
import { Component, type ReactNode } from 'react';

import type { Moments } from './annotations.ts';
import { type Board, place, type Place } from './board.ts';
import { OPTIONS } from './defaults.ts';
import { fieldConfigOf } from './fields.ts';
import { emptyText, hasData, type Loaded, name } from './load.ts';
import type { PanelProps } from './panels/panel.ts';
import { BarGaugePanel, StatPanel } from './panels/single_values.tsx';
import { TablePanel } from './panels/table.tsx';
import { TextPanel } from './panels/text.tsx';
import { TimeSeriesPanel } from './panels/time_series.tsx';
import { problem } from './report.ts';
import type { Variable } from './variables.ts';

const PANELS: Record<string, (props: PanelProps) => ReactNode> = {
  timeseries: TimeSeriesPanel,
  stat: StatPanel,
  bargauge: BarGaugePanel,
  table: TablePanel,
  text: TextPanel,
};
// These say themselves that there is nothing.
const SAY_NOTHING_THEMSELVES = ['stat', 'bargauge', 'text'];

interface Shown {
  board: Board;
  /** What is said beside the title. */
  caption: string;
  variables: Variable[];
  loaded: Loaded[];
  width: number;
  height: number;
  timeRange: TimeRange;
  theme: GrafanaTheme2;
  replaceVariables: InterpolateFunction;
  moments: Moments[];
}

export function Dashboard(shown: Shown) {
  const { board, caption, variables, loaded, width, height, moments } = shown;
  return (
    <div className="board">
      <header>
        <h1>{board.title}</h1>
        <span className="caption">{caption}</span>
      </header>
      <nav>
        {variables.map((variable) => (
          <Choice key={variable.name} board={board} variable={variable} />
        ))}
        {moments.map((one) => (
          <span key={one.name} className="choice">
            <label>{one.name}</label>
            <b style={{ color: shown.theme.visualization.getColorByName(one.color) }}>on</b>
          </span>
        ))}
        {(board.links ?? []).map((link) => (
          <span key={link.title} className="link">
            <Icon name={link.type === 'dashboards' ? 'bars' : 'external-link-alt'} /> {link.title}
          </span>
        ))}
      </nav>
      <main style={{ height }}>
        {loaded.map((one) => (
          <At key={one.panel.id} place={place(one.panel.gridPos, width)}>
            {one.panel.type === 'row' ? <Row title={one.panel.title ?? ''} /> : <Framed {...shown} one={one} />}
          </At>
        ))}
      </main>
    </div>
  );
}

function Choice({ board, variable: { name, text } }: { board: Board; variable: Variable }) {
  const model = board.templating?.list?.find((one) => one.name === name);
  if (model?.hide === 2) return null;
  return (
    <span className="choice">
      {model?.hide !== 1 && <label>{model?.label || name}</label>}
      <b>{text}</b>
    </span>
  );
}

function At({ place, children }: { place: Place; children: ReactNode }) {
  return <div style={{ position: 'absolute', ...place }}>{children}</div>;
}

function Row({ title }: { title: string }) {
  return (
    <div className="row">
      <Icon name="angle-down" /> {title}
    </div>
  );
}

function Framed({ one, width: boardWidth, ...shown }: Shown & { one: Loaded }) {
  const { panel } = one;
  const { width, height } = place(panel.gridPos, boardWidth);
  return (
    <PanelChrome
      title={shown.replaceVariables(panel.title ?? '')}
      description={panel.description}
      width={Math.floor(width)}
      height={height}
      displayMode={panel.transparent ? 'transparent' : 'default'}
    >
      {(innerWidth, innerHeight) => (
        <Guarded what={name(panel)}>
          <Content {...shown} one={one} width={innerWidth} height={innerHeight} />
        </Guarded>
      )}
    </PanelChrome>
  );
}

function Content({ one, width, height, ...shown }: Omit<Shown, 'width' | 'height'> & { one: Loaded; width: number; height: number }) {
  const { panel, frames } = one;
  const Drawn = PANELS[panel.type];
  if (!Drawn) return null;
  if (!SAY_NOTHING_THEMSELVES.includes(panel.type) && !hasData(frames)) return <div className="empty">{emptyText(panel) ?? 'No data'}</div>;
  const options = { ...OPTIONS[panel.type], ...panel.options };
  return <Drawn {...shown} frames={frames} options={options} fieldConfig={fieldConfigOf(panel)} width={width} height={height} />;
}

// One panel that fails leaves the others.
class Guarded extends Component<{ what: string; children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override componentDidCatch(error: Error) {
    problem(`${this.props.what}: ${error.stack}`);
  }

  override render() {
    return this.state.failed ? <div className="empty">failed</div> : this.props.children;
  }
}
