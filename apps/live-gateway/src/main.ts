import { bootstrap } from '@nerveline/service-defaults';
import { readLiveGatewaySettings } from './live-gateway.config';
import { LiveGatewayModule, prepareLiveGateway } from './live-gateway.module';

const settings = readLiveGatewaySettings();
void bootstrap({
  service: 'live-gateway',
  module: LiveGatewayModule.with(settings),
  settings,
  prepare: (app) => prepareLiveGateway(app, settings),
});
