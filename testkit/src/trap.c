/* Laid under a process by LD_PRELOAD: ends it with SIGKILL at a chosen write or sync of SQLite's write-ahead log.
 *
 * The order stands in the file that TESTKIT_TRAP names: a letter, a number, a serial number.
 *   w N   before the N-th write from now        (1: all statements have run, nothing of the commit is written)
 *   s N   before the N-th sync                  (the commit is written, not synced)
 *   S N   after the N-th sync                   (the commit is done, nobody knows)
 * The file is removed when the trap springs. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static const char *order_file;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long seen, serial;

__attribute__((constructor)) static void lay(void) { order_file = getenv("TESTKIT_TRAP"); }

static int is_log(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    return length > 4 && memcmp(path + length - 4, "-wal", 4) == 0;
}

static void step(int fd, char moment) {
    if (!order_file) return;
    int order = open(order_file, O_RDONLY | O_CLOEXEC);
    if (order < 0) return;
    char text[64] = {0}, wanted = 0;
    long count = 0, number = 0;
    ssize_t length = read(order, text, sizeof text - 1);
    close(order);
    if (length <= 0 || sscanf(text, "%c %ld %ld", &wanted, &count, &number) != 3) return;
    if (wanted != moment || !is_log(fd)) return;
    pthread_mutex_lock(&lock);
    if (number != serial) {
        serial = number;
        seen = 0;
    }
    if (++seen >= count) {
        unlink(order_file);
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
    pthread_mutex_unlock(&lock);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "pwrite64");
    step(fd, 'w');
    return real(fd, bytes, length, at);
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
    step(fd, 's');
    int result = real(fd);
    step(fd, 'S');
    return result;
}

int fsync(int fd) {
    static int (*real)(int);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "fsync");
    step(fd, 's');
    int result = real(fd);
    step(fd, 'S');
    return result;
}
