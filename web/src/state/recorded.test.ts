import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Envelope, Snapshot } from './events';
import { fromSnapshot, reduce, type ShowState } from './reducer';

interface Recording {
  before: Snapshot;
  events: Envelope[];
  after: Snapshot;
}

// The recording is made by tests/protocol/test_reducer.py on a real server; without one there is nothing to compare.
const path = process.env['LIVECOMMERCE_RECORDING'];

/** What both sides know at the end of an evening; who watches and where the picture is change by themselves. */
const known = ({ show, lineup, pins, sales, chat_mode, messages, you }: Snapshot): Partial<Snapshot> => ({
  show, lineup, pins, sales, chat_mode, messages, you,
});

const arrived = ({ before, events }: Recording): ShowState => events.reduce(reduce, fromSnapshot(before));

describe.runIf(path)('an evening on a real server', () => {
  const recording = path ? (JSON.parse(readFileSync(path, 'utf8')) as Recording) : ({} as Recording);

  it('old snapshot + events = new snapshot', () => {
    const state = arrived(recording);

    expect(known(state)).toEqual(known(recording.after));
    for (const stock of recording.after.stock) expect(state.stock).toContainEqual(stock);
  });

  it('a second time changes nothing', () => {
    const twice = { ...recording, events: [...recording.events, ...recording.events] };

    expect(known(arrived(twice))).toEqual(known(arrived(recording)));
  });

  it.each(['product.pinned', 'lineup.changed', 'chat.posted', 'chat_mode.changed', 'stock.changed', 'sale.closed'])(
    'notices when %s is missing', (type) => {
      const events = recording.events.filter((event) => event.type !== type);

      expect(events.length).toBeLessThan(recording.events.length);
      const state = arrived({ ...recording, events });
      const matches = { ...known(state), stock: recording.after.stock.map(({ id }) => state.stock.find((s) => s.id === id)) };
      expect(matches).not.toEqual({ ...known(recording.after), stock: recording.after.stock });
    },
  );
});
