// A gate of bytes before the controller: shut, the controller is gone for the browser; open, it is back.
import { createServer, connect } from 'node:net';

/** Opens a gate to the controller at `address`; the answer's own address leads through it. */
export async function openGate(address) {
  const target = new URL(address);
  const sockets = new Set();
  const keep = (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
  };
  const start = (port) =>
    new Promise((resolve, reject) => {
      const server = createServer((near) => {
        const far = connect(Number(target.port), '127.0.0.1');  // where the demo listens; `localhost` may be ::1 first
        keep(near);
        keep(far);
        near.pipe(far).pipe(near);
        near.on('close', () => far.destroy());
        far.on('close', () => near.destroy());
      });
      server.once('error', reject).listen(port, '127.0.0.1', () => resolve(server));
    });
  let server = await start(0);
  const { port } = server.address();
  const shut = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    sockets.forEach((socket) => socket.destroy());
    await closed;
  };
  return { address: `https://localhost:${port}/`, shut, open: async () => { server = await start(port); } };
}
