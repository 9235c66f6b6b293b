/** Markdown, made and cleaned by Grafana's own code. */
import { renderTextPanelMarkdown, textUtil } from '@grafana/data';

import type { PanelProps } from './panel.ts';

export function TextPanel({ options, replaceVariables }: PanelProps) {
  const text = replaceVariables(options['content'], undefined, 'html');
  const html = options['mode'] === 'html' ? textUtil.sanitizeTextPanelContent(text) : renderTextPanelMarkdown(text);
  return <div className="markdown-html" dangerouslySetInnerHTML={{ __html: html }} />;
}
