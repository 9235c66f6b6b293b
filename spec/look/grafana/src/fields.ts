/** Units, thresholds, mappings, links and overrides on a panel's data, by Grafana's own code. */
import {
  applyFieldOverrides,
  type DataFrame,
  displayNameOverrideProcessor,
  type Field,
  type FieldConfigPropertyItem,
  type FieldConfigSource,
  FieldConfigOptionsRegistry,
  FieldType,
  type GrafanaTheme2,
  identityOverrideProcessor,
  type InterpolateFunction,
  standardEditorsRegistry,
  standardFieldConfigEditorRegistry,
  standardTransformers,
  standardTransformersRegistry,
  stringOverrideProcessor,
  transformDataFrame,
} from '@grafana/data';
import { lastValueFrom } from 'rxjs';

import type { Panel } from './board.ts';
import { COLOR, CUSTOM, FIELD_OPTIONS, OF_NUMBERS, THRESHOLDS } from './defaults.ts';

/** Once, before the first panel: Grafana's server does this when it starts. */
export function register(): void {
  standardFieldConfigEditorRegistry.setInit(() => []);
  standardEditorsRegistry.setInit(() => []);
  // Some stand there under an old name, too.
  const transformers = new Map(Object.values(standardTransformers).map((one) => [one.id, one]));
  standardTransformersRegistry.setInit(() =>
    [...transformers].map(([id, transformation]) => ({ id, name: id, transformation, editor: () => null })),
  );
}

/** The panel's `fieldConfig` with what Grafana fills in. */
export function fieldConfigOf(panel: Panel): FieldConfigSource {
  const { defaults = {}, overrides = [] } = panel.fieldConfig ?? {};
  const filled = {
    color: COLOR[panel.type] ?? { mode: 'thresholds' },
    ...defaults,
    thresholds: withoutNull(defaults['thresholds'] ?? THRESHOLDS),
    custom: { ...CUSTOM[panel.type], ...defaults['custom'] },
  };
  const replaced = overrides.map(({ matcher, properties }) => ({
    matcher,
    properties: properties.map((one: any) => (one.id === 'thresholds' ? { ...one, value: withoutNull(one.value) } : one)),
  }));
  return { defaults: filled, overrides: replaced } as FieldConfigSource;
}

/** What an override names that its panel does not have, which Grafana passes over without a word. */
export function unknownOptions(panel: Panel): string[] {
  const known = registryOf(panel.type);
  const custom = Object.keys(panel.fieldConfig?.defaults?.['custom'] ?? {}).map((name) => `custom.${name}`);
  const named = (panel.fieldConfig?.overrides ?? []).flatMap(({ properties }) => properties.map(({ id }: any) => id));
  return [...custom, ...named].filter((id) => !known.getIfExists(id));
}

/** The frames after the panel's transformations and overrides. */
export async function prepare(
  panel: Panel,
  frames: DataFrame[],
  theme: GrafanaTheme2,
  replaceVariables: InterpolateFunction,
): Promise<DataFrame[]> {
  const steps = (panel.transformations ?? []).filter(({ disabled }) => !disabled);
  for (const { id } of steps) standardTransformersRegistry.get(id);
  const context = { interpolate: (text: string) => replaceVariables(text) };
  return applyFieldOverrides({
    data: await lastValueFrom(transformDataFrame(steps, frames, context)),
    fieldConfig: fieldConfigOf(panel),
    fieldConfigRegistry: registryOf(panel.type),
    replaceVariables,
    theme,
    timeZone: 'utc',
  });
}

// A threshold without a number is the lowest one; JSON has no infinity.
function withoutNull(thresholds: any) {
  return { ...thresholds, steps: thresholds.steps.map((one: any) => ({ ...one, value: one.value ?? -Infinity })) };
}

function registryOf(type: string): FieldConfigOptionsRegistry {
  const standard = FIELD_OPTIONS.map((id) => option(id, id, false));
  const custom = Object.keys(CUSTOM[type] ?? {}).map((id) => option(`custom.${id}`, id, true));
  return new FieldConfigOptionsRegistry(() => [...standard, ...custom]);
}

// Grafana's own, where it does not take the value as it is.
const PROCESS: Record<string, FieldConfigPropertyItem['process']> = {
  displayName: displayNameOverrideProcessor,
  noValue: stringOverrideProcessor,
  'custom.axisLabel': stringOverrideProcessor,
};

function option(id: string, path: string, isCustom: boolean): FieldConfigPropertyItem {
  const applies = (field: Field) => {
    if (OF_NUMBERS.includes(id)) return field.type === FieldType.number;
    return id !== 'mappings' || field.type !== FieldType.time;
  };
  return {
    id,
    path,
    isCustom,
    name: id,
    editor: () => null,
    override: () => null,
    process: PROCESS[id] ?? identityOverrideProcessor,
    settings: { expandTemplateVars: true },
    shouldApply: applies,
  } as FieldConfigPropertyItem;
}
