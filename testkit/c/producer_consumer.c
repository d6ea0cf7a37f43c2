/* Blocks made by some threads and freed by others, contents checked at the far end; memory stays bounded. */
#include "prove.h"
#include <pthread.h>

enum { CAPACITY = 1024 };
struct parcel { void *block; size_t size; unsigned char mark; };
struct channel {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct parcel parcels[CAPACITY];
    size_t head, tail;
};
static struct channel channels[2];
static size_t parcels_each = 300000;

static void put(struct channel *to, struct parcel parcel) {
    pthread_mutex_lock(&to->lock);
    while (to->head - to->tail == CAPACITY) pthread_cond_wait(&to->changed, &to->lock);
    to->parcels[to->head++ % CAPACITY] = parcel;
    pthread_cond_broadcast(&to->changed);
    pthread_mutex_unlock(&to->lock);
}

static struct parcel take(struct channel *from) {
    pthread_mutex_lock(&from->lock);
    while (from->head == from->tail) pthread_cond_wait(&from->changed, &from->lock);
    struct parcel parcel = from->parcels[from->tail++ % CAPACITY];
    pthread_cond_broadcast(&from->changed);
    pthread_mutex_unlock(&from->lock);
    return parcel;
}

static void *produce(void *argument) {
    struct channel *to = argument;
    uint64_t chance = (uintptr_t)argument;
    for (size_t i = 0; i < parcels_each; i++) {
        size_t size = prove_size(&chance, i % 1000 == 0 ? 5u << 20 : 40000);
        struct parcel parcel = {malloc(size), size, (unsigned char)i};
        PROVE(parcel.block != NULL);
        prove_mark(parcel.block, size, parcel.mark);
        put(to, parcel);
    }
    put(to, (struct parcel){NULL, 0, 0});
    return NULL;
}

static void *consume(void *argument) {
    struct channel *from = argument;
    uint64_t chance = 77;
    for (size_t i = 0;; i++) {
        struct parcel parcel = take(from);
        if (parcel.block == NULL) return NULL;
        PROVE(prove_marked(parcel.block, parcel.size, parcel.mark));
        if (i % 3 == 0) {
            /* realloc of a block that another thread made */
            size_t size = prove_size(&chance, 40000), kept = size < parcel.size ? size : parcel.size;
            void *moved = realloc(parcel.block, size);
            PROVE(moved != NULL && (parcel.size > 16384 || prove_marked(moved, kept, parcel.mark)));
            free(moved);
        } else {
            free(parcel.block);
        }
    }
}

int main(int count, char **words) {
    if (count > 1) parcels_each = strtoul(words[1], NULL, 10);
    pthread_t threads[4];
    for (int i = 0; i < 2; i++) {
        pthread_mutex_init(&channels[i].lock, NULL);
        pthread_cond_init(&channels[i].changed, NULL);
        PROVE(pthread_create(&threads[i], NULL, produce, &channels[i]) == 0);
        PROVE(pthread_create(&threads[2 + i], NULL, consume, &channels[i]) == 0);
    }
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    PROVE(prove_resident() < 512u << 20);
    return prove_ok("producer_consumer");
}
