/* The allocator's library opened by a process that runs on another malloc: both live side by side; threads that
 * used it end after it was closed; forks and the end of the process find nothing that is gone. */
#include "prove.h"
#include <dlfcn.h>
#include <pthread.h>
#include <sys/wait.h>

static void *(*its_malloc)(size_t);
static void (*its_free)(void *);
static pthread_barrier_t used, closed;

static void *user(void *argument) {
    uint64_t chance = (uintptr_t)argument;
    void *slots[100] = {0};
    size_t sizes[100] = {0};
    for (int i = 0; i < 20000; i++) {
        size_t slot = prove_next(&chance) % 100;
        if (slots[slot] != NULL) PROVE(prove_marked(slots[slot], sizes[slot], (unsigned char)slot));
        its_free(slots[slot]);
        sizes[slot] = prove_size(&chance, 3u << 20);
        PROVE((slots[slot] = its_malloc(sizes[slot])) != NULL);
        prove_mark(slots[slot], sizes[slot], (unsigned char)slot);
        if (i % 16 == 0) {
            void *ours = malloc(sizes[slot]);
            PROVE(ours != NULL && ours != slots[slot]);
            memset(ours, 1, sizes[slot]);
            PROVE(prove_marked(slots[slot], sizes[slot], (unsigned char)slot));
            free(ours);
        }
    }
    for (int i = 0; i < 100; i++) its_free(slots[i]);
    pthread_barrier_wait(&used);
    /* Between these two the library is closed. */
    pthread_barrier_wait(&closed);
    return NULL;
}

int main(int count, char **words) {
    PROVE(count == 2);
    for (int round = 0; round < 20; round++) {
        void *library = dlopen(words[1], RTLD_NOW | RTLD_LOCAL);
        if (library == NULL) fprintf(stderr, "%s\n", dlerror());
        PROVE(library != NULL);
        its_malloc = (void *(*)(size_t))dlsym(library, "malloc");
        its_free = (void (*)(void *))dlsym(library, "free");
        PROVE(its_malloc != NULL && its_free != NULL && its_malloc != malloc);
        pthread_barrier_init(&used, NULL, 3);
        pthread_barrier_init(&closed, NULL, 3);
        pthread_t threads[2];
        for (size_t i = 0; i < 2; i++) PROVE(pthread_create(&threads[i], NULL, user, (void *)(uintptr_t)(i + 1)) == 0);
        pthread_barrier_wait(&used);
        PROVE(dlclose(library) == 0);
        pthread_barrier_wait(&closed);
        for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
        pid_t pid = fork();
        PROVE(pid >= 0);
        if (pid == 0) {
            void *block = malloc(100000);
            free(block);
            exit(3);
        }
        int status = 0;
        PROVE(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 3);
    }
    printf("ok own_plugin\n");
    return 0;
}
