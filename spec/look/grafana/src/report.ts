/** What the program that opened the page reads when the board is drawn. */

export interface TargetReport {
  expr: string;
  /** Number of series with a number in them, or of a table's rows. */
  length: number;
}

export interface PanelReport {
  id: number;
  title: string;
  type: string;
  targets: TargetReport[];
  /** What the panel says when it has none. */
  emptyText: string | null;
}

export interface Report {
  /** Exceptions, and what is in the board that is not drawn as it stands there. */
  problems: string[];
  panels: PanelReport[];
  /** The values that each variable stands for. */
  chosen: Record<string, string[]>;
  /** Pixels. */
  height: number;
}

const problems = new Set<string>();

/** Each is reported once. */
export function problem(text: string): void {
  problems.add(text);
}

export function listenForProblems(): void {
  window.addEventListener('error', (event) => problem(textOf(event.error ?? event.message)));
  window.addEventListener('unhandledrejection', (event) => problem(textOf(event.reason)));
  const say = console.error;
  console.error = (...parts: unknown[]) => {
    say(...parts);
    problem(parts.map(textOf).join(' ').slice(0, 2000));
  };
}

export function report(panels: PanelReport[], chosen: Record<string, string[]>, height: number): Report {
  return { problems: [...problems], panels, chosen, height };
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
