import type { Envelope, Notice } from '../state/events';
import { fromSnapshot, reduce, type ShowState } from '../state/reducer';
import { Store } from '../state/store';
import { Api, type Desk } from './api';
import { serverClock } from './clock';
import { LiveShow, type Link } from './live_show';
import { Session } from './session';
import { openWire } from './socket';

/** A page's seat in a show: who we are, what we see, and the line to the server. */
export class Seat {
  readonly api: Api;
  readonly session: Session;
  readonly state = new Store<ShowState | null>(null);
  readonly link = new Store<Link>({ state: 'connecting' });
  readonly live: LiveShow;
  /** Told once per notice. */
  onNotice: (notice: Notice) => void = () => undefined;
  /** Told with each batch of events, before listeners of `state` run. */
  onEvents: (types: Set<string>, events: Envelope[]) => void = () => undefined;

  constructor(readonly desk: Desk, readonly showId: string, scope: 'public' | 'staff' = 'public') {
    this.api = new Api(desk);
    this.session = new Session(this.api);
    this.live = new LiveShow(openWire(desk), showId, {
      onSnapshot: (snapshot) => this.state.update((state) => ({ ...state, ...fromSnapshot(snapshot), purchases: state?.purchases ?? [] })),
      onEvents: (events) => {
        this.state.update((state) => state && events.reduce(reduce, state));
        this.onEvents(new Set(events.map(({ type }) => type)), events);
      },
      onNotice: (notice) => this.onNotice(notice),
      onLink: (link) => this.link.set(link),
    }, serverClock, scope);
    addEventListener('online', () => this.live.retryNow());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.live.retryNow();
    });
  }
}
