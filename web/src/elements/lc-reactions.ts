import { LitElement, css, html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { short } from '../state/words';
import './lc-button';
import { ask, base } from './shared';

const EVERY_MS = 250;
const MAX_AT_ONCE = 50;

/** The heart. Presses gather and leave at most four times a second (`react`); the number is the server's. */
@customElement('lc-reactions')
export class LcReactions extends LitElement {
  static override styles = [base, css`
    :host { display: block; color: var(--video-ink); }
    small { display: block; margin-block-start: 2px; min-block-size: 1.1em; text-align: center; font-size: var(--t-xs); font-weight: var(--w-bold); text-shadow: 0 1px 2px oklch(0 0 0 / 0.7); }
    lc-button { --button-size: var(--target); --button-text: 1.15rem; }
  `];

  @property({ type: Number }) count = 0;
  @property({ type: Boolean }) offline = false;
  #gathered = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  override render(): TemplateResult {
    return html`<lc-button variant="plate" round icon="heart" icon-only label="Send a heart" ?disabled=${this.offline} @click=${this.#press}></lc-button>
      <small class="num">${this.count ? short(this.count) : ''}</small>`;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #press = (): void => {
    this.#gathered = Math.min(MAX_AT_ONCE, this.#gathered + 1);
    this.#timer ??= setTimeout(() => this.#leave(), EVERY_MS);
  };

  #leave(): void {
    this.#timer = undefined;
    if (this.#gathered) ask(this, 'react', { kind: 'heart', count: this.#gathered });
    this.#gathered = 0;
  }
}

const MAX_FLOATING = 12;

/** Hearts that rise when the server's number grows. Decoration: hidden from assistive technology and from reduced motion. */
@customElement('lc-floats')
export class LcFloats extends LitElement {
  static override styles = css`
    :host { display: block; position: relative; inline-size: 4rem; block-size: 16rem; pointer-events: none; color: oklch(0.72 0.17 18); }
    lc-icon { position: absolute; inset-block-end: 0; inset-inline-end: var(--x, 0); font-size: var(--z, 1.3rem); filter: drop-shadow(0 1px 3px oklch(0 0 0 / 0.4)); animation: rise 2.6s var(--ease) forwards; }
    @keyframes rise { from { opacity: 0; transform: translateY(0) scale(0.6); } 15% { opacity: 0.95; } to { opacity: 0; transform: translateY(-14rem) scale(1); } }
    @media (prefers-reduced-motion: reduce) { :host { display: none; } }
  `;

  @property({ type: Number }) count = 0;

  override render(): TemplateResult {
    this.ariaHidden = 'true';
    return html``;
  }

  protected override updated(changed: PropertyValues<this>): void {
    const before = changed.get('count');
    if (before === undefined || before === 0 || document.visibilityState === 'hidden') return;
    for (let i = 0; i < Math.min(5, this.count - before); i += 1) setTimeout(() => this.#rise(), i * 120);
  }

  #rise(): void {
    if (this.renderRoot.querySelectorAll('lc-icon').length >= MAX_FLOATING) return;
    const heart = document.createElement('lc-icon');
    heart.name = 'heart-fill';
    heart.style.setProperty('--x', `${(Math.random() * 2.2).toFixed(2)}rem`);
    heart.style.setProperty('--z', `${(1.1 + Math.random() * 0.5).toFixed(2)}rem`);
    heart.addEventListener('animationend', () => heart.remove());
    this.renderRoot.append(heart);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-reactions': LcReactions;
    'lc-floats': LcFloats;
  }
}
