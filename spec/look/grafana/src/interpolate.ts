/** Grafana's variables in titles and links, also those that stand for the value, row or series that is clicked on. */
import { getFieldDisplayName, getFieldDisplayValuesProxy, type InterpolateFunction, type ScopedVars } from '@grafana/data';

import type { Range } from './intervals.ts';
import { parameters, replace, type Variable } from './variables.ts';

/** The names that are not known go to `unknown`. */
export function interpolator(variables: Variable[], range: Range, unknown: (name: string) => void): InterpolateFunction {
  return (text, scopedVars, format) => {
    const encode = format === 'uriencode';
    const plain = typeof format === 'string' && !encode ? format : 'raw';
    const builtIn = (name: string, asked?: string) => {
      const value = ofBoard(name, variables, range) ?? ofData(name, scopedVars);
      return asked === 'percentencode' && value !== undefined ? encodeURIComponent(value) : value;
    };
    const replaced = replace(text ?? '', variables, builtIn, plain, unknown);
    return encode ? encodeURI(decoded(replaced)) : replaced;
  };
}

// Parts that are encoded already stay so.
function decoded(url: string): string {
  return url.replace(/%25(?=[0-9A-Fa-f]{2})/g, '%');
}

function ofBoard(name: string, variables: Variable[], { from, to }: Range): string | undefined {
  switch (name) {
    case '__all_variables':
      return variables.map(parameters).join('&');
    case '__url_time_range':
      return `from=${from * 1000}&to=${to * 1000}`;
    case '__from':
      return `${from * 1000}`;
    case '__to':
      return `${to * 1000}`;
    default:
      return undefined;
  }
}

function ofData(name: string, scopedVars: ScopedVars | undefined): string | undefined {
  const context = scopedVars?.['__dataContext']?.value;
  if (!context) return undefined;
  const { frame, field, rowIndex, calculatedValue } = context;
  const row = () => getFieldDisplayValuesProxy({ frame, rowIndex: rowIndex ?? 0, timeZone: 'utc' });
  const found = name.match(/^__data\.fields(?:\.([\w-]+)|\[["']?(.+?)["']?\])/);
  if (found) return textOf(row()[found[1] ?? found[2]!]);
  const label = name.match(/^__field\.labels(?:\.(\w+)|\[["']?(.+?)["']?\])/);
  if (label) return field.labels?.[label[1] ?? label[2]!] ?? '';
  switch (name) {
    case '__series.name':
    case '__field.displayName':
      return getFieldDisplayName(field, frame);
    case '__field.name':
      return field.name;
    case '__value.raw':
    case '__value.numeric':
      return `${calculatedValue?.numeric ?? field.values[rowIndex ?? 0] ?? ''}`;
    case '__value.text':
      return calculatedValue?.text ?? textOf(row()[field.name]);
    default:
      return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : `${value}`;
}
