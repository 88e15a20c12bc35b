import { html, nothing, type TemplateResult } from 'lit';
import '../elements/lc-audit';
import '../elements/lc-banner';
import '../elements/lc-button';
import '../elements/lc-chip';
import '../elements/lc-dialog';
import '../elements/lc-elapsed';
import '../elements/lc-feed';
import '../elements/lc-health';
import '../elements/lc-held';
import '../elements/lc-keys';
import '../elements/lc-modes';
import '../elements/lc-numbers';
import '../elements/lc-product-picker';
import '../elements/lc-viewer-card';
import type { LineAct } from '../elements/lc-line';
import { healthOf } from '../state/health';
import type { ShowState } from '../state/reducer';
import type { ChatMode, Person } from '../state/types';
import { count } from '../state/words';
import type { LcControl } from './control_desk';
import { tabbar } from './tabbar';

const KEYS = [
  { keys: ['J', 'K'], label: 'Next and previous message' }, { keys: ['H'], label: 'Hide the message' }, { keys: ['M'], label: 'Mute its author' }, { keys: ['B'], label: 'Ban its author' },
  { keys: ['R'], label: 'Reply' }, { keys: ['P'], label: 'Pin a product' }, { keys: ['Y'], label: 'Held: show the oldest' }, { keys: ['N'], label: 'Held: hide the oldest' },
  { keys: ['Z'], label: 'Undo' }, { keys: ['/'], label: 'Write' }, { keys: ['Esc'], label: 'Let go of the message' }, { keys: ['?'], label: 'This list' },
];
const MUTES: [number, string][] = [[60, '1 minute'], [600, '10 minutes'], [3600, '1 hour'], [86_400, '1 day']];

export function controlView(control: LcControl): TemplateResult {
  const { show, link } = control.desk;
  if (!show) {
    const text = link.state === 'ended' ? link.message || 'You may not moderate this show.' : 'Opening the show.';
    return html`<header class="staffbar"><a class="brand" href="/control#shows">Control</a></header><p class="wait" role="status">${text}</p>`;
  }
  return html`${bar(control, show)}${lost(control)}${control.narrow.matches ? phone(control, show) : desk(control, show)}${dialogs(control, show)}`;
}

function bar(control: LcControl, { show, audience }: ShowState): TemplateResult {
  const health = healthOf('idle', null, control.desk.stream);
  return html`<header class="staffbar"><a class="brand" href="/control#shows" aria-label="Control, all shows"><span class="wide-only">Control</span></a><span class="sep wide-only"></span>
    <h1 class="clip">${show.title}</h1>${show.status === 'live' ? html`<lc-chip tone="live">LIVE${control.narrow.matches ? nothing : html` <lc-elapsed since=${show.started_at ?? ''}></lc-elapsed>`}</lc-chip>` : html`<lc-chip tone=${show.status === 'paused' ? 'warn' : 'neutral'}>${{ scheduled: 'Not started', paused: 'Paused', ended: 'Ended' }[show.status]}</lc-chip>`}
    <span class="grow"></span><lc-chip icon="eye">${count(audience.viewers)}</lc-chip>
    ${show.status === 'ended' ? nothing : html`<lc-health class="wide-only" .health=${health}></lc-health>`}
    <lc-button class="wide-only" variant="ghost" icon="eye" href=${`/shows/${show.id}`}>Viewer page</lc-button>
    ${control.desk.may('product.pin') ? html`<lc-button variant="outline" icon="pin" label="Pin a product" ?icon-only=${control.narrow.matches} @click=${() => (control.dialog = 'pin')}>${control.narrow.matches ? nothing : 'Pin'}</lc-button>` : nothing}</header>`;
}

function lost({ desk }: LcControl): TemplateResult | typeof nothing {
  const { link } = desk;
  if (link.state === 'reconnecting') return html`<lc-banner class="banner" tone="warn" icon="offline" role="status">This page lost the server. It tries again by itself.<lc-button slot="action" variant="plain" @click=${() => desk.retryNow()}>Now</lc-button></lc-banner>`;
  return link.state === 'ended' ? html`<lc-banner class="banner" tone="danger" icon="alert" role="alert">${link.message || 'This page was closed by the server. Sign in again.'}</lc-banner>` : nothing;
}

function desk(control: LcControl, show: ShowState): TemplateResult {
  return html`<main class="cols"><div class="col left">${held(control)}${modes(control, show)}</div>${feed(control, show)}
    <div class="col right">${numbers(control, show)}${viewer(control)}${audit(control)}</div></main>`;
}

