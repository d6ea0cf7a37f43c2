/* Misuses of malloc, one a run.

   usage: misuse list         prints the name of every case, one a line
          misuse CASE         commits it; the name is KIND/BYTES/THREAD/WHEN

   THREAD  same   one thread allocates and misuses
           other  the main thread allocates, another one misuses, while both live
           gone   a thread allocates and ends, the main thread misuses
   WHEN    of a misuse that is a call: `now`, `later` (after 1000 other operations), or `exit`
           (in an exit handler, which then frees all blocks); of a free with a size: what size is
           given instead: `half`, `double`, or `near` (16 more).
           Of a misuse that is a write: what comes after it: two allocations of the same size and
           the frees of all blocks (`now`), 1000 other operations first (`later`), nothing but the
           end of the program (`exit`).

   Prints the path of the library that serves malloc, then `address A` for each address that a
   message about this case may name. Ends with 0 if nobody stopped it, with 3 if the case cannot be
   committed here: there is no such function, or no such place. Ends itself after five seconds. */
#define _GNU_SOURCE
#include <alloca.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { OPERATIONS = 1000, SLOTS = 32, NEIGHBOURS = 9, HELD = 64, STATIC_BYTES = 16 << 20 };

static const size_t SIZES[] = {16, 64, 400, 4000, 20000, 200000, 8000000};
static const char *const THREADS[] = {"same", "other", "gone"};
static const char *const WHEN[] = {"now", "later", "exit"};
static const char *const GIVEN[] = {"half", "double", "near"};

/* The case. */
static size_t bytes;
static const char *thread_word, *when_word;
static int by(const char *word) { return !strcmp(thread_word, word); }
static int when(const char *word) { return !strcmp(when_word, word); }

/* Its blocks. */
static char *block, *neighbour;
static char *blocks[NEIGHBOURS];
static char *held[HELD];
static char static_area[STATIC_BYTES] __attribute__((aligned(64)));

/* Writes without the buffers of stdio, which are allocated. */
static void say(const char *format, ...) {
    char line[4200];
    va_list words;
    va_start(words, format);
    int length = vsnprintf(line, sizeof line, format, words);
    va_end(words);
    if (length > 0 && write(1, line, (size_t)length) < 0) _exit(4);
}

static void name(void *address) {
    if (address) say("address %p\n", address);
}

static void *take(size_t size) {
    char *taken = malloc(size);
    if (!taken) _exit(4);
    taken[0] = 1;
    taken[size - 1] = 2;
    return taken;
}

static uint64_t state = 88172645463325252u;

static uint64_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* 1000 other operations: every other allocation is of the case's own size. */
static char *slots[SLOTS];

static void other_operations(void) {
    for (int i = 0; i < OPERATIONS; i++) {
        uint64_t random = next_random();
        int slot = (int)(random % SLOTS);
        if (slots[slot]) {
            free(slots[slot]);
            slots[slot] = 0;
        } else {
            size_t any = ((size_t)16 << (random >> 20) % 12) + (random >> 40) % 16;
            slots[slot] = take(random >> 50 & 1 ? bytes : any);
        }
    }
}

static void free_all(void) {
    for (int i = 0; i < SLOTS; i++) free(slots[i]);
    for (int i = 0; i < NEIGHBOURS; i++) free(blocks[i]);
    for (int i = 0; i < HELD; i++) free(held[i]);
}

/* What a program does after its mistake: allocates twice, frees what it holds. */
static void go_on(void) {
    char *one = take(bytes), *two = take(bytes);
    free(one);
    free(two);
    free_all();
}

static void *call(void *step) {
    ((void (*)(void))step)();
    return 0;
}

static void elsewhere(void (*step)(void)) {
    pthread_t thread;
    if (pthread_create(&thread, 0, call, (void *)step)) _exit(4);
    pthread_join(thread, 0);
}

/* ---- the first half: blocks come to be, and go */

static void allocate_block(void) {
    block = take(bytes);
}

static void free_block(void) {
    free(block);
}

static void free_block_and_others(void) {
    char *others[4];
    for (int i = 0; i < 4; i++) others[i] = take(bytes);
    free(block);
    for (int i = 0; i < 4; i++) free(others[i]);
}

/* Frees the block and allocates until its address is in use again, or 64 times. */
static void free_block_and_reuse(void) {
    free(block);
    for (int i = 0; i < (bytes > 1000000 ? 4 : HELD); i++) {
        held[i] = take(bytes);
        if (held[i] == block) break;
    }
}

static void move_block(void) {
    char *wall = take(bytes);
    held[0] = realloc(block, bytes * 4);
    if (!held[0]) _exit(4);
    held[1] = wall;
}

