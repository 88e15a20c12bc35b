import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { serverClock } from '../net/clock';
import type { Playback, Show } from '../state/types';
import { clockTime, dayTime } from '../state/words';
import './lc-button';
import './lc-countdown';
import './lc-icon';
import css from './lc-curtain.css?inline';
import { ask, base, sheet } from './shared';

const DAY_MS = 24 * 3600 * 1000;

/** What a viewer reads while there is no picture, or none yet. Null when the picture speaks for itself. */
export function curtainOf(show: Show, playback: Playback): 'soon' | 'paused' | 'lost' | 'ended' | 'coming' | null {
  if (show.status === 'scheduled') return 'soon';
  if (show.status === 'ended') return 'ended';
  if (show.status === 'paused') return show.pause_reason === 'stream_lost' ? 'lost' : 'paused';
  if (playback.state === 'interrupted') return 'lost';
  return playback.state === 'live' ? null : 'coming';
}

/** The curtain over the picture: soon, paused, picture lost, ended. Chat, shelf and cart stay open beside it. */
@customElement('lc-curtain')
export class LcCurtain extends LitElement {
  static override styles = [base, sheet(css)];

  @property({ attribute: false }) show: Show | null = null;
  @property({ attribute: false }) playback: Playback | null = null;

  override render(): TemplateResult | typeof nothing {
    const { show, playback } = this;
    if (!show || !playback) return nothing;
    const kind = curtainOf(show, playback);
    return kind ? this.#words(kind, show) : nothing;
  }

  #words(kind: NonNullable<ReturnType<typeof curtainOf>>, show: Show): TemplateResult {
    const host = show.host.display_name.split(' ')[0] ?? 'The host';
    switch (kind) {
      case 'soon':
        return this.#soon(show, host);
      case 'paused':
        return html`<lc-icon class="mark" name="pause"></lc-icon><h2>Back in a moment</h2>
          <p>${host} paused the show${show.paused_at ? ` at ${clockTime(show.paused_at)}` : ''}. Chat, shelf and your cart stay open.</p>`;
      case 'lost':
        return html`<lc-icon class="mark" name="signal"></lc-icon><h2>The picture is interrupted</h2>
          <p>${host}’s connection broke off. It goes on by itself; chat, shelf and your cart stay open.</p>`;
      case 'coming':
        return html`<h2>The picture is on its way</h2><p>${host} is about to begin.</p>`;
      case 'ended':
        return html`<h2>That was the show</h2><p>What you hold in your cart stays yours until its time is up.</p>
          <lc-button variant="paper" href="/">See what comes next</lc-button>`;
    }
  }

  #soon(show: Show, host: string): TemplateResult {
    if (!show.starts_at) return html`<h2>${show.title}</h2><p>${host} starts soon.</p>`;
    const left = serverClock.until(show.starts_at);
    const isNear = left > 0 && left < DAY_MS;
    return html`<p>${dayTime(show.starts_at)}</p>
      ${isNear ? html`<div class="big"><lc-countdown bare .deadline=${show.starts_at}></lc-countdown></div>` : nothing}
      <h2>${show.title}</h2>
      ${left > 0 ? nothing : html`<p>${host} starts any moment.</p>`}
      <lc-button variant="paper" icon="calendar" @click=${() => ask(this, 'calendar')}>Add to calendar</lc-button>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-curtain': LcCurtain;
  }
}
