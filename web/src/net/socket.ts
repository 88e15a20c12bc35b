import { io } from 'socket.io-client';
import * as msgpack from 'socket.io-msgpack-parser';
import type { Desk } from './api';

/** What we need of a Socket.IO client; tests bring their own. */
export interface Wire {
  readonly connected: boolean;
  connect(): unknown;
  disconnect(): unknown;
  on(event: string, listener: (...args: never[]) => void): unknown;
  ask(event: string, data: unknown, timeoutMs: number): Promise<unknown>;
}

/** One WebSocket speaking MessagePack, with the session cookie of a desk. Reconnecting is ours, so that pages can say when. */
export function openWire(desk: Desk, token?: string): Wire {
  const socket = io({
    path: '/socket.io',
    transports: ['websocket'],
    parser: msgpack,
    reconnection: false,
    autoConnect: false,
    timeout: 8_000,
    auth: token ? { desk, token } : { desk },
  });
  return {
    get connected() {
      return socket.connected;
    },
    connect: () => socket.connect(),
    disconnect: () => socket.disconnect(),
    on: (event, listener) => socket.on(event, listener as (...args: unknown[]) => void),
    ask: (event, data, timeoutMs) => socket.timeout(timeoutMs).emitWithAck(event, data) as Promise<unknown>,
  };
}
