/* Producer and consumer: one thread allocates, the other frees.

   usage: remote_free SIZE_MIN SIZE_MAX BATCHES

   Models a pipeline of messages. The producer keeps no block and frees none; the consumer reads each
   block, frees it, and allocates nothing. At most a queue of blocks is alive. */
#include "handover.h"

static Handover queue;
static uint64_t batches;

static void *consume(void *unused) {
    (void)unused;
    Batch batch;
    for (uint64_t i = 0; i < batches; i++) {
        receive(&queue, &batch);
        for (int k = 0; k < BATCH; k++) give(batch.block[k]);
    }
    return 0;
}

int main(int count, char **word) {
    if (count != 4) return 2;
    uint32_t least = (uint32_t)number(word[1]);
    uint32_t span = (uint32_t)number(word[2]) - least + 1;
    batches = number(word[3]);
    say_who_serves();
    open_handover(&queue);
    pthread_t consumer;
    start_thread(&consumer, consume, 0);
    Random random = random_from(1);
    Batch batch;
    for (uint64_t i = 0; i < batches; i++) {
        for (int k = 0; k < BATCH; k++) {
            uint64_t drawn = next_random(&random);
            batch.block[k] = take(least + below(drawn, span), drawn);
        }
        hand_over(&queue, &batch);
    }
    flush_handover(&queue);
    pthread_join(consumer, 0);
    return 0;
}
