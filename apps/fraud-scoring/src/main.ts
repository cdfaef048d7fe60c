import { bootstrap } from '@nerveline/service-defaults';
import { takeFromLog } from './adapters/log/take-from-log';
import { readFraudScoringSettings } from './fraud-scoring.config';
import { FraudScoringModule } from './fraud-scoring.module';

const settings = readFraudScoringSettings();
void bootstrap({
  service: 'fraud-scoring',
  module: FraudScoringModule.with({ settings }),
  settings,
  prepare: takeFromLog,
});
