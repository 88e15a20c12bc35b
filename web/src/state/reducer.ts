import type { Envelope, EventData, EventType, Snapshot } from './events';
import type { FlashSale, Message, Product, Show, Stock } from './types';

const MAX_MESSAGES = 300; // a page that stays open for hours keeps this many lines
const MAX_PURCHASES = 30;
const MAX_CLOSED = 5;
/** How the server tells a mute without an end where null means that there is none. */
export const FOR_GOOD = '9999-12-31T00:00:00Z';

/** "Anna bought the Kyst mug". */
export interface Purchase {
  id: string;
  at: string;
  display_name: string | null;
  product: { id: string; title: string };
  quantity: number;
}
export interface Sanctioned {
  kind: 'mute' | 'ban';
  until: string | null;
}

/** A snapshot, kept current by events, and what only events tell. */
export interface ShowState extends Snapshot {
  /** `media_ts` of the last change of pins: pages wait for their own picture to reach it. */
  pins_media_ts: number | null;
  purchases: Purchase[];
  /** Flash sales that closed while we watched, newest first. */
  closed_sales: FlashSale[];
  held: Message[];
  sanctioned: Record<string, Sanctioned>;
}

export const fromSnapshot = (snapshot: Snapshot): ShowState =>
  snapshot.stock.reduce(withStock, {
    ...snapshot, pins_media_ts: null, purchases: [], closed_sales: [], held: [], sanctioned: {},
  });

/** The state after one event. Pure; unknown types change nothing, a second time changes nothing. */
export function reduce(state: ShowState, envelope: Envelope): ShowState {
  const apply = REDUCERS[envelope.type] as ((s: ShowState, data: unknown, e: Envelope) => ShowState) | undefined;
  return apply ? apply(state, envelope.data, envelope) : state;
}

/** A message of our own, known from the ack before (or without) its event. */
export const withMessage = (state: ShowState, message: Message): ShowState => ({
  ...state, messages: upsert(state.messages, message).slice(-MAX_MESSAGES),
});

type Reducers = { [K in EventType]: (state: ShowState, data: EventData[K], envelope: Envelope<K>) => ShowState };

const showChanged = (state: ShowState, { show }: { show: Show }): ShowState => ({
  ...state, show, pins: show.pins, chat_mode: show.chat_mode,
});

const pinsChanged = (state: ShowState, { pins }: EventData['product.pinned'], envelope: Envelope): ShowState => ({
  ...state, pins, pins_media_ts: envelope.media_ts ?? null, show: { ...state.show, pins },
});

const saleChanged = (state: ShowState, { sale }: { sale: FlashSale }): ShowState =>
  withSale({ ...state, sales: upsert(state.sales, sale) }, sale);

const REDUCERS: Reducers = {
  'show.started': showChanged,
  'show.paused': showChanged,
  'show.resumed': showChanged,
  'show.ended': showChanged,
  'show.changed': showChanged,
  'stream.started': (state, { started_at_ms, ...rest }) => ({
    ...state, playback: { state: 'live', stream_started_at: new Date(started_at_ms).toISOString(), ...rest },
  }),
  'stream.stopped': (state, { reason }) => ({ ...state, playback: { ...state.playback, state: reason } }),
  'product.pinned': pinsChanged,
  'product.unpinned': pinsChanged,
  'lineup.changed': (state, { lineup }) =>
    state.stock.reduce(withStock, {
      ...state, lineup, show: { ...state.show, lineup: lineup.map((product) => product.id) },
    }),
  'sale.scheduled': saleChanged,
  'sale.opened': saleChanged,
  'sale.closed': (state, { sale }) =>
    withSale({
      ...state,
      sales: state.sales.filter((other) => other.id !== sale.id),
      closed_sales: [sale, ...state.closed_sales.filter((other) => other.id !== sale.id)].slice(0, MAX_CLOSED),
    }, sale),
  'stock.changed': (state, stock) => withStock(state, stock),
  'chat.posted': (state, { message }) => withMessage(state, message),
  'chat.hidden': (state, { message_id }) => ({
    ...state,
    messages: state.messages.filter((message) => message.id !== message_id),
    held: state.held.filter((message) => message.id !== message_id),
  }),
  'chat_mode.changed': (state, { chat_mode }) => ({ ...state, chat_mode, show: { ...state.show, chat_mode } }),
  'chat.held': (state, { message }) => ({ ...state, held: upsert(state.held, message).slice(-MAX_MESSAGES) }),
  'chat.released': (state, { message_id }) => ({
    ...state, held: state.held.filter((message) => message.id !== message_id),
  }),
  'viewer.muted': (state, { viewer_id, until }) => sanctioned(state, viewer_id, 'mute', until),
  'viewer.banned': (state, { viewer_id, until }) => sanctioned(state, viewer_id, 'ban', until),
  'order.placed': (state, data, { id, timestamp }) => ({
    ...state, purchases: upsert(state.purchases, { ...data, id, at: timestamp }).slice(-MAX_PURCHASES),
  }),
  'audience.counted': (state, audience) =>
    audience.version < state.audience.version ? state : { ...state, audience },
  'reaction.counted': (state, reactions) =>
    reactions.version < state.reactions.version ? state : { ...state, reactions },
};

function upsert<T extends { id: string }>(items: T[], item: T): T[] {
  const at = items.findIndex((other) => other.id === item.id);
  return at < 0 ? [...items, item] : items.with(at, item);
}

function sanctioned(state: ShowState, viewer_id: string, kind: 'mute' | 'ban', until: string | null): ShowState {
  const isYou = kind === 'mute' && viewer_id === state.you?.id; // a snapshot for nobody in particular has no `you`
  return {
    ...state,
    you: isYou ? { ...state.you, muted_until: until ?? FOR_GOOD } : state.you,
    sanctioned: { ...state.sanctioned, [viewer_id]: { kind, until } },
  };
}

const withSale = (state: ShowState, sale: FlashSale): ShowState =>
  withStock(state, { pool: 'flash_sale', id: sale.id, available: sale.available, version: sale.stock_version });

/** Puts the newest known figure of a pool wherever the state shows it. */
function withStock(state: ShowState, stock: Stock): ShowState {
  const known = state.stock.find((other) => other.pool === stock.pool && other.id === stock.id);
  const newest = known && known.version > stock.version ? known : stock;
  const figures = { available: newest.available, stock_version: newest.version };
  return {
    ...state,
    stock: known ? state.stock.map((other) => (other === known ? newest : other)) : [...state.stock, newest],
    sales: newest.pool === 'flash_sale' ? patch(state.sales, newest.id, figures) : state.sales,
    lineup: newest.pool === 'variant' ? state.lineup.map((product) => withVariant(product, newest.id, figures)) : state.lineup,
  };
}

const withVariant = (product: Product, id: string, figures: { available: number; stock_version: number }): Product => {
  const variants = patch(product.variants, id, figures);
  return variants === product.variants ? product : { ...product, variants };
};

function patch<T extends { id: string; stock_version: number }>(items: T[], id: string, figures: Partial<T>): T[] {
  const at = items.findIndex((item) => item.id === id);
  const item = items[at];
  if (!item || item.stock_version > (figures.stock_version ?? 0)) return items;
  return items.with(at, { ...item, ...figures });
}
