/**
 * What Grafana 10.4 fills in where a panel's JSON says nothing, and which of its options can be overridden for single
 * fields. Grafana's own lists are in its server, which is not on npm.
 */

/** Of `fieldConfig.defaults`, for every type of panel. */
export const FIELD_OPTIONS = [
  'unit', 'min', 'max', 'decimals', 'displayName', 'noValue', 'color', 'thresholds', 'mappings', 'links', 'filterable',
  'description', 'fieldMinMax',
];

/** Only for numbers. */
export const OF_NUMBERS = ['min', 'max', 'decimals', 'fieldMinMax'];

/** Of `fieldConfig.defaults.custom`, by type of panel. */
export const CUSTOM: Record<string, Record<string, unknown>> = {
  timeseries: {
    drawStyle: 'line',
    lineInterpolation: 'linear',
    lineWidth: 1,
    lineStyle: undefined,
    fillOpacity: 0,
    fillBelowTo: undefined,
    gradientMode: 'none',
    barAlignment: 0,
    barWidthFactor: undefined,
    showPoints: 'auto',
    pointSize: 5,
    spanNulls: false,
    insertNulls: undefined,
    stacking: { mode: 'none', group: 'A' },
    axisPlacement: 'auto',
    axisLabel: '',
    axisColorMode: 'text',
    axisBorderShow: false,
    axisCenteredZero: false,
    axisGridShow: undefined,
    axisSoftMin: undefined,
    axisSoftMax: undefined,
    axisWidth: undefined,
    scaleDistribution: { type: 'linear' },
    hideFrom: { tooltip: false, viz: false, legend: false },
    thresholdsStyle: { mode: 'off' },
    transform: undefined,
  },
  stat: {},
  bargauge: {},
  gauge: {},
  table: {
    align: 'auto',
    cellOptions: { type: 'auto' },
    inspect: false,
    filterable: undefined,
    hidden: undefined,
    width: undefined,
    minWidth: undefined,
    hideHeader: undefined,
  },
};

/** Of `options`, by type of panel. */
export const OPTIONS: Record<string, Record<string, any>> = {
  timeseries: { legend: { showLegend: true, displayMode: 'list', placement: 'bottom', calcs: [] } },
  stat: {
    reduceOptions: { values: false, calcs: ['lastNotNull'], fields: '' },
    orientation: 'auto',
    textMode: 'auto',
    wideLayout: true,
    colorMode: 'value',
    graphMode: 'area',
    justifyMode: 'auto',
  },
  bargauge: {
    reduceOptions: { values: false, calcs: ['lastNotNull'], fields: '' },
    orientation: 'auto',
    displayMode: 'gradient',
    valueMode: 'color',
    namePlacement: 'auto',
    showUnfilled: true,
    minVizWidth: 8,
    minVizHeight: 16,
    maxVizHeight: 300,
    sizing: 'auto',
  },
  table: { showHeader: true, cellHeight: 'sm', footer: { show: false, reducer: [], countRows: false }, sortBy: [] },
  text: { mode: 'markdown', content: '' },
};

export const COLOR: Record<string, { mode: string }> = {
  timeseries: { mode: 'palette-classic' },
};

export const THRESHOLDS = {
  mode: 'absolute',
  steps: [
    { value: null, color: 'green' },
    { value: 80, color: 'red' },
  ],
};
