// Makes page.js and page.css from src/ and Grafana's packages: `node bundle.mjs PACKAGES INTO`.
// PACKAGES is the node_modules that scripts/setup installs, outside of this folder.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const [packages, into] = process.argv.slice(2).map((path) => resolve(path));
const { build } = createRequire(`${packages}/`)('esbuild');

await build({
  entryPoints: ['src/page.tsx'],
  absWorkingDir: import.meta.dirname,
  nodePaths: [packages],
  outdir: into,
  bundle: true,
  minify: true,
  jsx: 'automatic',
  target: 'chrome120',
  define: { 'process.env.NODE_ENV': '"production"' },
  loader: { '.woff2': 'file', '.woff': 'file', '.svg': 'text' },
  logLevel: 'warning',
});
