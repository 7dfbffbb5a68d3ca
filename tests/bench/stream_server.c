/* A WebSocket server that sends events of about 200 bytes, in the form of the exchange's order book, to whoever subscribes.

   Each connection gets a snapshot of every topic, then deltas, topic after topic: as fast as the socket takes them (RATE 0), or
   RATE_PER_S of them a second. `sentNs` is CLOCK_REALTIME when the event was made. From AFTER_MS on, for DURING_MS, evenly, BREAKS
   promises a connection are broken on purpose: in turn an event is sent twice, and a number is left out. After SECONDS the
   connection is closed. Whoever asks by plain HTTP is answered at once. At SIGTERM it says what it sent, and ends.
   The server looks at the clock again and again, so it needs a core of its own.

   stream_server PORT RATE_PER_S BREAKS AFTER_MS DURING_MS SECONDS
*/
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 1024, MOST_TOPICS = 256, TOPIC = 48, IN = 65536, OUT = 65536, ROOM = 512, LIFE_S = 600 };
static const long MS = 1000000L;
static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 42\r\n\r\n"
                             "{\"code\":0,\"message\":\"success\",\"data\":\"E1\"}";
static const char DATA[] = ",\"data\":{\"bids\":[[\"73999.00\",\"0.512300\"]],\"asks\":[[\"74001.00\",\"0.218100\"]]}}";

typedef struct { char name[TOPIC]; int size, is_begun; long seq; } Topic;
typedef struct {
    int fd, is_upgraded, is_full, topics, in_size, out_from, out_size;
    unsigned next;                /* topic */
    long began, made, broken;     /* ns of the first subscription; deltas made; promises broken */
    char in[IN], out[OUT];
    Topic topic[MOST_TOPICS];
} Connection;

static Connection *connections[MOST_CONNECTIONS];
static int poll_fd, most;
static long rate, breaks, after, during, life, all_made, all_broken;
static volatile sig_atomic_t is_over;

static long now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void sha1(const unsigned char *text, unsigned size, unsigned char *digest) { /* of less than 120 bytes */
    uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0}, w[80];
    unsigned char block[128] = {0};
    unsigned blocks = size + 9 > 64 ? 2 : 1;
    memcpy(block, text, size);
    block[size] = 0x80;
    block[blocks * 64 - 2] = size * 8 >> 8, block[blocks * 64 - 1] = size * 8;
#define ROL(x, n) ((x) << (n) | (x) >> (32 - (n)))
    for (unsigned b = 0; b < blocks; b++) {
        for (int i = 0; i < 16; i++) memcpy(&w[i], block + b * 64 + i * 4, 4), w[i] = ntohl(w[i]);
        for (int i = 16; i < 80; i++) w[i] = w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], w[i] = ROL(w[i], 1);
        uint32_t a = h[0], c = h[1], d = h[2], e = h[3], f = h[4];
        for (int i = 0; i < 80; i++) {
            uint32_t k = i < 20   ? ((c & d) | (~c & e)) + 0x5A827999
                         : i < 40 ? (c ^ d ^ e) + 0x6ED9EBA1
                         : i < 60 ? ((c & d) | (c & e) | (d & e)) + 0x8F1BBCDC
                                  : (c ^ d ^ e) + 0xCA62C1D6;
            uint32_t t = ROL(a, 5) + k + f + w[i];
            f = e, e = d, d = ROL(c, 30), c = a, a = t;
        }
        h[0] += a, h[1] += c, h[2] += d, h[3] += e, h[4] += f;
    }
    for (int i = 0; i < 5; i++) h[i] = htonl(h[i]);
    memcpy(digest, h, 20);
}

