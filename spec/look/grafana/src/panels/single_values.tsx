/** One number for each series: big ones, or bars. */
import { getDisplayValueAlignmentFactors, getFieldDisplayValues, type FieldDisplay } from '@grafana/data';
import { BarGauge, BigValue, VizRepeater, type VizRepeaterRenderValueProps } from '@grafana/ui';
import type { ReactElement } from 'react';

import type { PanelProps } from './panel.ts';

type Rendered = VizRepeaterRenderValueProps<FieldDisplay, ReturnType<typeof getDisplayValueAlignmentFactors>>;

export function StatPanel(props: PanelProps) {
  const { options, theme } = props;
  const values = valuesOf(props, options['graphMode'] !== 'none');
  const render = ({ value, width, height, count }: Rendered) => (
    <BigValue
      value={value.display}
      count={count}
      sparkline={value.sparkline}
      colorMode={options['colorMode']}
      graphMode={options['graphMode']}
      justifyMode={options['justifyMode']}
      textMode={options['textMode']}
      text={options['text']}
      width={width}
      height={height}
      theme={theme}
    />
  );
  return <Repeated {...props} values={values} render={render} autoGrid />;
}

export function BarGaugePanel(props: PanelProps) {
  const { options, theme } = props;
  const values = valuesOf(props, false);
  const render = ({ value, width, height, orientation, alignmentFactors }: Rendered) => (
    <BarGauge
      value={value.display}
      field={value.field}
      display={value.view?.getFieldDisplayProcessor(value.colIndex ?? 0) ?? undefined}
      alignmentFactors={alignmentFactors}
      displayMode={options['displayMode']}
      valueDisplayMode={options['valueMode']}
      namePlacement={options['namePlacement']}
      showUnfilled={options['showUnfilled']}
      text={options['text']}
      orientation={orientation}
      width={width}
      height={height}
      itemSpacing={8}
      lcdCellWidth={12}
      theme={theme}
    />
  );
  const { minVizWidth, minVizHeight, maxVizHeight } = options;
  return <Repeated {...props} values={values} render={render} itemSpacing={10} limits={{ minVizWidth, minVizHeight, maxVizHeight }} />;
}

interface Repeating extends PanelProps {
  values: FieldDisplay[];
  render: (props: Rendered) => ReactElement;
  autoGrid?: boolean;
  itemSpacing?: number;
  limits?: { minVizWidth?: number; minVizHeight?: number; maxVizHeight?: number };
}

function Repeated({ values, render, width, height, options, frames, autoGrid, itemSpacing, limits }: Repeating) {
  return (
    <VizRepeater
      getValues={() => values}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={render as (props: any) => ReactElement}
      width={width}
      height={height}
      source={frames}
      renderCounter={1}
      autoGrid={autoGrid}
      itemSpacing={itemSpacing}
      orientation={options['orientation']}
      {...limits}
    />
  );
}

function valuesOf({ frames, options, fieldConfig, theme, replaceVariables, timeRange }: PanelProps, sparkline: boolean): FieldDisplay[] {
  const values = getFieldDisplayValues({
    data: frames,
    reduceOptions: options['reduceOptions'],
    fieldConfig,
    replaceVariables,
    sparkline,
    theme,
    timeZone: 'utc',
  });
  for (const { sparkline } of values) if (sparkline) sparkline.timeRange = timeRange;
  return values;
}
