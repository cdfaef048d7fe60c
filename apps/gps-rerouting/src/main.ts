import { bootstrap } from '@nerveline/service-defaults';
import { takeFromLog } from './adapters/log/take-from-log';
import { readGpsReroutingSettings } from './gps-rerouting.config';
import { GpsReroutingModule } from './gps-rerouting.module';

const settings = readGpsReroutingSettings();
void bootstrap({
  service: 'gps-rerouting',
  module: GpsReroutingModule.with({ settings }),
  settings,
  prepare: takeFromLog,
});
