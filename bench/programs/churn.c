/* Steady churn: blocks of random sizes replace one another in random slots.

   usage: churn THREADS SLOTS SIZE_MIN SIZE_MAX TURNS

   Models a server or interpreter at rest in its working set. Each thread has slots of its own; a
   turn frees the block of a random slot and allocates one of a random size into it. */
#include "shape.h"

static uint32_t slots, least, span;
static uint64_t turns;

static void *work(void *seed) {
    Random random = random_from((uintptr_t)seed);
    char **slot = calloc(slots, sizeof *slot);
    if (!slot) fail("calloc gave no memory");
    for (uint64_t turn = 0; turn < turns; turn++) {
        uint64_t drawn = next_random(&random);
        uint32_t index = (uint32_t)drawn % slots;
        give(slot[index]);
        slot[index] = take(least + below(drawn, span), drawn);
    }
    for (uint32_t i = 0; i < slots; i++) give(slot[i]);
    free(slot);
    return 0;
}

int main(int count, char **word) {
    if (count != 6) return 2;
    uint32_t threads = (uint32_t)number(word[1]);
    slots = (uint32_t)number(word[2]);
    least = (uint32_t)number(word[3]);
    span = (uint32_t)number(word[4]) - least + 1;
    turns = number(word[5]);
    say_who_serves();
    pthread_t thread[64];
    if (threads < 1 || threads > 64) return 2;
    for (uint32_t i = 1; i < threads; i++) start_thread(&thread[i], work, (void *)(uintptr_t)i);
    work(0);
    for (uint32_t i = 1; i < threads; i++) pthread_join(thread[i], 0);
    return 0;
}
