/**
 * A dashboard's variables in its expressions, titles and links, replaced as Grafana replaces them: within an expression of
 * Prometheus' a value is escaped for the text of a regular expression, and several become `(a|b)`.
 */

export interface Variable {
  name: string;
  /** What is chosen; of `All` each option that there is. */
  values: string[];
  /** What a person reads. */
  text: string;
  /** Several can be chosen, or `All`. */
  multi: boolean;
  /** Stands for `All` as it is, if that is chosen. */
  all?: string;
}

/** Looks up what is no variable of the board: `__interval`, `__data.fields.x`; undefined if it is not known. */
export type BuiltIn = (name: string, format?: string) => string | undefined;

/** For an expression of Prometheus', where a format is not named. */
export const EXPRESSION = 'expression';

const REFERENCE = /\$(\w+)|\$\{([^}:]+)(?::([^}]+))?\}|\[\[(\w+)(?::(\w+))?\]\]/g;

/** `text` with its variables replaced; the names of those that are not known go to `unknown`, and stay as they are. */
export function replace(
  text: string,
  variables: Variable[],
  builtIn: BuiltIn,
  format = 'raw',
  unknown: (name: string) => void = () => {},
): string {
  return text.replace(REFERENCE, (reference, plain, braced, bracedFormat, bracketed, bracketedFormat) => {
    const name = plain ?? braced ?? bracketed;
    const asked = bracedFormat ?? bracketedFormat ?? format;
    const variable = variables.find((one) => one.name === name);
    const value = variable ? formatted(variable, asked) : builtIn(name, asked);
    // `$1` is what label_replace has found.
    if (value === undefined && !/^\d+$/.test(name)) unknown(name);
    return value ?? reference;
  });
}

/** A variable as a format of Grafana's writes it. */
export function formatted(variable: Variable, format: string): string {
  const { name, values, text, all } = variable;
  switch (format) {
    case EXPRESSION:
      return all ?? inExpression(variable);
    case 'queryparam':
      return parameters(variable);
    case 'text':
      return text;
    case 'html':
      return escapeHtml(all ?? values.join(', '));
    case 'percentencode':
      return encodeURIComponent(all ?? (values.length > 1 ? `{${values.join(',')}}` : (values[0] ?? '')));
    case 'regex':
      return all ?? oneOf(values.map(escapeRegex));
    case 'pipe':
      return all ?? values.join('|');
    case 'raw':
    case 'csv':
    case 'glob':
      return all ?? (values.length > 1 && format !== 'csv' ? `{${values.join(',')}}` : values.join(','));
    default:
      throw new Error(`\${${name}:${format}}: this format is not drawn`);
  }
}

/** `var-NAME=VALUE` for each value, as a link keeps them. */
export function parameters({ name, values, all }: Variable): string {
  const chosen = all === undefined ? values : ['$__all'];
  return chosen.map((value) => `var-${name}=${encodeURIComponent(value)}`).join('&');
}

function inExpression({ values, multi }: Variable): string {
  if (!multi) return (values[0] ?? '').replace(/\\/g, '\\\\').replace(/'/g, "\\\\'");
  return oneOf(values.map((value) => value.replace(/\\/g, '\\\\\\\\').replace(/[$^*{}[\]'+?.()|]/g, '\\\\$&')));
}

function oneOf(values: string[]): string {
  return values.length === 1 ? values[0]! : `(${values.join('|')})`;
}

function escapeRegex(value: string): string {
  return value.replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&');
}

function escapeHtml(value: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return value.replace(/[&<>"']/g, (character) => entities[character]!);
}
