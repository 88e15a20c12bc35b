import { html, nothing, type TemplateResult } from 'lit';
import '../elements/lc-chip';
import '../elements/lc-elapsed';
import '../elements/lc-health';
import '../elements/lc-icon';
import '../elements/lc-thumb';
import { healthOf, megabits } from '../state/health';
import type { Offer } from '../state/offer';
import type { ShowState } from '../state/reducer';
import { dayTime, plural } from '../state/words';
import { checksOf, formatOf, readingsOf } from './studio_checks';
import type { LcStudio } from './studio_desk';
import { remoteView } from './studio_remote';
import { bannersOf } from './studio_banners';

const KEYS = [
  { keys: ['1', '…', '9'], label: 'Pin the product of that place; again: unpin' },
  { keys: ['U'], label: 'Unpin' },
  { keys: ['F'], label: 'Flash sale of the pinned product' },
  { keys: ['A'], label: 'Question answered' },
  { keys: ['L'], label: 'Question for later' },
  { keys: ['?'], label: 'This list' },
];

export function studioView(studio: LcStudio): TemplateResult {
  const { show, link } = studio.desk;
  if (!show) {
    const text = link.state === 'ended' ? link.message || 'This show cannot be opened.' : 'Opening the show.';
    return html`<header class="staffbar"><a class="brand" href="/studio#shows">Studio</a></header><p class="wait" role="status">${text}</p>`;
  }
  return html`${bar(studio, show)}
    ${studio.narrow.matches ? remoteView(studio, show) : html`<main class="cols">
      <section class="col cam" aria-label="Camera">${banners(studio)}${camera(studio, show)}${chat(studio)}</section>
      ${runSheet(studio, show)}
      <section class="col nums" aria-label="Numbers and questions">${side(studio, show)}</section></main>`}
    ${dialogs(studio)}`;
}

function bar(studio: LcStudio, { show }: ShowState): TemplateResult {
  const { sample, sending } = studio.broadcast;
  const health = healthOf(sending.phase, sample, studio.desk.stream);
  const kbps = sample?.bitrateKbps ?? (studio.desk.stream?.state === 'live' ? studio.desk.stream.bitrate_kbps : null);
  const isOn = show.status === 'live' || show.status === 'paused';
  return html`<header class="staffbar">
    <a class="brand" href="/studio#shows" aria-label="Studio, all shows"><span class="wide-only">Studio</span></a><span class="sep wide-only"></span><h1 class="clip wide-only">${show.title}</h1>
    ${status(show)}<span class="grow"></span>
    ${isOn || sending.phase !== 'idle' ? html`<lc-health .health=${health} detail=${kbps && !studio.narrow.matches ? `${megabits(kbps)} Mbit/s up` : ''}></lc-health>` : nothing}
    <lc-button class="wide-only" variant="ghost" icon="eye" href=${`/shows/${show.id}`}>Viewer page</lc-button>
    ${show.status === 'live' ? html`<lc-button variant="outline" icon="pause" label="Pause the show" ?busy=${studio.busy === 'pause'} ?icon-only=${studio.narrow.matches} @click=${() => studio.request('pause', studio.requests.pause)}>${studio.narrow.matches ? nothing : 'Pause'}</lc-button>` : nothing}
    ${show.status === 'paused' && show.pause_reason !== 'stream_lost' ? html`<lc-button variant="primary" icon="play" label="Go on with the show" ?busy=${studio.busy === 'resume'} @click=${() => studio.request('resume', studio.requests.resume)}>Go on</lc-button>` : nothing}
    ${isOn ? html`<lc-button variant="outline" label="End the show" ?icon-only=${studio.narrow.matches} @click=${() => (studio.dialog = 'end')}><lc-icon class="stop" name="stop"></lc-icon>${studio.narrow.matches ? nothing : 'End the show'}</lc-button>` : nothing}
  </header>`;
}

function status(show: ShowState['show']): TemplateResult {
  const rehearsal = show.kind === 'rehearsal' ? html`<lc-chip tone="warn">Rehearsal</lc-chip>` : nothing;
  switch (show.status) {
    case 'live':
      return html`<lc-chip tone="live">LIVE <lc-elapsed since=${show.started_at ?? ''}></lc-elapsed></lc-chip>${rehearsal}`;
    case 'paused':
      return html`<lc-chip tone="warn" icon="pause">${show.pause_reason === 'stream_lost' ? 'Waiting for the picture' : 'Paused'} <lc-elapsed since=${show.paused_at ?? ''}></lc-elapsed></lc-chip>${rehearsal}`;
    case 'ended':
      return html`<lc-chip>Ended</lc-chip>`;
    default:
      return html`<lc-chip>${show.starts_at ? `Planned for ${dayTime(show.starts_at)}` : 'Not started'}</lc-chip>${rehearsal}`;
  }
}

export function banners(studio: LcStudio): TemplateResult | typeof nothing {
  const all = bannersOf(studio);
  return all.length ? html`${all}` : nothing;
}