static void accept_key(const char *key, char *found) { /* RFC 6455, section 4.2.2 */
    static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char text[96], digest[21] = {0};
    int size = snprintf((char *)text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    sha1(text, size, digest);
    for (int i = 0; i < 7; i++) {
        unsigned v = digest[3 * i] << 16 | digest[3 * i + 1] << 8 | digest[3 * i + 2];
        for (int k = 0; k < 4; k++) found[4 * i + k] = LETTERS[v >> (18 - 6 * k) & 63];
    }
    found[27] = '=', found[28] = 0;
}

static void drop(Connection *c) {
    all_made += c->made, all_broken += c->broken;
    close(c->fd);
    connections[c->fd] = 0;
    free(c);
}

static void flush(Connection *c) { /* as much as the socket takes */
    while (c->out_size && !c->is_full) {
        long sent = write(c->fd, c->out + c->out_from, c->out_size);
        if (sent < 0) { c->is_full = 1; return; } /* or gone: then reading will tell */
        c->out_from += sent, c->out_size -= sent;
    }
    if (!c->out_size) c->out_from = 0;
}

static char *room(Connection *c, int size) { /* for so many bytes more, or none */
    if (c->out_from + c->out_size + size > OUT) {
        memmove(c->out, c->out + c->out_from, c->out_size);
        c->out_from = 0;
    }
    return c->out_size + size > OUT ? 0 : c->out + c->out_from + c->out_size;
}

static char *head(char *at, int opcode, int size) {
    *at++ = 0x80 | opcode;
    if (size < 126) return *at++ = size, at;
    return *at++ = 126, *at++ = size >> 8, *at++ = size, at;
}

static void say(Connection *c, int opcode, const char *payload, int size) {
    char *at = room(c, size + 4);
    if (!at) return;
    char *body = head(at, opcode, size);
    memcpy(body, payload, size);
    c->out_size += body + size - at;
}

static char *put(char *at, const char *text, int size) { return memcpy(at, text, size), at + size; }
#define PUT(at, text) put(at, text, sizeof(text) - 1)

static char *number(char *at, long value) {
    char digits[20];
    int n = 0;
    do digits[n++] = '0' + value % 10; while (value /= 10);
    while (n) *at++ = digits[--n];
    return at;
}

static int event(Connection *c, Topic *t, int is_kept) { /* the next of a topic; a number that is not kept is given twice */
    char *frame = room(c, ROOM), *at = frame ? frame + 4 : 0;
    if (!frame) return 0;
    long ns = now_ns();
    at = put(PUT(at, "{\"topic\":\""), t->name, t->size);
    at = t->is_begun ? PUT(at, "\",\"type\":\"delta\",\"seq\":") : PUT(at, "\",\"type\":\"snapshot\",\"seq\":");
    at = number(at, t->seq + 1);
    if (t->is_begun) at = number(PUT(at, ",\"prevSeq\":"), t->seq);
    at = number(PUT(at, ",\"ts\":"), ns / MS);
    at = number(PUT(at, ",\"sentNs\":"), ns);
    at = PUT(at, DATA);
    if (is_kept) t->seq++;
    t->is_begun = 1;
    head(frame, 1, at - frame - 4); /* always longer than 125 */
    c->out_size += at - frame;
    return 1;
}

static long due(Connection *c, long ns) { /* promises that should have been broken by now */
    long into = ns - c->began - after;
    return into < 0 || !breaks ? 0 : into >= during ? breaks : into * breaks / during;
}

static void pump(Connection *c, long ns) {
    if (!c->topics) return;
    if (ns - c->began > life) {
        say(c, 8, "\x03\xe8", 2), flush(c), shutdown(c->fd, SHUT_WR), c->topics = 0;
        return;
    }
    long wanted = rate ? (ns - c->began) * rate / 1000000000L : c->made + 100000;
    while (c->made < wanted && !c->is_full) {
        Topic *t = &c->topic[c->next % c->topics];
        if (c->broken < due(c, ns) && t->is_begun) {
            /* In turn: an event twice over, or a number that nobody gets: each breaks one promise. */
            if (!room(c, 2 * ROOM)) break;
            if (c->broken % 2) t->seq++;
            else { if (!event(c, t, 0)) break; c->made++; }
            if (!event(c, t, 1)) break;
            c->broken++;
        } else if (!event(c, t, 1)) break;
        c->next++, c->made++;
        if (rate) flush(c);
    }
    flush(c);
}

static void subscribe(Connection *c, char *text) { /* {"op":"subscribe","args":["...",...],"id":"..."} */
    char *id = strstr(text, "\"id\""), *at = strstr(text, "\"args\""), *end = at ? strchr(at, ']') : 0, answer[256];
    if (!id || !end || !strstr(text, "\"subscribe\"")) return;
    id = strchr(id + 4, '"');
    at = strchr(at, '[');
    while (id && (at = strchr(at, '"')) && at < end && c->topics < MOST_TOPICS) {
        int size = strchr(at + 1, '"') - at - 1;
        if (size >= TOPIC) break;
        Topic *t = &c->topic[c->topics++];
        memcpy(t->name, at + 1, size);
        t->size = size, t->seq = 1000000, at += size + 2;
    }
    if (!c->began) c->began = now_ns();
    say(c, 1, answer, snprintf(answer, sizeof answer, "{\"op\":\"subscribe\",\"id\":\"%.*s\",\"success\":true}", (int)strcspn(id + 1, "\""), id + 1));
    flush(c);
}

static int frame(Connection *c) { /* the first of what was read; how many bytes it took, 0 when it is not whole, -1 at the end */
    unsigned char *in = (unsigned char *)c->in;
    int size = c->in_size < 2 ? 0 : in[1] & 127, at = size == 126 ? 4 : 2;
    if (c->in_size < at || size == 127) return size == 127 ? -1 : 0;
    if (size == 126) size = in[2] << 8 | in[3];
    if (c->in_size < at + 4 + size) return 0;
    char text[IN];
    for (int i = 0; i < size; i++) text[i] = in[at + 4 + i] ^ in[at + i % 4];
    text[size] = 0;
    if ((in[0] & 15) == 8) return -1;
    if ((in[0] & 15) == 9) say(c, 10, text, size), flush(c);
    if ((in[0] & 15) == 1) subscribe(c, text);
    return at + 4 + size;
}

static int request(Connection *c) { /* the same for a request of HTTP */
    char *end = memmem(c->in, c->in_size, "\r\n\r\n", 4), answer[256], key[32];
    if (!end) return 0;
    *end = 0;
    char *asked = strcasestr(c->in, "\r\nSec-WebSocket-Key:");
    int size = sizeof ANSWER - 1, used = end + 4 - c->in;
    if (asked) {
        accept_key(asked + 20 + strspn(asked + 20, " "), key);
        size = snprintf(answer, sizeof answer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: %s\r\n\r\n", key);
        c->is_upgraded = 1;
    }
    char *at = room(c, size);
    if (!at) return -1;
    memcpy(at, asked ? answer : ANSWER, size);
    c->out_size += size;
    flush(c);
    return used;
}

static int hear(Connection *c) { /* all that came; 0 when the other side is gone */
    for (;;) {
        long size = read(c->fd, c->in + c->in_size, IN - 1 - c->in_size);
        if (size <= 0) return size < 0 && errno == EAGAIN;
        c->in_size += size;
        for (int used; (used = c->is_upgraded ? frame(c) : request(c)); c->in_size -= used) {
            if (used < 0) return 0;
            memmove(c->in, c->in + used, c->in_size - used);
        }
        if (c->in_size == IN - 1) return 0;
    }
}

static void welcome(int listener) {
    int one = 1, fd = accept4(listener, 0, 0, SOCK_NONBLOCK);
    if (fd < 0) return;
    if (fd >= MOST_CONNECTIONS) { close(fd); return; }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    connections[fd] = calloc(1, sizeof(Connection));
    connections[fd]->fd = fd;
    if (fd >= most) most = fd + 1;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fd};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void end(int number) { is_over = number; }

int main(int argc, char **argv) {
    if (argc != 7) return fprintf(stderr, "usage: see the first lines of stream_server.c\n"), 2;
    rate = atol(argv[2]), breaks = atol(argv[3]), after = atol(argv[4]) * MS, during = atol(argv[5]) * MS;
    life = atol(argv[6]) * 1000 * MS;
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atol(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (void *)&at, sizeof at) || listen(listener, 1024)) return perror("stream_server"), 1;
    signal(SIGPIPE, SIG_IGN), signal(SIGTERM, end), signal(SIGALRM, end), alarm(LIFE_S);
    poll_fd = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &event);
    for (int is_busy = 0; !is_over;) {
        int found = epoll_wait(poll_fd, events, 256, is_busy ? 0 : 100);
        for (int i = 0; i < found; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) { welcome(listener); continue; }
            if (events[i].events & EPOLLOUT) connections[fd]->is_full = 0, flush(connections[fd]);
            if ((events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && !hear(connections[fd])) drop(connections[fd]);
        }
        is_busy = 0;
        for (int fd = 0; fd < most; fd++)
            if (connections[fd] && connections[fd]->topics && !connections[fd]->is_full) pump(connections[fd], now_ns()), is_busy = 1;
    }
    for (int fd = 0; fd < most; fd++)
        if (connections[fd]) drop(connections[fd]);
    printf("{\"sent\":%ld,\"broken\":%ld}\n", all_made, all_broken);
    return 0;
}
