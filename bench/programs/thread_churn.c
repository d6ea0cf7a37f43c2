/* Threads that start, allocate and end; their blocks are freed later by others.

   usage: thread_churn STARTERS BLOCKS THREADS

   Models a server with a thread per request. Each starter starts THREADS threads, one after the
   other. A thread allocates BLOCKS blocks, frees three of four, and exchanges the rest with what
   earlier threads left in a shared table, which it frees: so every fourth block outlives its thread
   and is freed by another. */
#include "shape.h"
#include <stdatomic.h>

enum { LEFT = 4096, BLOCKS_MAX = 4096, STARTERS_MAX = 16 };

static _Atomic(char *) left[LEFT];
static uint32_t blocks;
static uint64_t threads;

static void *work(void *seed) {
    Random random = random_from((uintptr_t)seed);
    char *own[BLOCKS_MAX];
    for (uint32_t i = 0; i < blocks; i++) {
        uint64_t drawn = next_random(&random);
        size_t bytes = program_size(drawn);
        own[i] = take(bytes > 8192 ? 8192 : bytes, drawn);
    }
    for (uint32_t i = 0; i < blocks; i++) {
        if (i % 4) give(own[i]);
        else give(atomic_exchange(&left[next_random(&random) % LEFT], own[i]));
    }
    return 0;
}

static void *start(void *place) {
    for (uint64_t i = 0; i < threads; i++) {
        pthread_t worker;
        start_thread(&worker, work, (void *)(i * STARTERS_MAX + (uintptr_t)place));
        pthread_join(worker, 0);
    }
    return 0;
}

int main(int count, char **word) {
    if (count != 4) return 2;
    uint32_t starters = (uint32_t)number(word[1]);
    blocks = (uint32_t)number(word[2]);
    threads = number(word[3]);
    if (starters < 1 || starters > STARTERS_MAX || blocks > BLOCKS_MAX) return 2;
    say_who_serves();
    pthread_t starter[STARTERS_MAX];
    for (uint32_t i = 1; i < starters; i++) start_thread(&starter[i], start, (void *)(uintptr_t)i);
    start(0);
    for (uint32_t i = 1; i < starters; i++) pthread_join(starter[i], 0);
    for (int i = 0; i < LEFT; i++) give(left[i]);
    return 0;
}
