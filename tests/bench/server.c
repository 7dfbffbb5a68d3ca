/* An HTTP server whose every answer is due at a known time: the truth that load generators are held against.

   A request that the kernel received at t is answered at  max(t, end of the stall at t, last answer if serial) + delay(t).
   Times count from the first request after a silence of 50 ms in which nothing was under way. The server waits by looking
   at the clock again and again, so it needs a core of its own.

   server PORT SERIAL DELAY_NS DELAY_END_NS RAMP_NS STALL_FIRST_NS STALL_EVERY_NS STALL_NS   (0 everywhere: at once)
*/
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 1 << 20, EVENTS = 256 };
static const long QUIET_NS = 50000000;
static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 42\r\n\r\n"
                             "{\"code\":0,\"message\":\"success\",\"data\":\"E1\"}";

static struct { int fd; long due; } waiting[MOST]; /* a ring; answers are due in the order of arrival */
static unsigned first, last;

static long now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}

static long received_ns(struct msghdr *m) {
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec t;
            memcpy(&t, CMSG_DATA(c), sizeof t);
            return t.tv_sec * 1000000000L + t.tv_nsec;
        }
    return now_ns();
}

int main(int argc, char **argv) {
    if (argc != 9) return fprintf(stderr, "usage: see the first lines of server.c\n"), 2;
    long v[9];
    for (int i = 1; i < 9; i++) v[i] = atol(argv[i]);
    long serial = v[2], delay = v[3], delay_end = v[4], ramp = v[5], stall_first = v[6], stall_every = v[7], stall = v[8];
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(v[1]), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (void *)&at, sizeof at) || listen(listener, 4096)) return perror("server"), 1;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[EVENTS];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    long epoch = 0, latest = 0, last_due = 0;
    int is_prompt = !serial && !delay && !delay_end && !stall;
    for (;;) {
        int found = epoll_wait(poll, events, EVENTS, first == last ? 200 : 0);
        for (int i = 0; i < found; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                int made = accept(listener, 0, 0);
                setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                if (!is_prompt) setsockopt(made, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
                event.data.fd = made;
                epoll_ctl(poll, EPOLL_CTL_ADD, made, &event);
                continue;
            }
            char request[16384], ancillary[128];
            struct iovec part = {request, sizeof request};
            struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = ancillary, .msg_controllen = sizeof ancillary};
            long size = is_prompt ? read(fd, request, sizeof request) : recvmsg(fd, &m, 0);
            if (size <= 0) { close(fd); continue; }
            if (is_prompt) { if (write(fd, ANSWER, sizeof ANSWER - 1) < 0) close(fd); continue; }
            long t = received_ns(&m);
            if (!epoch || (first == last && t - latest > QUIET_NS)) epoch = t, last_due = 0;
            latest = t;
            long since = t - epoch, start = t;
            if (stall && since >= stall_first) {
                long into = stall_every ? (since - stall_first) % stall_every : since - stall_first;
                if (into < stall) start = t - into + stall;
            }
            if (serial && start < last_due) start = last_due;
            long by = since < ramp ? since : ramp;
            long due = start + delay + (ramp ? (long)((double)(delay_end - delay) * by / ramp) : 0);
            last_due = due;
            waiting[last % MOST].fd = fd;
            waiting[last++ % MOST].due = due;
        }
        while (first != last && waiting[first % MOST].due <= now_ns()) {
            int fd = waiting[first++ % MOST].fd;
            latest = now_ns();
            if (write(fd, ANSWER, sizeof ANSWER - 1) < 0) close(fd);
        }
    }
}
