import { bootstrap } from '@nerveline/service-defaults';
import { readFraudScoringSettings } from './fraud-scoring.config';
import { FraudScoringModule } from './fraud-scoring.module';

const settings = readFraudScoringSettings();
void bootstrap({ service: 'fraud-scoring', module: FraudScoringModule.with({ settings }), settings });
