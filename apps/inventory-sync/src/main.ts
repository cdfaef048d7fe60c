import { bootstrap, createLogger, exitWith } from '@nerveline/service-defaults';
import { takeFromLog } from './adapters/log/take-from-log';
import { InventorySyncModule } from './inventory-sync.module';
import { readInventorySettings, type InventorySettings } from './inventory.config';

function settingsOrExit(): InventorySettings {
  try {
    return readInventorySettings();
  } catch (error) {
    return exitWith(createLogger('inventory-sync', 'info'), error);
  }
}

const settings = settingsOrExit();
void bootstrap({
  service: 'inventory-sync',
  module: InventorySyncModule.with({ settings }),
  settings,
  prepare: takeFromLog,
});
