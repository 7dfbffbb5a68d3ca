// The ws client of Node: ws_peer.js WS_MODULE URL CONNECTIONS TOPICS WARM_UP_S SECONDS
// No compression; ws's own settings for speed: `skipUTF8Validation`, and `allowSynchronousEvents` (its default).
// Does with a message what check.py does.
'use strict';
const WebSocket = require(process.argv[2]);
const [url, ...numbers] = process.argv.slice(3);
const [connections, topics, warmUpS, seconds] = numbers.map(Number);
const nowMs = () => performance.timeOrigin + performance.now();
const fromMs = nowMs() + warmUpS * 1000;
const untilMs = fromMs + seconds * 1000;
const last = new Map();
const delaysMs = [];
const sockets = [];
let acknowledged = 0, gaps = 0, unreadable = 0, lastMs = fromMs, isOver = false, usage = null;

function take(data) {
  if (isOver) return;
  const now = nowMs();
  let event;
  try { event = JSON.parse(data.toString()); } catch { unreadable++; return; }
  const topic = event.topic;
  if (topic === undefined) { if (event.success === true) acknowledged++; return; }
  if (event.type !== 'snapshot' && event.prevSeq !== last.get(topic)) gaps++;
  last.set(topic, event.seq);
  if (now < fromMs) return;
  usage = usage || process.cpuUsage();
  delaysMs.push(now - event.sentNs / 1e6);
  lastMs = now;
  if (now > untilMs) end();
}

function end() {
  isOver = true;
  for (const each of sockets) each.terminate();
  const used = process.cpuUsage(usage);
  const sorted = Float64Array.from(delaysMs).sort(), count = sorted.length;
  console.log(JSON.stringify({
    messages: count,
    messages_per_s: count / ((lastMs - fromMs) / 1000),
    messages_per_cpu_s: count / ((used.user + used.system) / 1e6),
    acknowledged, gaps, unreadable,
    p50_us: count ? sorted[count >> 1] * 1000 : null,
    p99_us: count ? sorted[Math.floor(count * 0.99)] * 1000 : null,
  }));
}

for (let number = 0; number < connections; number++) {
  const socket = new WebSocket(url, { perMessageDeflate: false, skipUTF8Validation: true });
  sockets.push(socket);
  const args = Array.from({ length: topics }, (_, each) => `depth.C${number}T${each}/USDT`);
  socket.on('open', () => socket.send(JSON.stringify({ op: 'subscribe', args, id: '1' })));
  socket.on('message', take);
  socket.on('error', (error) => { console.error(String(error)); process.exit(3); });
}
