/* What stands between the program and the C library in the fault tests: it lets writes and syncs of one file fail, and moves the
 * wall clock. What to do lies in a page that the test shares (`FAULTS_CONTROL`); which file is meant, in `FAULTS_NAME`.
 * Loaded with LD_PRELOAD. Without a fault set, a call costs one look at the page. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { WRITES = 1, SYNCS = 2, TRUNCATES = 4, OPENS = 8 };

struct control {           /* the same as in shim.py */
    volatile int32_t error;  /* an errno; 0 for no fault */
    volatile int32_t calls;  /* which calls fail */
    volatile int32_t torn;   /* whether half of a write is made before it fails */
    volatile int32_t pass;   /* how many calls still pass before the first that fails */
    volatile int32_t failed; /* how many have failed */
    volatile int32_t unused;
    volatile int64_t shift;  /* microseconds that the wall clock is moved by */
};

static struct control nothing;
static struct control *control = &nothing;
static const char *name;

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("FAULTS_CONTROL");
    name = getenv("FAULTS_NAME");
    int file = path && name ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *page = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (page != MAP_FAILED) control = page;
}

static int is_due(int call) {
    if (control->error == 0 || !(control->calls & call)) return 0;
    if (__atomic_load_n(&control->pass, __ATOMIC_RELAXED) > 0 && __atomic_fetch_sub(&control->pass, 1, __ATOMIC_RELAXED) > 0) return 0;
    return 1;
}

static int fails(int file, int call) {
    if (control->error == 0 || !(control->calls & call)) return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strstr(path, name) && is_due(call);
}

static int refuse(void) {
    __atomic_fetch_add(&control->failed, 1, __ATOMIC_RELAXED);
    errno = control->error ? control->error : EIO;
    return -1;
}

#define REAL(result, function, ...)                                                   \
    static result (*real)(__VA_ARGS__);                                               \
    if (!real) real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, function)

ssize_t write(int file, const void *bytes, size_t count) {
    REAL(ssize_t, "write", int, const void *, size_t);
    if (!fails(file, WRITES)) return real(file, bytes, count);
    if (control->torn && count > 1) real(file, bytes, count / 2);
    return refuse();
}

static ssize_t write_at(ssize_t (*real)(int, const void *, size_t, off64_t), int file, const void *bytes, size_t count, off64_t at) {
    if (!fails(file, WRITES)) return real(file, bytes, count, at);
    if (control->torn && count > 1) real(file, bytes, count / 2, at);
    return refuse();
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    return write_at(real, file, bytes, count, at);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    return write_at(real, file, bytes, count, at);
}

int fsync(int file) {
    REAL(int, "fsync", int);
    return fails(file, SYNCS) ? refuse() : real(file);
}

int fdatasync(int file) {
    REAL(int, "fdatasync", int);
    return fails(file, SYNCS) ? refuse() : real(file);
}

int ftruncate(int file, off_t length) {
    REAL(int, "ftruncate64", int, off64_t);
    return fails(file, TRUNCATES) ? refuse() : real(file, length);
}

int ftruncate64(int file, off64_t length) {
    REAL(int, "ftruncate64", int, off64_t);
    return fails(file, TRUNCATES) ? refuse() : real(file, length);
}

/* A file system that was remounted read-only refuses to open for writing too. */
static int open_fails(const char *path, int flags) {
    int writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT);
    return control->error != 0 && (control->calls & OPENS) && writes && strstr(path, name) && is_due(OPENS);
}

#define OPEN(function)                                                                \
    int function(const char *path, int flags, ...) {                                  \
        REAL(int, #function, const char *, int, ...);                                 \
        va_list more;                                                                 \
        va_start(more, flags);                                                        \
        mode_t mode = va_arg(more, mode_t);                                           \
        va_end(more);                                                                 \
        return open_fails(path, flags) ? refuse() : real(path, flags, mode);          \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(function)                                                              \
    int function(int folder, const char *path, int flags, ...) {                      \
        REAL(int, #function, int, const char *, int, ...);                            \
        va_list more;                                                                 \
        va_start(more, flags);                                                        \
        mode_t mode = va_arg(more, mode_t);                                           \
        va_end(more);                                                                 \
        return open_fails(path, flags) ? refuse() : real(folder, path, flags, mode);  \
    }
OPENAT(openat)
OPENAT(openat64)

static void move(int64_t *seconds, int64_t *fraction, int64_t per_second) {
    int64_t total = *fraction + control->shift % 1000000 * (per_second / 1000000);
    *seconds += control->shift / 1000000 + total / per_second;
    *fraction = total % per_second;
    if (*fraction < 0) {
        *fraction += per_second;
        *seconds -= 1;
    }
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    REAL(int, "clock_gettime", clockid_t, struct timespec *);
    int result = real(clock, time);
    if (result == 0 && control->shift != 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t seconds = time->tv_sec, fraction = time->tv_nsec;
        move(&seconds, &fraction, 1000000000);
        time->tv_sec = seconds;
        time->tv_nsec = fraction;
    }
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    REAL(int, "gettimeofday", struct timeval *, void *);
    int result = real(time, zone);
    if (result == 0 && control->shift != 0) {
        int64_t seconds = time->tv_sec, fraction = time->tv_usec;
        move(&seconds, &fraction, 1000000);
        time->tv_sec = seconds;
        time->tv_usec = fraction;
    }
    return result;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}
