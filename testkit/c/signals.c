/* A timer's signals in the middle of everything the allocator does; handlers that only count, as they must. */
#include "prove.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <time.h>

static atomic_ulong ticks;

static void tick(int number) {
    (void)number;
    int saved = errno;
    errno = 77;
    atomic_fetch_add(&ticks, 1);
    errno = saved;
}

static void *churn(void *argument) {
    uint64_t chance = (uintptr_t)argument;
    void *slots[256] = {0};
    size_t sizes[256] = {0};
    for (int i = 0; i < 300000; i++) {
        size_t slot = prove_next(&chance) % 256;
        if (slots[slot] != NULL) PROVE(prove_marked(slots[slot], sizes[slot], (unsigned char)slot));
        errno = 5;
        free(slots[slot]);
        PROVE(errno == 5);
        sizes[slot] = prove_size(&chance, i % 500 == 0 ? 5u << 20 : 30000);
        slots[slot] = malloc(sizes[slot]);
        PROVE(slots[slot] != NULL && errno == 5);
        prove_mark(slots[slot], sizes[slot], (unsigned char)slot);
    }
    for (int i = 0; i < 256; i++) free(slots[i]);
    return NULL;
}

int main(void) {
    /* No SA_RESTART: calls of the kernel end with EINTR, and nobody may notice. */
    struct sigaction action = {.sa_handler = tick};
    PROVE(sigaction(SIGALRM, &action, NULL) == 0 && sigaction(SIGPROF, &action, NULL) == 0);
    struct itimerval often = {{0, 300}, {0, 300}};
    PROVE(setitimer(ITIMER_REAL, &often, NULL) == 0 && setitimer(ITIMER_PROF, &often, NULL) == 0);
    pthread_t threads[3];
    for (size_t i = 0; i < 3; i++) PROVE(pthread_create(&threads[i], NULL, churn, (void *)(uintptr_t)(i + 1)) == 0);
    for (size_t i = 0; i < 3; i++) PROVE(pthread_join(threads[i], NULL) == 0);
    PROVE(atomic_load(&ticks) > 100);
    return prove_ok("signals");
}
