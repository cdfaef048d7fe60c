import type { Scope } from '@nerveline/contracts';
import { Activity, Boxes, ShieldCheck, Truck, type LucideIcon } from 'lucide-react';
import { lazy, type ComponentType } from 'react';
import type { PageName } from './router';

/** A page, what it demands and where it stands in the rail. */
export interface Page {
  readonly title: string;
  readonly says: string;
  readonly icon: LucideIcon;
  readonly scope: Scope;
  readonly View: ComponentType;
}

export const pages: Readonly<Record<PageName, Page>> = {
  flow: {
    title: 'Flow',
    says: 'Where events are now',
    icon: Activity,
    scope: 'ops:read',
    View: lazy(() => import('../pages/flow/FlowPage')),
  },
  fraud: {
    title: 'Fraud',
    says: 'Payments as they are decided',
    icon: ShieldCheck,
    scope: 'payments:read',
    View: lazy(() => import('../pages/fraud/FraudPage')),
  },
  stock: {
    title: 'Stock',
    says: 'Levels by location and channel',
    icon: Boxes,
    scope: 'stock:read',
    View: lazy(() => import('../pages/stock/StockPage')),
  },
  fleet: {
    title: 'Fleet',
    says: 'Vehicles, traffic and proposals',
    icon: Truck,
    scope: 'fleet:read',
    View: lazy(() => import('../pages/fleet/FleetPage')),
  },
};
