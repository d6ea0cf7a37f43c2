/* Batches of blocks handed from one thread to another: a bounded queue whose waiters sleep, so that
   waiting costs no processor time and the figure is that of the allocator. */
#ifndef HANDOVER_H
#define HANDOVER_H
#include "shape.h"

enum { BATCH = 256, QUEUE = 32 };

typedef struct {
    char *block[BATCH];
} Batch;

typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t has_batch, has_room;
    uint32_t first, length;
    Batch batch[QUEUE];
} Handover;

static inline void open_handover(Handover *queue) {
    pthread_mutex_init(&queue->lock, 0);
    pthread_cond_init(&queue->has_batch, 0);
    pthread_cond_init(&queue->has_room, 0);
    queue->first = queue->length = 0;
}

static inline void hand_over(Handover *queue, const Batch *batch) {
    pthread_mutex_lock(&queue->lock);
    while (queue->length == QUEUE) pthread_cond_wait(&queue->has_room, &queue->lock);
    queue->batch[(queue->first + queue->length) % QUEUE] = *batch;
    /* Waking for every batch would measure the scheduler: half a queue at a time. */
    if (++queue->length == QUEUE / 2) pthread_cond_signal(&queue->has_batch);
    pthread_mutex_unlock(&queue->lock);
}

/* Wakes a reader for what is left. */
static inline void flush_handover(Handover *queue) {
    pthread_mutex_lock(&queue->lock);
    pthread_cond_signal(&queue->has_batch);
    pthread_mutex_unlock(&queue->lock);
}

/* Takes what is there at once: fewer wake-ups. */
static inline void receive(Handover *queue, Batch *batch) {
    pthread_mutex_lock(&queue->lock);
    while (queue->length == 0) pthread_cond_wait(&queue->has_batch, &queue->lock);
    *batch = queue->batch[queue->first];
    queue->first = (queue->first + 1) % QUEUE;
    if (--queue->length == QUEUE / 2) pthread_cond_signal(&queue->has_room);
    pthread_mutex_unlock(&queue->lock);
}

#endif
