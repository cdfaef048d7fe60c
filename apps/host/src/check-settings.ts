import { mkdirSync } from 'node:fs';
import { step } from './console';
import type { DataDirectory } from './data/data-directory';
import type { HostSettings } from './host.config';
import { runOnce } from './run-once';
import { isBuilt, programPath } from './service-program';
import { LogFile } from './supervisor/log-file';
import type { Service } from './topology';

/**
 * Has each service look at the files and servers that its settings name, before anything starts: a wrong one is told
 * once, not by a service that ends and is started again for ever.
 *
 * @throws NervelineError what a service finds wrong
 */
export async function checkSettings(
  settings: HostSettings,
  data: DataDirectory,
  services: readonly Service[],
): Promise<void> {
  const given: Readonly<Record<string, string | undefined>> = { ...settings.environment, ...settings.recorded };
  const environment = { ...given, NERVELINE_DATA_DIR: data.path };
  const concerned = services.filter(
    ({ name, checks = [] }) =>
      checks.some((setting) => (given[setting] ?? '') !== '') && isBuilt(settings.programs, name, 'check'),
  );
  if (concerned.length === 0) return;
  mkdirSync(data.at('logs'), { recursive: true });
  const log = new LogFile(data.at('logs', 'host.log'));
  try {
    for (const { name } of concerned) {
      const parameters = [programPath(settings.programs, name, 'check')];
      await step(`Looking at what the settings of ${name} name`, () =>
        runOnce({ name: `${name} check`, parameters, environment }, log),
      );
    }
  } finally {
    log.close();
  }
}
