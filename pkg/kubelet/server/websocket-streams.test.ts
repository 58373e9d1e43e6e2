import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { webSocketStreams } from './websocket-streams.ts';

test('sizes that nobody takes do not pile up', async () => {
  const socket = new EventEmitter();
  const { sizes } = webSocketStreams(socket as WebSocket, { readsStdin: false }); // it only listens here
  for (let count = 0; count < 10_000; count++) {
    socket.emit('message', Buffer.concat([Buffer.of(4), Buffer.from(`{"Width":${count},"Height":24}`)]));
  }
  socket.emit('close');
  let taken = 0;
  for await (const size of sizes) taken += size.rows / 24;
  expect(taken).toBe(64);
});
