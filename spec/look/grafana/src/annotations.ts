/** The board's annotations: asked of Prometheus once, drawn on each time series. */
import type { GrafanaTheme2 } from '@grafana/data';
import type { UPlotConfigBuilder } from '@grafana/ui';

import type { AnnotationQuery } from './board.ts';
import type { Range } from './intervals.ts';
import { moments, type Source } from './prometheus.ts';

export interface Moments {
  name: string;
  color: string;
  /** First and last moment, in milliseconds. */
  spans: [number, number][];
}

/** Of those that are switched on. */
export function askForMoments(source: Source, queries: AnnotationQuery[], range: Range): Promise<Moments[]> {
  const asked = queries.filter(({ builtIn, expr, enable }) => !builtIn && expr && enable !== false);
  return Promise.all(
    asked.map(async ({ name, expr, step, iconColor }) => ({
      name,
      color: iconColor ?? 'rgba(0, 211, 255, 1)',
      spans: await moments(source, expr!, step, range),
    })),
  );
}

/** As Grafana marks them: a dashed line at the first moment, a triangle below it, and colour up to the last. */
export function drawMoments(config: UPlotConfigBuilder, all: Moments[], theme: GrafanaTheme2): void {
  config.addHook('draw', (plot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height + TRIANGLE);
    ctx.clip();
    for (const { color, spans } of all) {
      ctx.fillStyle = ctx.strokeStyle = theme.visualization.getColorByName(color);
      for (const [from, to] of spans) {
        const left = plot.valToPos(from, 'x', true);
        const right = plot.valToPos(to, 'x', true);
        drawSpan(ctx, left, right, bbox.top, bbox.top + bbox.height);
      }
    }
    ctx.restore();
  });
}

// Pixels.
const TRIANGLE = 6;

function drawSpan(ctx: CanvasRenderingContext2D, left: number, right: number, top: number, bottom: number): void {
  ctx.globalAlpha = 0.1;
  ctx.fillRect(left, top, right - left, bottom - top);
  ctx.globalAlpha = 1;
  ctx.lineWidth = 1.5;
  ctx.setLineDash([5, 5]);
  ctx.beginPath();
  ctx.moveTo(left, top);
  ctx.lineTo(left, bottom);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.beginPath();
  ctx.moveTo(left, bottom);
  ctx.lineTo(left - TRIANGLE, bottom + TRIANGLE);
  ctx.lineTo(left + TRIANGLE, bottom + TRIANGLE);
  ctx.fill();
}
