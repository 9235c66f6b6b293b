// Run by spec/look/grafana_spec.rb, with Node alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EXPRESSION, formatted, parameters, replace, type Variable } from '../src/variables.ts';

const one: Variable = { name: 'service', values: ['a.b'], text: 'a.b', multi: true };
const two: Variable = { name: 'service', values: ['a.b', 'c'], text: 'a.b + c', multi: true };
const all: Variable = { name: 'service', values: ['a', 'b'], text: 'All', multi: true, all: '.*' };
const single: Variable = { name: 'max', values: ['100'], text: '100', multi: false };
const nothing = () => undefined;

test('an expression gets values that a regular expression within quotes takes as they are', () => {
  assert.equal(replace('up{x=~"$service"}', [one], nothing, EXPRESSION), String.raw`up{x=~"a\\.b"}`);
  assert.equal(replace('up{x=~"${service}"}', [two], nothing, EXPRESSION), String.raw`up{x=~"(a\\.b|c)"}`);
  assert.equal(replace('up{x=~"$service"}', [all], nothing, EXPRESSION), 'up{x=~".*"}');
});

test('a variable of which one is chosen stands as it is', () => {
  assert.equal(replace('x > $max', [single], nothing, EXPRESSION), 'x > 100');
});

test('built-in ones are looked up, and a longer name is not a shorter one', () => {
  const builtIn = (name: string) => ({ __rate_interval: '120s', __range: '6h' })[name];
  assert.equal(replace('rate(x[$__rate_interval]) + y[${__range}]', [], builtIn, EXPRESSION), 'rate(x[120s]) + y[6h]');
  assert.equal(replace('$maximum', [single], nothing), '$maximum');
});

test('one that is not known is named, and stays', () => {
  const unknown: string[] = [];
  assert.equal(replace('x{a="$other"}', [one], nothing, EXPRESSION, (name) => unknown.push(name)), 'x{a="$other"}');
  assert.deepEqual(unknown, ['other']);
});

test('what label_replace has found is no variable', () => {
  const expression = 'label_replace(x, "a", "$1", "b", "(.*)$")';
  const unknown: string[] = [];
  assert.equal(replace(expression, [one], nothing, EXPRESSION, (name) => unknown.push(name)), expression);
  assert.deepEqual(unknown, []);
});

test('a link keeps what is chosen, and that it is all', () => {
  assert.equal(formatted(two, 'queryparam'), 'var-service=a.b&var-service=c');
  assert.equal(parameters(all), 'var-service=%24__all');
});

test('a format that is not drawn is an error', () => {
  assert.throws(() => replace('${service:lucene}', [one], nothing), /lucene/);
});

test('a text of HTML has no tag of a value', () => {
  assert.equal(formatted({ ...one, values: ['<b>'] }, 'html'), '&lt;b&gt;');
});
