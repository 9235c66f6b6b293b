// Run by spec/look/grafana_spec.rb, with Node alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { heightOf, type Panel, place, unfold } from '../src/board.ts';

const panel = (id: number, y: number, h: number, more: Partial<Panel> = {}): Panel => ({
  id, type: 'stat', gridPos: { x: 0, y, w: 12, h }, ...more,
});

test('24 columns fill the width, and there is a gap between two panels', () => {
  const left = place({ x: 0, y: 0, w: 12, h: 8 }, 1568);
  const right = place({ x: 12, y: 0, w: 12, h: 8 }, 1568);
  assert.equal(right.left + right.width, 1568);
  assert.equal(right.left - left.left - left.width, 8);
  assert.equal(left.height, 8 * 38 - 8);
});

test('panels of a folded row are shown below it, and what follows makes room', () => {
  const folded = panel(1, 0, 1, { type: 'row', collapsed: true, panels: [panel(2, 5, 4), panel(3, 9, 4)] });
  const shown = unfold([folded, panel(4, 1, 1)]);
  assert.deepEqual(shown.map(({ id, gridPos: { y } }) => [id, y]), [[1, 0], [2, 1], [3, 5], [4, 9]]);
  assert.equal(heightOf(shown), 10 * 38);
});
