import { bootstrap } from '@nerveline/service-defaults';
import { readRelaySettings } from './cdc-relay.config';
import { CdcRelayModule } from './cdc-relay.module';

const settings = readRelaySettings();
void bootstrap({ service: 'cdc-relay', module: CdcRelayModule.with(settings), settings });