export function camera(studio: LcStudio, show: ShowState): TemplateResult {
  const { broadcast, desk } = studio;
  const health = healthOf(broadcast.sending.phase, broadcast.sample, desk.stream);
  const [pin] = show.show.status === 'live' ? show.pins : [];
  const pinned = pin && studio.lineup.find(({ id }) => id === pin.product_id);
  return html`<lc-camera .stream=${broadcast.stream} .cameras=${broadcast.cameras} .microphones=${broadcast.microphones} .choice=${broadcast.choice}
    .trouble=${broadcast.trouble} .opening=${broadcast.isOpening} .db=${broadcast.db} .format=${formatOf(broadcast.stream)}
    .readings=${readingsOf(broadcast.sample, desk.stream)} .advice=${health.level === 'weak' || health.level === 'lost' ? health.advice : ''}
    @open-camera=${() => broadcast.open()} @devices=${(event: CustomEvent<typeof broadcast.choice>) => broadcast.open(event.detail)}>
    ${pinned ? html`<div slot="foot" class="pinned"><lc-thumb .src=${pinned.image_url}></lc-thumb><span class="grow"><b>${pinned.title}</b><br />Viewers see this now</span>${studio.narrow.matches ? nothing : html`<kbd aria-hidden="true">U</kbd>`}</div>` : nothing}
  </lc-camera>`;
}

export function chat(studio: LcStudio): TemplateResult {
  return html`<lc-peek class="fill" .messages=${studio.desk.show?.messages ?? []} .control=${`/control/${studio.showId}`} .problem=${studio.chatProblem}
    .disabled=${studio.desk.link.state !== 'live'} @post=${(event: CustomEvent<string>) => studio.post(event.detail)}></lc-peek>`;
}

export function composer(studio: LcStudio): TemplateResult | typeof nothing {
  const product = studio.lineup.find(({ id }) => id === studio.composing);
  if (!product) return nothing;
  return html`<lc-flash-composer slot="composer" .product=${product} .sale=${studio.saleOf(product.id)} .busy=${studio.busy === 'sale'} .problem=${studio.saleProblem}
    @open-sale=${(event: CustomEvent<Offer>) => studio.openSale(event.detail)} @close-sale=${(event: CustomEvent<string>) => studio.closeSale(event.detail)} @close=${() => studio.compose(null)}></lc-flash-composer>`;
}

function runSheet(studio: LcStudio, show: ShowState): TemplateResult {
  const isLive = show.show.status === 'live';
  return html`<lc-run-sheet .products=${show.lineup} .pins=${show.pins} .sales=${show.sales} .composing=${studio.composing} .canPin=${isLive && studio.desk.may('product.pin')}
    .canEdit=${show.show.status !== 'ended' && studio.desk.may('lineup.edit')} .canSell=${isLive && studio.desk.may('sale.open')}
    @pin=${(event: CustomEvent<string>) => studio.togglePin(event.detail)} @unpin=${(event: CustomEvent<string>) => studio.togglePin(event.detail)}
    @flash=${(event: CustomEvent<string>) => studio.compose(event.detail)} @add=${studio.add}
    @lineup=${(event: CustomEvent<string[]>) => studio.request('lineup', () => studio.requests.order(event.detail))}>${composer(studio)}</lc-run-sheet>`;
}

export function goLive(studio: LcStudio, show: ShowState): TemplateResult {
  return html`<lc-go-live .checks=${checksOf(studio.broadcast, show.lineup, studio.desk.link.state === 'live')} .busy=${studio.busy === 'start'} .problem=${studio.startProblem}
    .blocked=${studio.broadcast.stream ? '' : 'Open the camera first.'} @go-live=${studio.goLive}></lc-go-live>`;
}

export function numbers(studio: LcStudio, show: ShowState): TemplateResult {
  const { desk } = studio;
  return html`<lc-numbers .numbers=${desk.numbers} .viewers=${show.audience.viewers} .trend=${desk.trend} .staleSince=${desk.staleSince}></lc-numbers>`;
}

export function prompter(studio: LcStudio): TemplateResult {
  return html`<lc-prompter class="fill" ?remote=${studio.narrow.matches} .questions=${studio.questions} @answered=${(event: CustomEvent<string>) => studio.answer(event.detail)} @later=${(event: CustomEvent<string>) => studio.putOff(event.detail)}></lc-prompter>`;
}

function side(studio: LcStudio, show: ShowState): TemplateResult {
  if (show.show.status === 'scheduled') return goLive(studio, show);
  return html`${numbers(studio, show)}${show.show.status === 'ended' ? nothing : prompter(studio)}`;
}

function dialogs(studio: LcStudio): TemplateResult | typeof nothing {
  const close = (): void => void (studio.dialog = null);
  if (studio.dialog === 'keys') return html`<lc-keys .list=${KEYS} @close=${close}></lc-keys>`;
  if (studio.dialog === 'add') {
    return html`<lc-product-picker .products=${studio.catalogue} .chosen=${studio.lineup.map(({ id }) => id)} @close=${close}
      @choose=${(event: CustomEvent<string>) => studio.request('lineup', () => studio.requests.order([...studio.lineup.map(({ id }) => id), event.detail]))}></lc-product-picker>`;
  }
  if (studio.dialog !== 'end') return nothing;
  const open = studio.desk.numbers?.holds_open ?? 0;
  return html`<lc-dialog heading="End the show?" @close=${close}>
    <p>Viewers see that it is over. It cannot be started again. ${open ? `${plural(open, 'cart stays', 'carts stay')} open until ${open === 1 ? 'its' : 'their'} deadline.` : ''}</p>
    <lc-button slot="foot" variant="outline" @click=${close}>Keep going</lc-button><lc-button slot="foot" variant="danger" ?busy=${studio.busy === 'end'} @click=${studio.end}>End show</lc-button></lc-dialog>`;
}
