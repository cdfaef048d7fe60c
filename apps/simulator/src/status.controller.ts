import { Controller, Get, Inject } from '@nestjs/common';
import { Describe, Public } from '@nerveline/service-defaults';
import { OutsideWorld } from './outside-world';

/** What the simulated world has done: the number to compare with what the platform shows. */
@Controller('v1/simulator')
@Public()
export class StatusController {
  constructor(@Inject(OutsideWorld) private readonly world: OutsideWorld) {}

  @Get('status')
  @Describe({ summary: 'Counts of what each actor has done so far.' })
  status(): Record<string, Readonly<Record<string, number>>> {
    return Object.fromEntries(this.world.actors.map(({ name, counts }) => [name, counts]));
  }
}
