/** What is chosen in each of a board's variables, when a person opens it from a link that names some of them. */
import type { VariableModel } from './board.ts';
import type { Range } from './intervals.ts';
import { labelValues, type Source } from './prometheus.ts';
import { EXPRESSION, replace, type Variable } from './variables.ts';

/** One after the other: a query may use those before it. `chosen` are those that the link names. */
export async function choose(models: VariableModel[], source: Source, range: Range, chosen: Record<string, string>): Promise<Variable[]> {
  const variables: Variable[] = [];
  for (const model of models) {
    const options = await optionsOf(model, source, range, variables);
    variables.push(variableOf(model, options, chosen[model.name]));
  }
  return variables;
}

function variableOf(model: VariableModel, options: string[], chosen: string | undefined): Variable {
  const { name, includeAll, allValue } = model;
  const multi = Boolean(model.multi || includeAll);
  const value = chosen ?? firstOf(model, options);
  const values = value === undefined ? [] : [value].flat();
  if (includeAll && (values.includes('$__all') || (!values.length && options.length))) {
    return { name, multi, text: 'All', values: options, all: allValue ?? undefined };
  }
  return { name, multi, values, text: values.join(' + ') };
}

// What is saved with the board, else what its list begins with.
function firstOf({ current, includeAll }: VariableModel, options: string[]): string | string[] | undefined {
  const saved = current?.value;
  if (saved !== undefined && saved !== '' && !(Array.isArray(saved) && !saved.length)) return saved;
  return includeAll ? '$__all' : options[0];
}

async function optionsOf(model: VariableModel, source: Source, range: Range, before: Variable[]): Promise<string[]> {
  const query = typeof model.query === 'string' ? model.query : (model.query?.query ?? '');
  switch (model.type) {
    case 'datasource':
      return ['prometheus'];
    case 'custom':
      return query.split(/(?<!\\),/).map((one) => one.trim().replace(/^.*? : /, ''));
    case 'constant':
    case 'textbox':
    case 'interval':
      return query.split(',');
    case 'query':
      return selected(await valuesOf(query, source, range, before), model.regex);
    default:
      throw new Error(`$${model.name}: a variable of type ${model.type} is not drawn`);
  }
}

async function valuesOf(query: string, source: Source, range: Range, before: Variable[]): Promise<string[]> {
  const known = query.match(/^label_values\((?:(.+),\s*)?(\w+)\)\s*$/s);
  if (!known) throw new Error(`${query}: of a variable's queries only label_values is drawn`);
  const matching = known[1] && replace(known[1], before, () => undefined, EXPRESSION);
  return labelValues(source, known[2]!, matching, range);
}

function selected(values: string[], regex: string | undefined): string[] {
  if (!regex) return values;
  const pattern = new RegExp(regex.replace(/^\/|\/$/g, ''));
  return values.flatMap((value) => {
    const found = value.match(pattern);
    return found ? [found[1] ?? found[0]] : [];
  });
}
