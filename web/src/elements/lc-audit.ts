import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import staff from '../css/staff.css?inline';
import type { AuditRow } from '../net/desk_requests';
import { logTime } from '../state/words';
import './lc-panel';
import { base, sheet } from './shared';

const ACTION: Record<string, string> = {
  'chat.hide': 'hid a message', 'chat.show': 'showed a message again', 'chat.release': 'let a held message through', 'chat.refuse': 'refused a held message', 'chat.mode': 'changed the chat modes',
  'viewer.mute': 'muted', 'viewer.ban': 'banned', 'viewer.unmute': 'lifted the mute of', 'viewer.unban': 'lifted the ban of', 'sanction.lift': 'lifted a sanction of',
  'product.pin': 'pinned', 'product.unpin': 'unpinned', 'lineup.edit': 'changed the run sheet', 'sale.open': 'opened a flash sale of', 'sale.close': 'ended a flash sale of',
  'show.start': 'started the show', 'show.pause': 'paused the show', 'show.resume': 'went on with the show', 'show.end': 'ended the show',
};

/** `viewer.mute` → "muted"; actions that we have no words for are shown as they are. */
export const wordsOf = (action: string): string => ACTION[action] ?? action.replaceAll(/[._]/g, ' ');

/** Who did what, newest first. */
@customElement('lc-audit')
export class LcAudit extends LitElement {
  static override styles = [base, sheet(staff), css`
    :host { display: grid; min-block-size: 0; }
    li { display: grid; grid-template-columns: 2.9rem minmax(0, 1fr); gap: var(--s-2); padding: 0.4rem var(--s-4); border-block-start: 1px solid var(--line); font-size: var(--t-s); line-height: 1.35; overflow-wrap: anywhere; }
    time { color: var(--ink-3); font-size: var(--t-xs); line-height: 1.55; font-variant-numeric: tabular-nums; }
    q { color: var(--ink-2); }
  `];

  @property({ attribute: false }) rows: AuditRow[] = [];

  override render(): TemplateResult {
    return html`<lc-panel heading="Audit trail">${this.rows.length ? html`<ol>${this.rows.map((row) => this.#row(row))}</ol>` : html`<p class="empty">Every action of the team is written down here.</p>`}</lc-panel>`;
  }

  #row({ at, actor, action, subject, detail }: AuditRow): TemplateResult {
    const seconds = typeof detail['seconds'] === 'number' ? ` for ${lasting(detail['seconds'])}` : '';
    const what = subject.kind === 'message' && subject.text ? html`: <q><bdi>${subject.text}</bdi></q>` : subject.text ? html` <b><bdi>${subject.text}</bdi></b>` : '';
    return html`<li><time datetime=${at}>${logTime(at)}</time><p><b><bdi>${actor.display_name}</bdi></b> ${wordsOf(action)}${what}${seconds}</p></li>`;
  }
}

function lasting(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-audit': LcAudit;
  }
}
