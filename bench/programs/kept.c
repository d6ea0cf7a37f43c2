/* How much memory a process keeps after it freed what it had, while it only sleeps.

   usage: kept MODE MEBIBYTES MILLISECONDS

   Blocks of 64 to 1024 B are allocated and written wholly until they add up to MEBIBYTES, and freed in
   random order. Then the process calls nothing but sleep. MODE says who did what:
   same      one thread allocates and frees
   gone      a thread allocates and ends; the main thread frees
   blocked   a thread allocates and then waits in read; the main thread frees
   eighths   one thread; every eighth block of the random order stays
   The table of blocks is mapped and unmapped beside malloc. Last line:
   peak_kib N kept_kib N */
#include "shape.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static char **block;
static size_t blocks, room, wanted;
static int never[2];
static pthread_barrier_t filled;

static void fill(void) {
    Random random = random_from(7);
    for (size_t bytes = 0; bytes < wanted && blocks < room;) {
        uint64_t drawn = next_random(&random);
        size_t size = 64 + below(drawn, 961);
        char *made = malloc(size);
        if (!made) fail("malloc gave no memory");
        memset(made, 1, size);
        block[blocks++] = made;
        bytes += size;
    }
}

static void shuffle(void) {
    Random random = random_from(8);
    for (size_t left = blocks; left > 1; left--) {
        size_t pick = next_random(&random) % left;
        char *kept = block[pick];
        block[pick] = block[left - 1];
        block[left - 1] = kept;
    }
}

static void *fill_and_end(void *unused) {
    fill();
    return unused;
}

static void *fill_and_block(void *unused) {
    fill();
    pthread_barrier_wait(&filled);
    char byte;
    if (read(never[0], &byte, 1) != 0) fail("the pipe was written");
    return unused;
}

/* Resident memory, without any stream: streams allocate. */
static unsigned long resident_kib(void) {
    char text[128] = {0};
    int file = open("/proc/self/statm", O_RDONLY);
    if (file < 0 || read(file, text, sizeof text - 1) <= 0) fail("/proc/self/statm cannot be read");
    close(file);
    char *rest;
    strtoul(text, &rest, 10);
    return strtoul(rest, 0, 10) * (unsigned long)sysconf(_SC_PAGESIZE) / 1024;
}

int main(int count, char **word) {
    if (count != 4) return 2;
    int is_gone = !strcmp(word[1], "gone"), is_blocked = !strcmp(word[1], "blocked");
    int is_eighths = !strcmp(word[1], "eighths");
    if (!is_gone && !is_blocked && !is_eighths && strcmp(word[1], "same")) return 2;
    wanted = number(word[2]) << 20;
    long wait_ms = (long)number(word[3]);
    say_who_serves();
    room = wanted / 64;
    size_t table = room * sizeof *block;
    block = mmap(0, table, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (block == MAP_FAILED || pipe(never)) fail("no memory for the table");
    pthread_t thread;
    pthread_barrier_init(&filled, 0, 2);
    if (is_gone) {
        start_thread(&thread, fill_and_end, 0);
        pthread_join(thread, 0);
    } else if (is_blocked) {
        start_thread(&thread, fill_and_block, 0);
        pthread_barrier_wait(&filled);
    } else {
        fill();
    }
    shuffle();
    unsigned long peak = resident_kib();
    for (size_t i = 0; i < blocks; i++) {
        if (!is_eighths || i % 8) free(block[i]);
    }
    munmap(block, table);
    struct timespec pause = {wait_ms / 1000, wait_ms % 1000 * 1000000};
    while (nanosleep(&pause, &pause)) {}
    unsigned long kept = resident_kib();
    printf("peak_kib %lu kept_kib %lu\n", peak, kept);
    fflush(stdout);
    _exit(0);
}
