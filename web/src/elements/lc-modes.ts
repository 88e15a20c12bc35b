import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import type { ChatMode } from '../state/types';
import './lc-panel';
import './lc-segmented';
import { ask, base } from './shared';
import './lc-switch';

const SLOW = [0, 8, 30, 120];
const choiceOf = (seconds: number): { value: string; text: string } => ({ value: String(seconds), text: seconds === 0 ? 'Off' : seconds < 60 ? `${seconds} s` : `${Math.round(seconds / 60)} min` });

/** How the chat is kept: slow, held, closed. Asks with `mode` (a part of a `ChatMode`) and shows what the server confirmed. */
@customElement('lc-modes')
export class LcModes extends LitElement {
  static override styles = [base, css`
    :host { display: grid; }
    ul { padding-block-end: var(--s-2); }
    li { display: flex; align-items: center; gap: var(--s-3); min-block-size: 2.5rem; padding: 0 var(--s-4); font-size: var(--t-s); }
    lc-segmented { --s-3: 0.55rem; }
    small { display: block; color: var(--ink-3); font-size: var(--t-xs); }
  `];

  @property({ attribute: false }) mode: ChatMode = { slow_s: 0, hold_all: false, closed: false };
  @property({ type: Boolean }) disabled = false;

  override render(): TemplateResult {
    const { slow_s, hold_all, closed } = this.mode;
    const steps = SLOW.includes(slow_s) ? SLOW : [...SLOW, slow_s].toSorted((a, b) => a - b);
    return html`<lc-panel heading="Modes"><ul>
      <li><span class="grow">Slow mode</span><lc-segmented label="Slow mode" .choices=${steps.map(choiceOf)} .value=${live(String(slow_s))} @change=${(event: Event) => ask(this, 'mode', { slow_s: Number((event.target as HTMLInputElement).value) })}></lc-segmented></li>
      <li>${this.#switch('Hold every message', 'A moderator looks at each one first', hold_all, (value) => ({ hold_all: value }))}</li>
      <li>${this.#switch('Close the chat', 'Only the team writes', closed, (value) => ({ closed: value }))}</li></ul></lc-panel>`;
  }

  #switch(text: string, note: string, isOn: boolean, change: (value: boolean) => Partial<ChatMode>): TemplateResult {
    return html`<span class="grow" aria-hidden="true">${text}<small>${note}</small></span>
      <lc-switch .checked=${live(isOn)} ?disabled=${this.disabled} @change=${(event: Event) => ask(this, 'mode', change((event.target as HTMLInputElement).checked))}><span class="vh">${text}</span></lc-switch>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-modes': LcModes;
  }
}
