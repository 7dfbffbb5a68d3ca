/* A wall clock that can be set for one process, preloaded: it adds an offset to every reading of CLOCK_REALTIME and to the kernel's
   receive stamps, as if the machine's clock had been set, which is left alone. The offset, a 64-bit number of nanoseconds in the
   file that BENCH_CLOCK names, can be changed at any time; the monotonic clock stays as it is.

   libfaketime does not serve: where it leaves the monotonic clock alone it breaks the sleeps that end at a time of it
   (clock_nanosleep says EINVAL, as of 0.9.10), and the kernel's stamps are not shifted with the clock.
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const long SECOND_NS = 1000000000;
static const volatile long *offset_ns;
static int (*read_clock)(clockid_t, struct timespec *);
static ssize_t (*receive)(int, struct msghdr *, int);

__attribute__((constructor)) static void begin(void) {
    read_clock = dlsym(RTLD_NEXT, "clock_gettime");
    receive = dlsym(RTLD_NEXT, "recvmsg");
    const char *path = getenv("BENCH_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *at = mmap(NULL, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
    if (at != MAP_FAILED) offset_ns = at;
    close(file);
}

static void shift(struct timespec *t) {
    if (!offset_ns) return;
    long by = *offset_ns, ns = t->tv_nsec + by % SECOND_NS;
    t->tv_sec += by / SECOND_NS + (ns >= SECOND_NS) - (ns < 0);
    t->tv_nsec = ns >= SECOND_NS ? ns - SECOND_NS : ns < 0 ? ns + SECOND_NS : ns;
}

int clock_gettime(clockid_t id, struct timespec *t) {
    if (!read_clock) read_clock = dlsym(RTLD_NEXT, "clock_gettime");
    int result = read_clock(id, t);
    if (!result && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) shift(t);
    return result;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
    t->tv_sec = now.tv_sec;
    t->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}

ssize_t recvmsg(int fd, struct msghdr *m, int flags) {
    if (!receive) receive = dlsym(RTLD_NEXT, "recvmsg");
    ssize_t size = receive(fd, m, flags);
    if (size < 0) return size;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec t;
            memcpy(&t, CMSG_DATA(c), sizeof t);
            shift(&t);
            memcpy(CMSG_DATA(c), &t, sizeof t);
        }
    return size;
}
