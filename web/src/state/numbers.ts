import { recorded } from './history';
import type { Money } from './types';

/** Live numbers of a show: GET /shows/{id}/numbers. Revenue is null for those to whom it was not granted. */
export interface Numbers {
  viewers: number;
  peak_viewers: number;
  messages: number;
  reactions: number;
  holds_open: number;
  orders: number;
  units: number;
  revenue: Money | null;
}

export type Tracked = 'viewers' | 'units' | 'reactions' | 'revenue';
export type Trend = Record<Tracked, readonly number[]>;

export const NO_TREND: Trend = { viewers: [], units: [], reactions: [], revenue: [] };

/** The trend with one more reading of each number. */
export function withReading(trend: Trend, numbers: Numbers): Trend {
  return {
    viewers: recorded(trend.viewers, numbers.viewers),
    units: recorded(trend.units, numbers.units),
    reactions: recorded(trend.reactions, numbers.reactions),
    revenue: numbers.revenue ? recorded(trend.revenue, Number(numbers.revenue.amount)) : trend.revenue,
  };
}
