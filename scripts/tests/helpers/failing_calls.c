/* To be preloaded: lets one call of the C library fail.
 *
 *   FAULT=CALL:K:ERRNO     the K-th call of CALL (from 1) fails with ERRNO
 *   FAULT=CALL:K+:ERRNO    and so do all later ones
 *   FAULT_COUNT=FILE       at the end, how often CALL was called
 *
 * CALL is one of the names below; the variants for 64-bit offsets count with
 * their plain names. Writes to standard output and error never fail.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static char call[32];
static int first, sticky, error_number, calls;

__attribute__((constructor)) static void read_fault(void) {
  const char *fault = getenv("FAULT");
  char k[32] = "";
  if (!fault || sscanf(fault, "%31[^:]:%31[^:]:%d", call, k, &error_number) < 3)
    return;
  first = atoi(k);
  sticky = k[0] && k[strlen(k) - 1] == '+';
}

__attribute__((destructor)) static void write_count(void) {
  const char *path = getenv("FAULT_COUNT");
  int count = calls;
  call[0] = 0;
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file) return;
  fprintf(file, "%d", count);
  fclose(file);
}

static int fails(const char *name) {
  if (strcmp(name, call)) return 0;
  const int count = __sync_add_and_fetch(&calls, 1);
  if (count != first && !(sticky && first && count > first)) return 0;
  errno = error_number;
  return 1;
}

/* A function of the name `variant`, counted as `name`. */
#define FAULTY(type, name, variant, parameters, arguments)    \
  type variant parameters {                                   \
    type(*real) parameters;                                   \
    *(void **)&real = dlsym(RTLD_NEXT, #variant);             \
    return fails(#name) ? (type)-1 : real arguments;          \
  }

FAULTY(ssize_t, pwrite, pwrite, (int f, const void *b, size_t n, off_t o),
       (f, b, n, o))
FAULTY(ssize_t, pwrite, pwrite64, (int f, const void *b, size_t n, off64_t o),
       (f, b, n, o))
FAULTY(ssize_t, pread, pread, (int f, void *b, size_t n, off_t o), (f, b, n, o))
FAULTY(ssize_t, pread, pread64, (int f, void *b, size_t n, off64_t o),
       (f, b, n, o))
FAULTY(ssize_t, read, read, (int f, void *b, size_t n), (f, b, n))
FAULTY(int, fsync, fsync, (int f), (f))
FAULTY(int, rename, rename, (const char *a, const char *b), (a, b))
FAULTY(int, renameat2, renameat2,
       (int d, const char *a, int e, const char *b, unsigned flags),
       (d, a, e, b, flags))
FAULTY(int, ftruncate, ftruncate, (int f, off_t n), (f, n))
FAULTY(int, ftruncate, ftruncate64, (int f, off64_t n), (f, n))
FAULTY(int, fchmod, fchmod, (int f, mode_t m), (f, m))
FAULTY(int, flock, flock, (int f, int operation), (f, operation))
FAULTY(int, unlink, unlink, (const char *path), (path))
FAULTY(int, mkstemp, mkstemp, (char *path), (path))
FAULTY(int, mkstemp, mkstemp64, (char *path), (path))
FAULTY(off_t, lseek, lseek, (int f, off_t o, int whence), (f, o, whence))
FAULTY(off64_t, lseek, lseek64, (int f, off64_t o, int whence), (f, o, whence))
FAULTY(int, fstat, fstat, (int f, struct stat *s), (f, s))
FAULTY(int, fstat, fstat64, (int f, struct stat64 *s), (f, s))
FAULTY(int, stat, stat, (const char *path, struct stat *s), (path, s))
FAULTY(int, stat, stat64, (const char *path, struct stat64 *s), (path, s))

ssize_t write(int file, const void *bytes, size_t size) {
  ssize_t (*real)(int, const void *, size_t);
  *(void **)&real = dlsym(RTLD_NEXT, "write");
  if (file > STDERR_FILENO && fails("write")) return -1;
  return real(file, bytes, size);
}

/* As Linux: the descriptor is gone whatever close() says. */
int close(int file) {
  int (*real)(int);
  *(void **)&real = dlsym(RTLD_NEXT, "close");
  const int status = real(file);
  return fails("close") ? -1 : status;
}

#define FAULTY_OPEN(variant)                                  \
  int variant(const char *path, int flags, ...) {             \
    int (*real)(const char *, int, ...);                      \
    *(void **)&real = dlsym(RTLD_NEXT, #variant);             \
    va_list rest;                                             \
    va_start(rest, flags);                                    \
    const mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                             \
    return fails("open") ? -1 : real(path, flags, mode);      \
  }

FAULTY_OPEN(open)
FAULTY_OPEN(open64)
