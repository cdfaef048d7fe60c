import type { TenantId } from '@nerveline/contracts';
import type { Vehicle } from '../domain/fleet/vehicle';
import type { Desk } from './desk';
import type { GaugeWriter } from './gauge-writer';
import type { EventClocks } from '@nerveline/stream';
import { takeReport } from './report-traffic';
import { inputVectorOf, type Step } from './step';
import { takeAnswer, type AnswerCommand } from './take-command';

/** Ends incidents and proposals whose time has come by the event clock. What it ends stands in the log like any input. */
export class ExpireByClock {
  constructor(
    private readonly desk: Desk,
    private readonly clocks: EventClocks,
    private readonly gauge: GaugeWriter,
  ) {}

  /** Cheap when nothing is due: the service calls it several times a second. */
  async expire(): Promise<void> {
    // After a failed commit there is nothing to look at until an act has read the world back: this one does.
    if (this.desk.is_readable && !this.#isDue() && this.gauge.pending === 0) return;
    await this.desk.do((step) => {
      this.#expireIncidents(step);
      for (const [tenant_id, fleet] of step.world.fleets()) {
        const now_ms = this.clocks.of(tenant_id).now_ms();
        for (const vehicle of fleet.vehicles.values()) expireProposal(step, { tenant_id, vehicle, now_ms });
      }
    });
  }

  #isDue(): boolean {
    const { world } = this.desk;
    for (const { tenant_id, ends_at_ms } of world.reports.values()) {
      if (ends_at_ms !== null && ends_at_ms <= this.clocks.of(tenant_id).now_ms()) return true;
    }
    for (const [tenant_id, fleet] of world.fleets()) {
      // A start found decisions that are still to be made.
      if (fleet.open_change !== null) return true;
      const now_ms = this.clocks.of(tenant_id).now_ms();
      for (const { proposal } of fleet.vehicles.values()) {
        if (proposal !== null && proposal.expires_at_ms <= now_ms) return true;
      }
    }
    return false;
  }

  #expireIncidents(step: Step): void {
    for (const report of [...step.world.reports.values()]) {
      const now_ms = this.clocks.of(report.tenant_id).now_ms();
      if (report.ends_at_ms === null || report.ends_at_ms > now_ms) continue;
      // It waits for the decisions of the change before; the next look ends it.
      if (step.world.fleet(report.tenant_id).open_change !== null) continue;
      const { vehicles_hit: _hit, metric_version: _version, read_vector: _read, ...reported } = report;
      takeReport(step, { ...reported, kind: 'cleared', event_ms: now_ms }, now_ms);
    }
  }
}

function expireProposal(
  step: Step,
  { tenant_id, vehicle, now_ms }: { readonly tenant_id: TenantId; readonly vehicle: Vehicle; readonly now_ms: number },
): void {
  const { proposal, vehicle_id } = vehicle;
  if (proposal === null || proposal.expires_at_ms > now_ms) return;
  const command: AnswerCommand = {
    format_version: 1,
    kind: 'answer',
    tenant_id,
    vehicle_id,
    proposal_id: proposal.proposal_id,
    answer: 'expired',
    read_vector: inputVectorOf(step, tenant_id, now_ms),
    event_ms: now_ms,
  };
  step.outbox.command(command);
  takeAnswer(step, command);
}