static int ascending(const void *one, const void *two) {
    char *a = *(char *const *)one, *b = *(char *const *)two;
    return a < b ? -1 : a > b;
}

/* A run of blocks; `block` and `neighbour` are the two that are closest, in this order. */
static void allocate_neighbours(void) {
    int count = bytes > 1000000 ? 3 : NEIGHBOURS, best = 0;
    for (int i = 0; i < count; i++) blocks[i] = take(bytes);
    qsort(blocks, (size_t)count, sizeof *blocks, ascending);
    for (int i = 1; i + 1 < count; i++)
        if (blocks[i + 1] - blocks[i] < blocks[best + 1] - blocks[best]) best = i;
    block = blocks[best];
    neighbour = blocks[best + 1];
}

static void free_neighbour(void) {
    for (int i = 0; i < NEIGHBOURS; i++)
        if (blocks[i] == neighbour) blocks[i] = 0;
    free(neighbour);
}

static void nothing(void) {}

/* ---- places that malloc did not return */

static void place_on_stack(void) {
    char *place = alloca(bytes + 64);
    memset(place, 0, bytes + 64);
    block = (char *)((uintptr_t)(place + 16) & ~(uintptr_t)15);
}

static void place_in_static(void) {
    block = static_area + (bytes & ~(size_t)15);
}

static void place_in_mapping(void) {
    char *at = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) _exit(4);
    at[0] = 1;
    block = at;
}

/* The end of the mapping that an address lies in. */
static char *mapping_end(char *address) {
    static char text[1 << 20];
    int file = open("/proc/self/maps", O_RDONLY);
    size_t length = 0;
    ssize_t got;
    while (file >= 0 && (got = read(file, text + length, sizeof text - 1 - length)) > 0) length += (size_t)got;
    if (file >= 0) close(file);
    text[length] = 0;
    for (char *line = text; *line;) {
        char *dash, *after;
        uintptr_t start = strtoul(line, &dash, 16);
        uintptr_t end = strtoul(dash + 1, &after, 16);
        if (start <= (uintptr_t)address && (uintptr_t)address < end) return (char *)end;
        char *newline = strchr(after, '\n');
        if (!newline) break;
        line = newline + 1;
    }
    _exit(3);
}

static void place_beyond_heap(void) {
    held[0] = take(bytes);
    block = mapping_end(held[0]);
}

static void place_unused(void) {
    held[0] = take(bytes);
    block = mapping_end(held[0]) - 4096;
    if (block <= held[0] + malloc_usable_size(held[0])) _exit(3);
}

/* The block stays, what is misused is an address in it. */
static void place_inside_aligned(void) {
    held[0] = take(bytes);
    block = held[0] + (bytes / 2 & ~(size_t)15);
}

static void place_inside_misaligned(void) {
    held[0] = take(bytes);
    block = held[0] + 8;
}

/* ---- the misuse */

static void *function(const char *symbol) {
    void *found = dlsym(RTLD_DEFAULT, symbol);
    if (!found) _exit(3);
    return found;
}

static size_t wrong_size(void) {
    if (when("half")) return bytes / 2;
    return when("double") ? bytes * 2 : bytes + 16;
}

static void free_sized_wrongly(void) {
    ((void (*)(void *, size_t))function("free_sized"))(block, wrong_size());
}

static void delete_sized_wrongly(void) {
    ((void (*)(void *, size_t))function("_ZdlPvm"))(block, wrong_size());
}

static void free_aligned_sized_wrongly(void) {
    ((void (*)(void *, size_t, size_t))function("free_aligned_sized"))(block, 16, wrong_size());
}

static void write_over(char *from, size_t count) {
    volatile char *to = from;
    for (size_t i = 0; i < count; i++) to[i] = 'A';
}

static void overflow_by(size_t count) { write_over(block + malloc_usable_size(block), count); }
static void overflow_by_1(void) { overflow_by(1); }
static void overflow_by_8(void) { overflow_by(8); }
static void overflow_by_16(void) { overflow_by(16); }
static void underflow(void) { write_over(neighbour - 8, 8); }
static void write_freed(void) { write_over(block, 8); }

static void realloc_freed(void) {
    char *moved = realloc(block, bytes * 2);
    if (moved) moved[bytes] = 1;
}

static void ask_size_of_freed(void) {
    volatile size_t usable = malloc_usable_size(block);
    (void)usable;
}

/* ---- the table */

enum Shape {
    CALL,    /* the misuse is a call */
    FOREIGN, /* a call, with an address that no thread allocated */
    STACK,   /* the same, of a thread that may be gone */
    SIZED,   /* a call with a size */
    WRITE    /* the misuse is a write */
};

