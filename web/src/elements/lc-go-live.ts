import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import './lc-button';
import './lc-icon';
import './lc-panel';
import { ask, base } from './shared';

export interface Check {
  title: string;
  note: string;
  state: 'good' | 'warn' | 'bad' | 'waiting';
}

const COUNT_FROM = 5;

/** The last look before a show: checks, and a button that counts five down and can be stopped. Asks with `go-live`. */
@customElement('lc-go-live')
export class LcGoLive extends LitElement {
  static override styles = [base, css`
    :host { display: grid; }
    li { display: grid; grid-template-columns: 1.5rem minmax(0, 1fr); gap: var(--s-2) var(--s-3); align-items: start; padding: var(--s-3) var(--s-4); border-block-start: 1px solid var(--line); }
    lc-icon { font-size: 1.1rem; margin-block-start: 1px; color: var(--ink-3); }
    .good lc-icon { color: var(--success-ink); }
    .warn lc-icon { color: var(--warn-ink); }
    .bad lc-icon { color: var(--danger-ink); }
    small { display: block; color: var(--ink-3); font-size: var(--t-s); }
    .go { display: grid; gap: var(--s-3); padding: var(--s-4); border-block-start: 1px solid var(--line); text-align: center; --button-size: 3rem; --button-text: var(--t-l); }
    .n { font-size: var(--t-5xl); font-weight: var(--w-bold); line-height: 1; }
    .dot { inline-size: 0.5rem; block-size: 0.5rem; border-radius: 50%; background: currentColor; }
  `];

  @property({ attribute: false }) checks: Check[] = [];
  /** Why it cannot start; empty when it can. */
  @property() blocked = '';
  @property({ type: Boolean }) busy = false;
  @property() problem = '';
  @state() private left = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop();
  }

  override render(): TemplateResult {
    return html`<lc-panel heading="Before you go live"><ul>${this.checks.map((check) => html`<li class=${check.state}>
        <lc-icon name=${ICON[check.state]}></lc-icon><div><b>${check.title}</b><small>${check.note}</small></div></li>`)}</ul>
      <div class="go">${this.left > 0 ? this.#counting() : this.#ready()}</div></lc-panel>`;
  }

  #ready(): TemplateResult {
    return html`<lc-button variant="danger" wide ?busy=${this.busy} ?disabled=${this.blocked !== ''} @click=${this.#start}><span class="dot"></span>Go live</lc-button>
      <p class="muted small">${this.blocked || 'Counts down from 5. You can stop it.'}</p>
      ${this.problem ? html`<p role="alert" class="small">${this.problem}</p>` : nothing}`;
  }

  #counting(): TemplateResult {
    return html`<p class="muted small">Live in</p><p class="n num" role="timer" aria-live="assertive">${this.left}</p>
      <lc-button variant="outline" wide @click=${this.#stop}>Stop</lc-button>`;
  }

  #start = (): void => {
    this.left = COUNT_FROM;
    this.#timer = setInterval(() => this.#tick(), 1000);
  };

  #tick(): void {
    this.left -= 1;
    if (this.left > 0) return;
    this.#stop();
    ask(this, 'go-live');
  }

  #stop = (): void => {
    clearInterval(this.#timer);
    this.left = 0;
  };
}

const ICON = { good: 'check', warn: 'alert', bad: 'alert', waiting: 'clock' } as const;

declare global {
  interface HTMLElementTagNameMap {
    'lc-go-live': LcGoLive;
  }
}
