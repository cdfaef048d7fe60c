import { Module } from '@nestjs/common';
import { Channels, ChannelsController } from './channels.controller';
import { StatusController } from './status.controller';
import { OutsideWorld } from './outside-world';

@Module({ controllers: [ChannelsController, StatusController], providers: [Channels, OutsideWorld] })
export class SimulatorModule {}
