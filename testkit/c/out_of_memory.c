/* Under a limit (ulimit -v, or the allocator's own cap, set by who starts this): NULL and ENOMEM at the end of
 * memory, live blocks intact, and everything works again once some are given back. Arguments are the sizes to
 * fill memory with, one after the other. */
#include "prove.h"
#include <pthread.h>

enum { SLOTS = 400000 };
static void *slots[SLOTS];

static size_t fill(size_t size) {
    size_t got = 0;
    while (got < SLOTS) {
        errno = 0;
        slots[got] = malloc(size);
        if (slots[got] == NULL) {
            PROVE(errno == ENOMEM);
            return got;
        }
        prove_mark(slots[got], size, (unsigned char)got);
        got++;
    }
    PROVE(!"memory never ended: no limit is set");
    return 0;
}

static void empty(size_t got, size_t size) {
    for (size_t i = 0; i < got; i++) {
        PROVE(prove_marked(slots[i], size, (unsigned char)i));
        free(slots[i]);
    }
}

static void *in_thread(void *argument) {
    (void)argument;
    for (size_t size = 16; size < 100000; size *= 3) {
        void *block = malloc(size);
        if (block != NULL) memset(block, 1, size);
        free(block);
    }
    return NULL;
}

int main(int count, char **words) {
    PROVE(count > 1);
    for (int i = 1; i < count; i++) {
        size_t size = strtoul(words[i], NULL, 10), got = fill(size);
        PROVE(got >= 8);
        /* Everything else is refused in the same way, and refuses without harm. */
        errno = 0;
        PROVE(malloc(1u << 30) == NULL && errno == ENOMEM);
        PROVE(calloc(1, 1u << 30) == NULL && errno == ENOMEM);
        PROVE(realloc(slots[0], 1u << 30) == NULL && errno == ENOMEM);
        PROVE(memalign(1u << 16, 1u << 30) == NULL && errno == ENOMEM);
        void *unset = NULL;
        PROVE(posix_memalign(&unset, 64, 1u << 30) == ENOMEM);
        PROVE(prove_marked(slots[0], size, 0));
        pthread_t thread;
        if (pthread_create(&thread, NULL, in_thread, NULL) == 0) pthread_join(thread, NULL);
        empty(got, size);
        malloc_trim(0);
        void *again = malloc(size);
        PROVE(again != NULL);
        free(again);
        /* At least half of what fitted fits again. */
        size_t second = fill(size);
        PROVE(second * 2 >= got);
        empty(second, size);
        malloc_trim(0);
    }
    return prove_ok("out_of_memory");
}
