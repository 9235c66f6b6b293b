/** Grafana's icons, which its page fetches one by one, and a page that is a file cannot. */
import angleDown from '@grafana/ui/dist/public/img/icons/unicons/angle-down.svg';
import arrowDown from '@grafana/ui/dist/public/img/icons/unicons/arrow-down.svg';
import arrowUp from '@grafana/ui/dist/public/img/icons/unicons/arrow-up.svg';
import bars from '@grafana/ui/dist/public/img/icons/unicons/bars.svg';
import external from '@grafana/ui/dist/public/img/icons/unicons/external-link-alt.svg';
import info from '@grafana/ui/dist/public/img/icons/unicons/info-circle.svg';
import { cacheStore } from 'react-inlinesvg';

const ICONS: Record<string, string> = {
  'angle-down': angleDown,
  'arrow-down': arrowDown,
  'arrow-up': arrowUp,
  bars,
  'external-link-alt': external,
  'info-circle': info,
};

/** Before the first icon is drawn. */
export function keepIcons(): void {
  for (const [name, content] of Object.entries(ICONS)) {
    cacheStore[`public/img/icons/unicons/${name}.svg`] = { content, status: 'loaded' };
  }
}
