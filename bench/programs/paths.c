/* Every path of an allocator in one short program.

   usage: paths TURNS THREADS BIG

   For comparisons of builds that differ in code on seldom paths too. TURNS turns of churn; THREADS
   threads, one after the other, whose blocks the first thread frees, and which take over what
   earlier threads left; BIG blocks each of some slices, of a mapping of their own, and trims. What it
   does depends on its arguments only. It prints nothing: the path of what serves it may differ. */
#include "shape.h"
#include <malloc.h>

enum { SLOTS = 4000, LEFT = 1000 };

static char *left[LEFT];

static void *work(void *seed) {
    Random random = random_from((uintptr_t)seed);
    for (int i = 0; i < LEFT; i++) {
        uint64_t drawn = next_random(&random);
        left[i] = take(16 + below(drawn, 1008), drawn);
    }
    return 0;
}

static void churn(uint64_t turns) {
    Random random = random_from(1);
    char **slot = calloc(SLOTS, sizeof *slot);
    if (!slot) fail("calloc gave no memory");
    for (uint64_t turn = 0; turn < turns; turn++) {
        uint64_t drawn = next_random(&random);
        uint32_t index = (uint32_t)drawn % SLOTS;
        give(slot[index]);
        /* One in 256 of the largest small class. */
        slot[index] = take(drawn >> 56 ? 16 + below(drawn, 1008) : 32000, drawn);
    }
    for (int i = 0; i < SLOTS; i++) give(slot[i]);
    free(slot);
}

static void threads(uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        pthread_t worker;
        start_thread(&worker, work, (void *)(uintptr_t)i);
        pthread_join(worker, 0);
        for (int at = 0; at < LEFT; at++) give(left[at]);
    }
}

static void big(uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        give(take(300000, 1));
        give(take(8 << 20, 1));
        if (i % 8 == 0) malloc_trim(0);
    }
}

int main(int count, char **word) {
    if (count != 4) return 2;
    churn(number(word[1]));
    threads(number(word[2]));
    big(number(word[3]));
    return 0;
}