struct Kind {
    const char *name;
    enum Shape shape;
    /* By the owner; by the main thread; by the thread that makes the mistake. */
    void (*allocate)(void);
    void (*prepare)(void);
    void (*misuse)(void);
};

static const struct Kind KINDS[] = {
    {"double-free", CALL, allocate_block, free_block, free_block},
    {"double-free-between", CALL, allocate_block, free_block_and_others, free_block},
    {"double-free-reused", CALL, allocate_block, free_block_and_reuse, free_block},
    {"double-free-moved", CALL, allocate_block, move_block, free_block},
    {"free-stack", STACK, place_on_stack, nothing, free_block},
    {"free-static", FOREIGN, place_in_static, nothing, free_block},
    {"free-mapping", FOREIGN, place_in_mapping, nothing, free_block},
    {"free-beyond-heap", FOREIGN, place_beyond_heap, nothing, free_block},
    {"free-unused", FOREIGN, place_unused, nothing, free_block},
    {"free-inside-aligned", CALL, place_inside_aligned, nothing, free_block},
    {"free-inside-misaligned", CALL, place_inside_misaligned, nothing, free_block},
    {"free-sized", SIZED, allocate_block, nothing, free_sized_wrongly},
    {"delete-sized", SIZED, allocate_block, nothing, delete_sized_wrongly},
    {"free-aligned-sized", SIZED, allocate_block, nothing, free_aligned_sized_wrongly},
    {"overflow-1", WRITE, allocate_neighbours, free_neighbour, overflow_by_1},
    {"overflow-8", WRITE, allocate_neighbours, free_neighbour, overflow_by_8},
    {"overflow-16", WRITE, allocate_neighbours, free_neighbour, overflow_by_16},
    {"underflow", WRITE, allocate_neighbours, nothing, underflow},
    {"write-freed", WRITE, allocate_block, free_block_and_others, write_freed},
    {"realloc-freed", CALL, allocate_block, free_block, realloc_freed},
    {"size-of-freed", CALL, allocate_block, free_block, ask_size_of_freed},
};

enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS, SIZE_COUNT = sizeof SIZES / sizeof *SIZES };

/* A combination that means something. */
static int is_case(const struct Kind *kind, size_t size, const char *thread) {
    if (kind->shape == FOREIGN && !strcmp(thread, "gone")) return 0;
    if (kind->shape == STACK && size > 1000000) return 0;
    if (kind->allocate == place_inside_aligned && size < 32) return 0;
    return 1;
}

static int list(void) {
    for (int k = 0; k < KIND_COUNT; k++)
        for (int s = 0; s < SIZE_COUNT; s++)
            for (int t = 0; t < 3; t++)
                for (int w = 0; w < 3; w++)
                    if (is_case(&KINDS[k], SIZES[s], THREADS[t]))
                        say("%s/%zu/%s/%s\n", KINDS[k].name, SIZES[s], THREADS[t],
                            KINDS[k].shape == SIZED ? GIVEN[w] : WHEN[w]);
    return 0;
}

static const struct Kind *chosen;

static void commit(void) {
    name(block);
    name(neighbour);
    if (by("other")) elsewhere(chosen->misuse);
    else chosen->misuse();
}

static void commit_at_exit(void) {
    commit();
    free_all();
}

static int run(void) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    alarm(5);
    Dl_info info;
    if (!dladdr(dlsym(RTLD_DEFAULT, "malloc"), &info)) return 4;
    say("%s\n", info.dli_fname);
    if (by("gone")) elsewhere(chosen->allocate);
    else chosen->allocate();
    chosen->prepare();
    if (chosen->shape == WRITE) {
        commit();
        if (when("later")) other_operations();
        if (!when("exit")) go_on();
        return 0;
    }
    if (when("later")) other_operations();
    if (when("exit")) return atexit(commit_at_exit) ? 4 : 0;
    commit();
    go_on();
    return 0;
}

int main(int count, char **word) {
    static char words[256];
    if (count != 2 || strlen(word[1]) >= sizeof words) return 2;
    if (!strcmp(word[1], "list")) return list();
    strcpy(words, word[1]);
    const char *kind = strtok(words, "/"), *size = strtok(0, "/");
    thread_word = strtok(0, "/");
    when_word = strtok(0, "/");
    if (!kind || !size || !thread_word || !when_word) return 2;
    bytes = strtoul(size, 0, 10);
    for (int k = 0; k < KIND_COUNT; k++)
        if (!strcmp(KINDS[k].name, kind)) chosen = &KINDS[k];
    return chosen && bytes ? run() : 2;
}