function phone(control: LcControl, show: ShowState): TemplateResult {
  const waiting = control.desk.desk.held.length;
  const content = { chat: html`<main class="cols">${feed(control, show)}</main>`, held: html`<main class="place">${held(control)}</main>`, viewer: html`<main class="place">${viewer(control)}${audit(control)}</main>`, modes: html`<main class="place">${modes(control, show)}${numbers(control, show)}</main>` };
  return html`${content[control.place as keyof typeof content]}
    ${tabbar('Control panel', [{ value: 'chat', text: 'Chat', icon: 'chat' }, { value: 'held', text: 'Held', icon: 'alert', ...(waiting ? { count: waiting } : {}) }, { value: 'viewer', text: 'Viewer', icon: 'user' }, { value: 'modes', text: 'Modes', icon: 'filter' }], control.place, (value) => (control.place = value))}`;
}

const held = (control: LcControl): TemplateResult => html`<lc-held class="fill" .messages=${control.desk.desk.held} @release=${(event: CustomEvent<string>) => control.release(event.detail)}
  @refuse=${(event: CustomEvent<string>) => control.act('hide', event.detail)}></lc-held>`;

const modes = (control: LcControl, show: ShowState): TemplateResult => html`<lc-modes .mode=${show.chat_mode} .disabled=${!control.desk.may('chat.mode')} @mode=${(event: CustomEvent<Partial<ChatMode>>) => control.setMode(event.detail)}></lc-modes>`;

const numbers = (control: LcControl, show: ShowState): TemplateResult => html`<lc-numbers compact .numbers=${control.desk.numbers} .viewers=${show.audience.viewers} .trend=${control.desk.trend} .staleSince=${control.desk.staleSince}></lc-numbers>`;

const audit = (control: LcControl): TemplateResult => html`<lc-audit class="fill last" .titles=${Object.fromEntries((control.desk.show?.lineup ?? []).map(({ id, title }) => [id, title]))} .rows=${control.audit}></lc-audit>`;

function feed(control: LcControl, show: ShowState): TemplateResult {
  return html`<lc-feed .lines=${control.desk.desk.lines} .selected=${control.selected} .acts=${control.actsOf} .sanctioned=${show.sanctioned} .answering=${control.answering} .problem=${control.chatProblem}
    .disabled=${control.desk.link.state !== 'live'} @select-line=${(event: CustomEvent<string | null>) => (control.selected = event.detail === control.selected ? null : event.detail)}
    @act=${(event: CustomEvent<{ act: LineAct['act']; id: string }>) => control.act(event.detail.act, event.detail.id)} @no-reply=${() => (control.answering = null)} @post=${(event: CustomEvent<string>) => control.post(event.detail)}></lc-feed>`;
}

function viewer(control: LcControl): TemplateResult {
  const person = control.line?.message.author ?? null;
  return html`<lc-viewer-card .person=${person} .messages=${control.messagesOf(person ?? undefined)} .sanctions=${control.sanctions.filter((sanction) => sanction.viewer.id === person?.id)} .canMute=${control.desk.may('viewer.mute')} .canBan=${control.desk.may('viewer.ban')}
    @sanction=${({ detail }: CustomEvent<{ viewer: Person; kind: 'mute' | 'ban'; seconds: number | null }>) => control.sanction(detail.viewer, detail.kind, detail.seconds)} @lift=${(event: CustomEvent<string>) => control.lift(event.detail)}></lc-viewer-card>`;
}

function dialogs(control: LcControl, show: ShowState): TemplateResult | typeof nothing {
  const close = (): void => void (control.dialog = null);
  const person = control.line?.message.author;
  if (control.dialog === 'keys') return html`<lc-keys .list=${KEYS} @close=${close}></lc-keys>`;
  if (control.dialog === 'pin') return html`<lc-product-picker heading="Pin a product" verb="Pin" chosenWord="On screen" .products=${show.lineup} .chosen=${show.pins.map((pin) => pin.product_id)} @close=${close} @choose=${(event: CustomEvent<string>) => { close(); control.togglePin(event.detail); }}></lc-product-picker>`;
  if (control.dialog !== 'mute' || !person) return nothing;
  return html`<lc-dialog heading=${`Mute ${person.display_name} for`} @close=${close}><div class="mutes">${MUTES.map(([seconds, text]) => html`<lc-button variant="outline" @click=${() => control.sanction(person, 'mute', seconds)}>${text}</lc-button>`)}</div></lc-dialog>`;
}
