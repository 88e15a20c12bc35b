import { Store } from '../state/store';
import type { Address, Held, Hold, List, Order } from '../state/types';
import type { Want } from '../state/view';
import { ApiError, codeOf, type Api } from './api';
import { Backoff, pause } from './backoff';
import { keyOf, settled } from './intents';
import type { LiveShow } from './live_show';

const AGAIN = new Set(['offline', 'busy', 'overloaded', 'http_502', 'http_503', 'http_504']);
const GIVE_UP_MS = 45_000;

/** A place in the line for what is sold out. */
export interface Wait {
  id: string;
  status: string;
  position: number;
}

const isOpen = ({ status }: Hold): boolean => status === 'held' || status === 'paying';

/**
 * What this viewer holds in this show, and ordered. Never optimistic: a hold is here only after the server said so.
 *
 * An intent keeps its idempotency key (also over a reload) until the answer is definite, and is sent again with jittered
 * delays 0.5 → 8 s.
 */
export class Cart {
  readonly holds = new Store<Hold[]>([]);
  readonly orders = new Store<Order[]>([]);

  constructor(private readonly api: Api, private readonly live: LiveShow | null, private readonly showId: string) {}

  /** Asks the server what we hold: after connecting, and whenever it says that something changed. */
  async refresh(): Promise<void> {
    const { items } = await this.api.get<List<Hold>>('/holds', { mine: 1 });
    this.holds.set(items.filter((hold) => isOpen(hold) && hold.show_id === this.showId));
  }

  async refreshOrders(): Promise<void> {
    this.orders.set((await this.api.get<List<Order>>('/orders', { mine: 1 })).items);
  }

  /** Holds units. Throws what the server refuses; `onWait` is told while it is tried again. */
  async buy(want: Want, onWait: () => void = () => undefined): Promise<Hold> {
    const intent = `hold:${want.flash_sale_id ?? want.variant_id}:${want.quantity}`;
    const { hold } = await this.#untilDefinite(intent, onWait, (key) => this.#askHold(want, key));
    this.holds.update((holds) => [...holds.filter((other) => other.id !== hold.id), hold]);
    return hold;
  }

  /** Takes a place in the line for what is sold out; pressing again keeps the place. */
  wait({ show_id, variant_id, flash_sale_id, quantity }: Want): Promise<Wait> {
    return this.api.post<Wait>('/waitlist', flash_sale_id ? { flash_sale_id, quantity } : { variant_id, show_id, quantity });
  }

  async release(hold: Hold): Promise<void> {
    await this.api.delete(`/holds/${hold.id}`);
    this.holds.update((holds) => holds.filter((other) => other.id !== hold.id));
  }

  /** Turns holds into an order. */
  async place(holds: Hold[], address: Address): Promise<Order> {
    const hold_ids = holds.map(({ id }) => id).sort();
    const order = await this.#untilDefinite(`order:${hold_ids.join()}`, () => undefined, (key) =>
      this.api.post<Order>('/orders', { hold_ids, address, payment_method: 'sandbox' }, key));
    this.#remember(order);
    return order;
  }

  /** Pays by the sandbox, whose outcome the buyer of a test shop chooses. */
  async pay(order: Order, outcome: 'success' | 'decline'): Promise<Order> {
    const paid = await this.api.post<Order>(`/orders/${order.id}/pay`, { outcome });
    this.#remember(paid);
    if (paid.status === 'paid') void this.refresh().catch(() => undefined);
    return paid;
  }

  async cancel(order: Order): Promise<void> {
    this.#remember(await this.api.post<Order>(`/orders/${order.id}/cancel`));
    await this.refresh();
  }

  /** A hold is over: said by the server's notice, or seen when its deadline passed. */
  drop(holdId: string): void {
    this.holds.update((holds) => holds.filter(({ id }) => id !== holdId));
  }

  #remember(order: Order): void {
    this.orders.update((orders) => [order, ...orders.filter(({ id }) => id !== order.id)]);
  }

  #askHold({ show_id, variant_id, flash_sale_id, quantity }: Want, key: string): Promise<Held> {
    const target = flash_sale_id ? { flash_sale_id } : { variant_id, show_id };
    if (this.live) return this.live.ask<Held>('sale.buy', { ...target, quantity, idempotency_key: key });
    return this.api.post<Held>('/holds', { ...target, quantity }, key);
  }

  async #untilDefinite<T>(intent: string, onWait: () => void, send: (key: string) => Promise<T>): Promise<T> {
    const key = keyOf(intent);
    const backoff = new Backoff();
    const giveUpAt = performance.now() + GIVE_UP_MS;
    for (;;) {
      try {
        const answer = await send(key);
        settled(intent);
        return answer;
      } catch (error) {
        const isOver = performance.now() > giveUpAt;
        if (!AGAIN.has(codeOf(error)) || isOver) {
          if (!isOver) settled(intent); // an unknown outcome keeps its key for the next press
          throw error;
        }
        onWait();
        const told = error instanceof ApiError ? (error.retryAfter ?? 0) * 1000 : 0;
        await pause(Math.max(told, backoff.next()));
      }
    }
  }
}
