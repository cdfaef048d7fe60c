import { bootstrap } from '@nerveline/service-defaults';
import { readSimulatorSettings } from './simulator.config';
import { SimulatorModule } from './simulator.module';

const settings = readSimulatorSettings();
void bootstrap({ service: 'simulator', module: SimulatorModule, settings });
