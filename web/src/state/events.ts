import type {
  Audience, ChatMode, FlashSale, Message, Pin, Playback, Product, Reactions, Show, Stock, You,
} from './types';

/** The state of a show as `show.join` and `GET /shows/{id}/snapshot` give it. */
export interface Snapshot {
  show: Show;
  lineup: Product[];
  pins: Pin[];
  sales: FlashSale[];
  stock: Stock[];
  chat_mode: ChatMode;
  messages: Message[];
  audience: Audience;
  reactions: Reactions;
  playback: Playback;
  you: You;
}

/** Event type → its data. Every one is absolute and safe to apply twice. */
export interface EventData {
  'show.started': { show: Show };
  'show.paused': { show: Show };
  'show.resumed': { show: Show };
  'show.ended': { show: Show };
  'show.changed': { show: Show };
  'stream.started': {
    started_at_ms: number;
    rtp_base: number | null;
    pdt_base_ms: number | null;
    whep_url: string | null;
    hls_url: string | null;
  };
  'stream.stopped': { reason: 'interrupted' | 'ended' };
  'product.pinned': { product_id: string; pins: Pin[] };
  'product.unpinned': { product_id: string; pins: Pin[] };
  'lineup.changed': { lineup: Product[] };
  'sale.scheduled': { sale: FlashSale };
  'sale.opened': { sale: FlashSale };
  'sale.closed': { sale: FlashSale };
  'stock.changed': Stock;
  'chat.posted': { message: Message };
  'chat.hidden': { message_id: string };
  'chat_mode.changed': { chat_mode: ChatMode };
  'chat.held': { message: Message };
  'chat.released': { message_id: string };
  'viewer.muted': { viewer_id: string; until: string | null; kind?: string };
  'viewer.banned': { viewer_id: string; until: string | null };
  'order.placed': { display_name: string | null; product: { id: string; title: string }; quantity: number };
  'audience.counted': Audience;
  'reaction.counted': Reactions;
}
export type EventType = keyof EventData;

/** One event on the wire; counters carry no `seq`. */
export type Envelope<T extends EventType = EventType> = {
  [K in T]: {
    id: string;
    type: K;
    version: number;
    timestamp: string;
    show_id: string;
    scope: 'public' | 'staff';
    epoch?: number | string | null;
    seq?: number | null;
    media_ts?: number | null;
    data: EventData[K];
  };
}[T];

/** To one person alone. */
export interface Notice {
  type: string;
  data: Record<string, unknown>;
}

/** Answer of every message to the server. */
export type Ack<T> = ({ ok: true } & T) | Refusal;
export interface Refusal {
  ok: false;
  code: string;
  message: string;
  retry_after_ms?: number;
  available?: number;
  field?: string;
}
export interface Joined {
  epoch: number | string;
  seq: number;
  now_ms: number;
  recovered: boolean;
  events?: Envelope[];
  snapshot?: Snapshot;
}
