import type { DepotId, DriverId, OrderId, TenantId, VehicleId } from '@nerveline/contracts';
import { tenantKey } from '@nerveline/kernel';

export interface VehicleFacts {
  readonly depot_id: DepotId;
  readonly driver_id: DriverId | null;
  readonly name: string;
}

export interface OrderFacts {
  readonly order_id: OrderId;
  readonly vehicle_id: VehicleId | null;
  readonly stop: number;
  readonly lat: number;
  readonly lon: number;
  readonly status: 'planned' | 'under_way' | 'delivered' | 'cancelled';
}

/** The source tables as change capture brings them: who the vehicles are, who drives, what they have to deliver. */
export class Directory {
  readonly #vehicles = new Map<string, VehicleFacts>();
  readonly #drivers = new Map<string, string>();
  readonly #orders = new Map<string, OrderFacts>();
  readonly #orders_of = new Map<string, Set<string>>();

  vehicle(tenant_id: TenantId, vehicle_id: VehicleId): (VehicleFacts & { readonly driver_name?: string }) | undefined {
    const facts = this.#vehicles.get(tenantKey(tenant_id, vehicle_id));
    if (facts === undefined) return undefined;
    const driver_name = facts.driver_id === null ? undefined : this.#drivers.get(tenantKey(tenant_id, facts.driver_id));
    return driver_name === undefined ? facts : { ...facts, driver_name };
  }

  order(key: string): OrderFacts | undefined {
    return this.#orders.get(key);
  }

  /** The stops that a vehicle still has to serve, in the order of its tour. */
  openOrders(tenant_id: TenantId, vehicle_id: VehicleId): OrderFacts[] {
    const keys = this.#orders_of.get(tenantKey(tenant_id, vehicle_id)) ?? [];
    return [...keys]
      .flatMap((key) => this.#orders.get(key) ?? [])
      .filter(({ status }) => status === 'planned' || status === 'under_way')
      .sort((a, b) => a.stop - b.stop || (a.order_id < b.order_id ? -1 : 1));
  }

  /** `null` when the row is gone. */
  setVehicle(key: string, facts: VehicleFacts | null): void {
    if (facts === null) this.#vehicles.delete(key);
    else this.#vehicles.set(key, facts);
  }

  setDriver(key: string, name: string | null): void {
    if (name === null) this.#drivers.delete(key);
    else this.#drivers.set(key, name);
  }

  setOrder(tenant_id: TenantId, key: string, order: OrderFacts | null): void {
    const before = this.#orders.get(key);
    if (before !== undefined && before.vehicle_id !== null) {
      this.#orders_of.get(tenantKey(tenant_id, before.vehicle_id))?.delete(key);
    }
    if (order === null) {
      this.#orders.delete(key);
      return;
    }
    this.#orders.set(key, order);
    if (order.vehicle_id === null) return;
    const vehicle_key = tenantKey(tenant_id, order.vehicle_id);
    const keys = this.#orders_of.get(vehicle_key);
    if (keys === undefined) this.#orders_of.set(vehicle_key, new Set([key]));
    else keys.add(key);
  }

  /** Rows held, for the readiness report. */
  get counts(): { readonly vehicles: number; readonly drivers: number; readonly orders: number } {
    return { vehicles: this.#vehicles.size, drivers: this.#drivers.size, orders: this.#orders.size };
  }
}
