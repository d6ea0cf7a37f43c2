/* Writes down every allocation of the first process that it is preloaded into.

   Preload as RECORD.so with BENCH_RECORD naming a file that does not exist yet, and
   BENCH_RECORD_OPERATIONS the number of operations to keep. The allocations themselves are served by
   the C library, whatever else the program is linked with. The file is a header of 16 bytes (8 of
   magic, 8 the count) and entries of 24:

   first word: operation (low 4 bits), thread (12 bits), size or alignment's size (48 bits)
   second:     address that came out; for free that went in
   third:      realloc: address that went in; aligned: alignment; else zero

   Entries lie in a shared mapping of the file, so that they survive any end of the program. A forked
   child does not record: it wipes the page that says where the file is. Nor does a second program
   that is executed with the same environment: the file is there already. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

enum { MALLOC = 1, CALLOC, REALLOC, ALIGNED, FREE };

typedef struct {
    uint64_t what, out, in;
} Entry;

typedef struct {
    char magic[8];
    _Atomic uint64_t count;
    Entry entry[];
} File;

/* The page that a fork wipes. */
static union {
    struct {
        File *file;
        uint64_t most;
    };
    char bytes[4096];
} place __attribute__((aligned(4096)));

static _Atomic uint64_t threads;
static __thread uint64_t thread __attribute__((tls_model("initial-exec")));

static void put(uint64_t operation, uint64_t bytes, const void *out, uint64_t in) {
    File *file = place.file;
    if (!file) return;
    /* Relaxed: a reader comes when the program is over. */
    uint64_t index = atomic_fetch_add_explicit(&file->count, 1, memory_order_relaxed);
    if (index >= place.most) {
        place.file = 0;
        return;
    }
    if (!thread) thread = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) + 1;
    file->entry[index] =
        (Entry){operation | (thread & 4095) << 4 | bytes << 16, (uint64_t)(uintptr_t)out, in};
}

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("BENCH_RECORD"), *operations = getenv("BENCH_RECORD_OPERATIONS");
    if (!name || !operations) return;
    uint64_t most = strtoull(operations, 0, 10);
    int file = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file < 0) return;
    size_t length = sizeof(File) + most * sizeof(Entry);
    if (ftruncate(file, (off_t)length)) return;
    File *mapped = mmap(0, length, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (mapped == MAP_FAILED) return;
    if (madvise(&place, sizeof place, MADV_WIPEONFORK)) return;
    memcpy(mapped->magic, "bedtrace", 8);
    place.most = most;
    place.file = mapped;
}

void *malloc(size_t bytes) {
    void *out = __libc_malloc(bytes);
    if (out) put(MALLOC, bytes, out, 0);
    return out;
}

void *calloc(size_t count, size_t bytes) {
    void *out = __libc_calloc(count, bytes);
    if (out) put(CALLOC, count * bytes, out, 0);
    return out;
}

void free(void *in) {
    /* Before it is free: another thread may be given the address at once. */
    if (in) put(FREE, 0, in, 0);
    __libc_free(in);
}

void *realloc(void *in, size_t bytes) {
    if (!in) return malloc(bytes);
    if (!bytes) {
        free(in);
        return 0;
    }
    void *out = __libc_realloc(in, bytes);
    if (out) put(REALLOC, bytes, out, (uint64_t)(uintptr_t)in);
    return out;
}

static void *aligned(size_t alignment, size_t bytes) {
    void *out = __libc_memalign(alignment, bytes);
    if (out) put(ALIGNED, bytes, out, alignment);
    return out;
}

void *memalign(size_t alignment, size_t bytes) { return aligned(alignment, bytes); }
void *aligned_alloc(size_t alignment, size_t bytes) { return aligned(alignment, bytes); }
void *valloc(size_t bytes) { return aligned(4096, bytes); }

int posix_memalign(void **out, size_t alignment, size_t bytes) {
    void *block = aligned(alignment, bytes);
    if (!block) return ENOMEM;
    *out = block;
    return 0;
}

void *reallocarray(void *in, size_t count, size_t bytes) {
    size_t all;
    if (__builtin_mul_overflow(count, bytes, &all)) {
        errno = ENOMEM;
        return 0;
    }
    return realloc(in, all);
}

/* Not from whatever the program is linked with: that did not serve the block. */
size_t malloc_usable_size(void *block) {
    static size_t (*_Atomic ask)(void *);
    if (!atomic_load(&ask)) {
        void *library = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
        atomic_store(&ask, (size_t(*)(void *))dlsym(library, "malloc_usable_size"));
    }
    return atomic_load(&ask)(block);
}
