import { createLogger, exitWith } from '@nerveline/service-defaults';
import { checkRecordings } from './playback/check-recordings';
import { readSimulatorFiles } from './simulator.config';

// Before anything else is started: exits 1 when a recorded file can't be played.
async function check(): Promise<void> {
  await checkRecordings(readSimulatorFiles());
}

check().catch((error: unknown) => exitWith(createLogger('simulator', 'info'), error));
