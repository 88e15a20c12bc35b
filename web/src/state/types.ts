/** What the API says, word for word (`/api/v1/openapi.json`, `/api/v1/asyncapi.json`). */

export interface Money {
  amount: string;
  currency: string;
}
export interface List<T> {
  items: T[];
  next: string | null;
}
export type Role = 'viewer' | 'moderator' | 'host' | 'owner';
export interface Person {
  id: string;
  display_name: string;
  role: Role;
  kind: 'guest' | 'account' | 'staff';
}
export interface You extends Person {
  permissions: string[];
  muted_until: string | null;
  contact: string | null;
}
export interface SignedIn {
  token: string;
  viewer: Person;
  expires_at: string;
  csrf_token: string | null;
}

export interface ChatMode {
  slow_s: number;
  hold_all: boolean;
  closed: boolean;
}
export interface Pin {
  product_id: string;
  media_ts: number | null;
  pinned_at: string;
}
export interface Show {
  id: string;
  title: string;
  description: string;
  status: 'scheduled' | 'live' | 'paused' | 'ended';
  kind: 'show' | 'rehearsal';
  visibility: 'public' | 'unlisted' | 'private';
  starts_at: string | null;
  started_at: string | null;
  paused_at: string | null;
  ended_at: string | null;
  pause_reason: null | 'host' | 'stream_lost';
  host: { id: string; display_name: string };
  shop_name: string;
  poster_url: string | null;
  lineup: string[];
  pins: Pin[];
  chat_mode: ChatMode;
  version: number;
}

export interface Variant {
  id: string;
  product_id: string;
  sku: string;
  title: string;
  options: Record<string, string>;
  price: Money;
  compare_at_price: Money | null;
  tax_inclusive: boolean;
  tax_rate: string;
  available: number;
  stock_version: number;
  image_url: string | null;
}
export interface Product {
  id: string;
  handle: string;
  title: string;
  description_html: string;
  image_url: string | null;
  image_urls: string[];
  options: { name: string; values: string[] }[];
  variants: Variant[];
  per_buyer_limit: number | null;
  hold_s: number;
  is_archived: boolean;
  version: number;
}
export interface FlashSale {
  id: string;
  show_id: string;
  product_id: string;
  variant_id: string;
  price: Money;
  struck_price: Money | null;
  quantity: number;
  per_buyer_limit: number | null;
  state: 'scheduled' | 'open' | 'closed';
  opens_at: string;
  closes_at: string;
  closed_reason: null | 'ended' | 'sold_out' | 'host';
  hold_s: number;
  available: number;
  stock_version: number;
}
export interface Stock {
  pool: 'variant' | 'flash_sale';
  id: string;
  available: number;
  version: number;
}
export interface Hold {
  id: string;
  status: 'held' | 'paying' | 'sold' | 'released' | 'expired';
  show_id: string;
  flash_sale_id: string | null;
  product_id: string;
  variant_id: string;
  title: string;
  variant_title: string;
  image_url: string | null;
  quantity: number;
  price: Money;
  expires_at: string;
  expires_in_ms: number;
  extended: boolean;
}
export interface Held {
  status: 'held';
  hold_id: string;
  expires_in_ms: number;
  price: Money;
  hold: Hold;
}
export interface Address {
  name: string;
  line1: string;
  line2?: string;
  postal_code: string;
  city: string;
  country: string;
  email?: string;
}
export interface OrderLine {
  product_id: string;
  variant_id: string;
  title: string;
  variant_title: string;
  image_url: string | null;
  quantity: number;
  unit_price: Money;
  total: Money;
}
export interface Order {
  id: string;
  number: string;
  status: 'placed' | 'paying' | 'paid' | 'shipped' | 'delivered' | 'cancelled' | 'refunded';
  show_id: string;
  buyer: { id: string; display_name: string };
  lines: OrderLine[];
  subtotal: Money;
  shipping: Money;
  tax: Money;
  total: Money;
  address: Address | null;
  payment: { method: string; status: string; redirect_url: string | null };
  placed_at: string;
  paid_at: string | null;
  cancelled_at: string | null;
  version: number;
}

export interface Message {
  id: string;
  show_id: string;
  author: Person;
  text: string;
  reply_to: null | { id: string; author_name: string; text: string };
  at: string;
  state: 'shown' | 'held' | 'hidden';
}
export interface Playback {
  state: 'waiting' | 'live' | 'interrupted' | 'ended';
  whep_url: string | null;
  hls_url: string | null;
  stream_started_at: string | null;
  rtp_base: number | null;
  pdt_base_ms: number | null;
}
export interface Audience {
  viewers: number;
  version: number;
}
export type ReactionKind = 'heart' | 'clap' | 'fire' | 'wow' | 'laugh';
export interface Reactions {
  counts: Partial<Record<ReactionKind, number>>;
  version: number;
}
