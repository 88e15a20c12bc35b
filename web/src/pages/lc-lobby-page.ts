import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import '../elements/lc-banner';
import '../elements/lc-button';
import '../elements/lc-hero';
import { base, sheet } from '../elements/shared';
import { Api, textOf } from '../net/api';
import { calendarFile } from '../state/calendar';
import type { Snapshot } from '../state/events';
import type { List, Show } from '../state/types';
import { clockTime, day, dayTime, plural } from '../state/words';
import css from './lc-lobby-page.css?inline';

const AGAIN_MS = 30_000;
const MAX_HEROES = 3;

/** `/`: what is live, what comes, what was. */
@customElement('lc-lobby-page')
export class LcLobbyPage extends LitElement {
  static override styles = [base, sheet(css)];

  @state() private shows: Show[] | null = null;
  @state() private snapshots: Record<string, Snapshot> = {};
  @state() private error = '';
  readonly #api = new Api();
  #timer: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
    this.#timer = setInterval(() => document.visibilityState === 'visible' && void this.#load(), AGAIN_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  override render(): TemplateResult {
    const of = (...status: Show['status'][]): Show[] => (this.shows ?? []).filter((show) => status.includes(show.status));
    const coming = of('scheduled').sort((a, b) => (a.starts_at ?? '').localeCompare(b.starts_at ?? ''));
    return html`<div class="lobby">
      <header class="bar"><a class="brand" href="/">${this.shows?.[0]?.shop_name ?? 'livecommerce'}</a></header>
      <main>${this.error ? html`<lc-banner tone="warn" icon="offline" role="alert">${this.error}<lc-button slot="action" variant="plain" @click=${() => void this.#load()}>Try again</lc-button></lc-banner>` : nothing}
        <section aria-label="Live now" aria-busy=${String(!this.shows)}>${this.#live(of('live', 'paused'), coming[0])}</section>
        ${coming.length ? html`<section aria-labelledby="up"><h2 id="up">Upcoming</h2><ul class="up">${coming.map(upcoming)}</ul></section>` : nothing}
        ${this.#past(of('ended'))}
      </main></div>`;
  }

  #live(live: Show[], next: Show | undefined): TemplateResult {
    if (!this.shows) return this.error ? html`` : html`<div class="quiet"></div>`;
    if (live.length) return html`<div class="heroes">${live.slice(0, MAX_HEROES).map((show) => html`<lc-hero .show=${show} .snapshot=${this.snapshots[show.id] ?? null}></lc-hero>`)}</div>`;
    return html`<div class="empty"><p>Nothing live right now</p>
      <h1>${next?.starts_at ? `Next show on ${dayTime(next.starts_at)}` : 'The next show is being planned'}</h1>
      ${next ? html`<p>${next.title}</p><lc-button variant="primary" icon="calendar" @click=${() => calendarFile(next)}>Add to calendar</lc-button>` : nothing}</div>`;
  }

  #past(ended: Show[]): TemplateResult | typeof nothing {
    if (!ended.length) return nothing;
    return html`<section aria-labelledby="past"><h2 id="past">Earlier shows</h2><div class="past">${ended.slice(0, 8).map((show) => html`
      <a href=${`/shows/${encodeURIComponent(show.id)}`}><div class="pic">${show.poster_url ? html`<img src=${show.poster_url} alt="" loading="lazy" />` : nothing}</div>
        <div><h3>${show.title}</h3><p>${[plural(show.lineup.length, 'product', 'products'), show.ended_at ? day(show.ended_at) : ''].filter(Boolean).join(' · ')}</p></div></a>`)}</div></section>`;
  }

  async #load(): Promise<void> {
    try {
      this.shows = (await this.#api.get<List<Show>>('/shows', { status: 'live,paused,scheduled,ended' })).items;
      this.error = '';
      document.title = `Shows · ${this.shows[0]?.shop_name ?? 'livecommerce'}`;
    } catch (error) {
      this.error = textOf(error);
      return;
    }
    for (const { id } of this.shows.filter(({ status }) => status === 'live').slice(0, MAX_HEROES)) {
      const snapshot = await this.#api.get<Snapshot>(`/shows/${id}/snapshot`).catch(() => null);
      if (snapshot) this.snapshots = { ...this.snapshots, [id]: snapshot };
    }
  }
}

function upcoming(show: Show): TemplateResult {
  const at = new Date(show.starts_at ?? Date.now());
  const part = (options: Intl.DateTimeFormatOptions): string => new Intl.DateTimeFormat(undefined, options).format(at);
  const products = show.lineup.length ? plural(show.lineup.length, 'product', 'products') : show.host.display_name;
  const add = (): void => calendarFile(show);
  return html`<li><div class="date"><span>${part({ weekday: 'short' })}</span><b>${part({ day: 'numeric' })}</b><span>${part({ month: 'short' })}</span></div>
    <div><h3 class="clip"><a href=${`/shows/${encodeURIComponent(show.id)}`}>${show.title}</a></h3><p class="clip">${clockTime(at.getTime())} · ${products}</p></div>
    <lc-button class="long" variant="outline" icon="calendar" @click=${add}>Add to calendar</lc-button>
    <lc-button class="short" variant="outline" icon="calendar" icon-only label=${`Add ${show.title} to calendar`} @click=${add}></lc-button></li>`;
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-lobby-page': LcLobbyPage;
  }
}
