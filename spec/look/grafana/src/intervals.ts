/**
 * The step of a query and the variables that follow from it, as Grafana's Prometheus data source has them
 * (its documentation: "Min step", "Use $__rate_interval").
 */
import { rangeUtil } from '@grafana/data';

/** Seconds. */
export interface Range {
  from: number;
  to: number;
}

export interface Step {
  /** Seconds between two points. */
  step: number;
  /** `$__rate_interval`, in seconds. */
  rateInterval: number;
}

/** What Grafana takes a scrape interval for, where the target has no `interval`. */
const SCRAPE_INTERVAL = '15s';
/** Prometheus answers no query of more points. */
const MOST_POINTS = 11_000;

/** For so many points, of a target with this `interval`, at a data source with this `timeInterval`. */
export function stepOf({ from, to }: Range, points: number, interval?: string, timeInterval?: string): Step {
  const least = seconds(interval || timeInterval || SCRAPE_INTERVAL);
  const round = (exact: number) => rangeUtil.roundInterval(exact * 1000) / 1000;
  const step = Math.max(least, round((to - from) / points), round((to - from) / MOST_POINTS));
  const scrape = seconds(interval || SCRAPE_INTERVAL);
  return { step, rateInterval: Math.max(step + scrape, 4 * scrape) };
}

/** Both ends at multiples of the step, so that a picture does not change between two of them. */
export function aligned({ from, to }: Range, step: number): Range {
  return { from: Math.floor(from / step) * step, to: Math.floor(to / step) * step };
}

/** Of `30s`, or `>30s`. */
export function seconds(text: string): number {
  return rangeUtil.intervalToSeconds(text.replace(/^[<>=]+/, ''));
}
