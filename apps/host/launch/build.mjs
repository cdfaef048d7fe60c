import { pathToFileURL } from 'node:url';
import { compile, planCompilation } from './compile.mjs';
import { buildDashboard, planDashboard } from './dashboard.mjs';
import { LaunchFailure, step } from './progress.mjs';

/** Builds what changed since the last build, and says so only when there is something to do. */
export async function ensureBuilt({ dashboard = true } = {}) {
  const sources = planCompilation();
  const count = sources.changed.length + sources.removed.length;
  if (count > 0) await step(`Building ${count} changed source files`, () => compile(sources));
  if (!dashboard) return;
  const page = planDashboard();
  if (page.stale) await step('Building the dashboard', () => buildDashboard(page));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    await ensureBuilt({ dashboard: !process.argv.includes('--no-dashboard') });
  } catch (error) {
    if (!(error instanceof LaunchFailure)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
