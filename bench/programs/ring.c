/* A ring of threads, each freeing what its neighbour allocated.

   usage: ring THREADS ROUNDS

   Models stages of a server that pass requests on. A round of a thread: allocate a batch, hand it to
   the next thread, take one from the previous, free it; between them a private batch comes and
   goes, so that own and foreign blocks mix on the same slabs. Sizes as programs ask for them, up to
   1 KiB. */
#include "handover.h"

enum { THREADS_MAX = 16 };

static Handover queue[THREADS_MAX];
static uint32_t threads;
static uint64_t rounds;

static void fill(Batch *batch, Random *random) {
    for (int k = 0; k < BATCH; k++) {
        uint64_t drawn = next_random(random);
        size_t bytes = program_size(drawn);
        batch->block[k] = take(bytes > 1024 ? 1024 : bytes, drawn);
    }
}

static void drop(Batch *batch) {
    for (int k = 0; k < BATCH; k++) give(batch->block[k]);
}

static void *work(void *place) {
    uint32_t own = (uint32_t)(uintptr_t)place;
    Random random = random_from(own);
    Batch given, private, taken;
    for (uint64_t round = 0; round < rounds; round++) {
        fill(&given, &random);
        fill(&private, &random);
        hand_over(&queue[(own + 1) % threads], &given);
        drop(&private);
        /* In the first rounds the ring fills; in the end it is emptied. */
        if (round >= QUEUE / 4) {
            flush_handover(&queue[(own + 1) % threads]);
            receive(&queue[own], &taken);
            drop(&taken);
        }
    }
    flush_handover(&queue[(own + 1) % threads]);
    for (uint64_t left = rounds < QUEUE / 4 ? rounds : QUEUE / 4; left > 0; left--) {
        receive(&queue[own], &taken);
        drop(&taken);
    }
    return 0;
}

int main(int count, char **word) {
    if (count != 3) return 2;
    threads = (uint32_t)number(word[1]);
    rounds = number(word[2]);
    if (threads < 2 || threads > THREADS_MAX) return 2;
    say_who_serves();
    for (uint32_t i = 0; i < threads; i++) open_handover(&queue[i]);
    pthread_t thread[THREADS_MAX];
    for (uint32_t i = 1; i < threads; i++) start_thread(&thread[i], work, (void *)(uintptr_t)i);
    work(0);
    for (uint32_t i = 1; i < threads; i++) pthread_join(thread[i], 0);
    return 0;
}
