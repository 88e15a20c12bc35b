import type { Offer } from '../state/offer';
import type { ChatMode, FlashSale, List, Message, Product, Show } from '../state/types';
import type { Api } from './api';

/** A mute or a ban that stands. */
export interface Sanction {
  id: string;
  show_id: string;
  viewer: { id: string; display_name: string };
  kind: 'mute' | 'ban';
  reason: string;
  until: string | null;
  at: string;
  by: { id: string; display_name: string };
}

/** One row of the audit trail. */
export interface AuditRow {
  id: string;
  at: string;
  actor: { id: string; display_name: string; role: string };
  action: string;
  subject: { kind: string | null; id: string | null; text?: string | null };
  detail: Record<string, unknown>;
}

/** What staff may ask of one show. Every answer is the server's; pages show what its events say. */
export class DeskRequests {
  constructor(private readonly api: Api, private readonly showId: string) {}

  start = (): Promise<Show> => this.api.post(this.#path('start'));
  pause = (): Promise<Show> => this.api.post(this.#path('pause'));
  resume = (): Promise<Show> => this.api.post(this.#path('resume'));
  end = (): Promise<Show> => this.api.post(this.#path('end'));

  pin = (productId: string): Promise<Show> => this.api.put(this.#path(`pins/${productId}`));
  unpin = (productId: string): Promise<Show> => this.api.delete(this.#path(`pins/${productId}`));
  order = (productIds: string[]): Promise<Show> => this.api.put(this.#path('lineup'), productIds);
  openSale = (offer: Offer): Promise<FlashSale> => this.api.post(this.#path('flash-sales'), offer, crypto.randomUUID());
  closeSale = (saleId: string): Promise<FlashSale> => this.api.post(`/flash-sales/${saleId}/close`);

  post = (text: string, replyTo?: string): Promise<{ message: Message }> =>
    this.api.post(this.#path('messages'), { text, ...(replyTo ? { reply_to: replyTo } : {}) }, crypto.randomUUID());
  hide = (messageId: string): Promise<void> => this.api.delete(`/messages/${messageId}`);
  release = (messageId: string): Promise<Message> => this.api.post(`/held-messages/${messageId}/release`);
  sanction = (viewerId: string, kind: 'mute' | 'ban', seconds: number | null, reason: string): Promise<Sanction> =>
    this.api.post(this.#path('sanctions'), { viewer_id: viewerId, kind, seconds, reason });
  lift = (sanctionId: string): Promise<void> => this.api.delete(`/sanctions/${sanctionId}`);
  setMode = (change: Partial<ChatMode>): Promise<ChatMode> => this.api.patch(this.#path('chat-mode'), change);

  sanctions = async (): Promise<Sanction[]> => (await this.api.get<List<Sanction>>(this.#path('sanctions'))).items;
  audit = async (): Promise<AuditRow[]> => (await this.api.get<List<AuditRow>>(this.#path('audit'))).items;

  /** The whole catalogue, page by page. */
  async products(): Promise<Product[]> {
    const found: Product[] = [];
    let cursor: string | null = null;
    do {
      const page: List<Product> = await this.api.get('/products', { limit: 100, ...(cursor ? { cursor } : {}) });
      found.push(...page.items);
      cursor = page.next;
    } while (cursor && found.length < 2000);
    return found;
  }

  #path(rest: string): string {
    return `/shows/${this.showId}/${rest}`;
  }
}
